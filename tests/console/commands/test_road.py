"""The whole road by command line, over HTTP with real tokens; and what a damaged store says."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from core.canonical import JsonObject, encode, exact, parse_object
from core.delta import content
from sync.store.verify import rebuild
from tests.builders import (
    CONDITION,
    NOTE,
    PATIENT,
    phone_change,
    problem_change,
    problem_of,
    proposal,
)
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

pytestmark = in_ci


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def propose(capsys, tmp_path: Path, value: dict) -> str:
    path = tmp_path / "proposal.json"
    path.write_bytes(encode(exact({**value, "confidence": Decimal("0.90")})))
    code, found, err = call(capsys, "propose", str(path))
    assert code == 0, err
    assert set(found[0]) == {"id", "correlation_id", "state", "verdict"}
    assert found[0]["verdict"] == {"outcome": "review", "reasons": []}
    return found[0]["id"]


QUOTES = [
    {"source": "DocumentReference/n1", "quote": "a new mobile number 555 0199", "supports": [0]},
    {"source": "DocumentReference/n1", "quote": "essential hypertension", "supports": [1]},
]


def test_one_approved_one_rejected(scene: Scene, capsys, tmp_path: Path) -> None:
    id_ = propose(capsys, tmp_path, proposal(phone_change(), problem_change(), evidence=QUOTES))
    _, (shown,), _ = call(capsys, "show", id_)
    assert {"id", "state", "hash", "changes", "evidence", "history"} <= set(shown)
    keys = {"index", "op", "type", "target", "paths", "state", "hash"}
    assert all(keys <= set(change) for change in shown["changes"])
    assert [item["grounding"] for item in shown["evidence"]] == ["verified", "verified"]
    assert shown["changes"][0]["paths"] == ["Patient.telecom.value"]

    assert call(capsys, "approve", id_, "--hash", shown["hash"], "--change", "0")[0] == 0
    # The whole's hash does not change when a sibling is decided.
    assert call(capsys, "show", id_)[1][0]["hash"] == shown["hash"]
    assert call(capsys, "reject", id_, "--reason", "not-supported", "--change", "1")[0] == 0
    code, (done,), err = call(capsys, "run", "--once")
    assert (code, done["sent"], done["verified"]) == (0, 1, 1), err

    stored = scene.versions("Patient")
    approved = exact(shown["changes"][0]["resource"])
    assert [item["meta"]["versionId"] for item in stored] == ["1", "2"]
    assert content(stored[-1]) == content(approved)
    assert stored[-1]["meta"]["security"][-1]["code"] == "AIAST"
    assert scene.versions("Condition") == []
    assert len(scene.versions("Provenance")) == 1

    _, (after,), _ = call(capsys, "show", id_)
    assert [change["state"] for change in after["changes"]] == ["verified", "rejected"]
    assert after["changes"][0]["version"] == "2"
    _, trail, _ = call(capsys, "audit", "trail", id_)
    types = [line["type"] for line in trail]
    road = [
        "proposal.submitted", "decision.recorded", "write.intended", "write.receipt",
        "provenance.recorded", "reconciliation.recorded",
    ]  # fmt: skip
    assert [type_ for type_ in types if type_ in road][-5:] == road[1:][-5:]
    code, (report,), _ = call(capsys, "audit", "verify")
    assert code == 0 and report["ok"] and report["events"] > 10 and report["checkpoints"] > 3
    assert report["unanchored"] == 0 and report["problems"] == []


def test_number_texts_arrive_as_they_were_written(scene: Scene, capsys, tmp_path: Path) -> None:
    observation = parse_object(
        b'{"resourceType":"Observation","status":"final","code":{"text":"Body weight"},'
        b'"subject":{"reference":"Patient/example"},'
        b'"valueQuantity":{"value":68.40,"unit":"kg"}}'
    )
    value = proposal({"op": "create", "resource": observation}, evidence=[])
    id_ = propose(capsys, tmp_path, value)
    seen = call(capsys, "show", id_)[1][0]["changes"][0]["hash"]
    assert call(capsys, "approve", id_, "--hash", seen)[0] == 0
    assert call(capsys, "run", "--once")[0] == 0
    stored = scene.versions("Observation")
    assert b'"value":68.40' in encode(stored[0])


@pytest.mark.heavy
def test_the_same_with_hl7s_own_patient_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    folder = os.environ.get("COUNTERSIGN_HL7_EXAMPLES")
    if not folder:
        if os.environ.get("CI"):
            pytest.fail("CI fetches HL7's examples, but COUNTERSIGN_HL7_EXAMPLES is not set")
        pytest.skip("skipped: COUNTERSIGN_HL7_EXAMPLES is not set; CI fetches HL7's examples")
    example = json.loads((Path(folder) / "Patient-example.json").read_text("utf-8"))
    with open_scene(tmp_path, monkeypatch, [example, NOTE]) as scene:
        test_one_approved_one_rejected(scene, capsys, tmp_path)


def test_touched_element_changed_meanwhile_voids_and_shows_both_values(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    id_ = propose(capsys, tmp_path, proposal(phone_change(), evidence=[]))
    seen = call(capsys, "show", id_)[1][0]["hash"]
    assert call(capsys, "approve", id_, "--hash", seen)[0] == 0
    telecom = [PATIENT["telecom"][0], {**PATIENT["telecom"][1], "value": "555 0177"}]
    edit(scene, {**PATIENT, "telecom": telecom})
    assert call(capsys, "run", "--once")[0] == 0
    change = call(capsys, "show", id_)[1][0]["changes"][0]
    assert (change["state"], change["void"]) == ("pending-human-review", "base-moved")
    assert [(item["before"], item["after"]) for item in change["moved"]] == [
        ("555 0111", "555 0177")
    ]
    assert len(scene.versions("Patient")) == 2
    assert call(capsys, "approve", id_, "--hash", seen)[0] == 5


def test_another_element_changed_meanwhile_is_rebased(scene: Scene, capsys, tmp_path: Path) -> None:
    id_ = propose(capsys, tmp_path, proposal(phone_change(), evidence=[]))
    seen = call(capsys, "show", id_)[1][0]["hash"]
    assert call(capsys, "approve", id_, "--hash", seen)[0] == 0
    edit(scene, {**PATIENT, "maritalStatus": {"text": "M"}})
    assert call(capsys, "run", "--once")[0] == 0
    stored = scene.versions("Patient")[-1]
    assert stored["maritalStatus"] == {"text": "M"}
    assert stored["telecom"][1]["value"] == "555 0199"
    types = [line["type"] for line in call(capsys, "audit", "trail", id_)[1]]
    assert "write.rebased" in types


def edit(scene: Scene, resource: dict) -> None:
    found = exact(resource)
    assert isinstance(found, dict)
    scene.sandbox.store.put("Patient", "example", found, "PUT")


def written(scene: Scene, capsys, tmp_path: Path, tag: str) -> str:
    id_ = propose(capsys, tmp_path, proposal(problem_of(tag), evidence=[], correlation_id=tag))
    seen = call(capsys, "show", id_)[1][0]["hash"]
    assert call(capsys, "approve", id_, "--hash", seen)[0] == 0
    assert call(capsys, "run", "--once")[0] == 0
    return id_


def verify(capsys, *more: str) -> JsonObject:
    code, (report,), _ = call(capsys, "audit", "verify", *more)
    assert code == (0 if report["ok"] else 1)
    return report


def test_one_changed_byte_is_named(scene: Scene, capsys, tmp_path: Path) -> None:
    written(scene, capsys, tmp_path, "c-1")
    with scene.opened() as opened:
        (leaf,) = opened.connection.execute("SELECT leaf FROM leaf WHERE seq = 7").fetchone()
        changed = bytes([leaf[0]]) + bytes([leaf[1] ^ 1]) + leaf[2:]
        opened.connection.execute("UPDATE leaf SET leaf = ? WHERE seq = 7", (changed,))
    report = verify(capsys)
    assert not report["ok"] and any("event 7" in problem for problem in report["problems"])


def cut_tail(scene: Scene, count: int) -> None:
    """Cut the newest events as an intruder would who knows the schema and leaves no trace in it."""
    with scene.opened() as opened:
        run = opened.connection.execute
        size = opened.ledger.size - count
        while run("SELECT count(*) FROM checkpoint WHERE size = ?", (size,)).fetchone()[0] == 0:
            size -= 1
        run("DELETE FROM body WHERE seq >= ?", (size,))
        run("DELETE FROM leaf WHERE seq >= ?", (size,))
        run("DELETE FROM checkpoint WHERE size > ?", (size,))
        frontier = frontier_of(opened.ledger.hashes(size))
        last = opened.ledger.entry(size - 1)
        assert last is not None
        hi = last.leaf["clock"]["hi"]
        run("UPDATE tree SET size = ?, frontier = ?, hi = ?", (size, frontier, hi))
        rebuild(opened.connection)


def frontier_of(hashes: list[bytes]) -> bytes:
    from core.ledger import merkle

    found: merkle.Frontier = ()
    for place, hashed in enumerate(hashes):
        found = merkle.append(found, place, hashed)
    return b"".join(found)


def test_cut_tail_is_found_by_the_head_file_and_by_the_register(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    written(scene, capsys, tmp_path, "c-1")
    cut_tail(scene, 4)
    report = verify(capsys, "--offline")
    assert not report["ok"] and "the head file" in report["problems"][0]
    (scene.folder / "head").unlink()
    assert verify(capsys, "--offline")["ok"], "nothing on this machine knows better any more"
    report = verify(capsys)
    assert not report["ok"] and "the EHR's register" in report["problems"][0]
    assert "its tail was cut or an old backup restored" in report["problems"][0]


def test_restored_backup_is_found_and_writes_nothing(scene: Scene, capsys, tmp_path: Path) -> None:
    written(scene, capsys, tmp_path, "c-1")
    backup = tmp_path / "backup"
    shutil.copytree(scene.folder, backup)
    written(scene, capsys, tmp_path, "c-2")
    shutil.rmtree(scene.folder)
    shutil.copytree(backup, scene.folder)
    report = verify(capsys)
    assert not report["ok"] and "old backup restored" in report["problems"][0]
    id_ = propose(capsys, tmp_path, proposal(problem_of("1003"), evidence=[], correlation_id="c-3"))
    seen = call(capsys, "show", id_)[1][0]["hash"]
    assert call(capsys, "approve", id_, "--hash", seen)[0] == 0
    before = len(scene.versions("Condition"))
    code, _, err = call(capsys, "run", "--once")
    assert code == 1 and "backup" in err
    assert len(scene.versions("Condition")) == before


def test_state_that_the_events_do_not_give_is_named(scene: Scene, capsys, tmp_path: Path) -> None:
    written(scene, capsys, tmp_path, "c-1")
    with scene.opened() as opened:
        opened.connection.execute("UPDATE change SET state = 'rejected'")
    report = verify(capsys)
    assert not report["ok"] and "change" in report["problems"][0]


def test_the_builders_condition_is_what_was_written(scene: Scene, capsys, tmp_path: Path) -> None:
    written(scene, capsys, tmp_path, "c-1")
    stored = scene.versions("Condition")[0]
    wanted = {**CONDITION, "code": problem_of("c-1")["resource"]["code"]}
    assert {key: stored[key] for key in wanted} == exact(wanted)
