"""`propose`, and what `queue`, `show`, `approve`, `reject` and `defer` make of it, over HTTP."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from console.bootstrap.system import SystemIds
from console.commands import output
from core.adoption import Adopter, adopt_in
from sync.workspace.documents import ROLES, SAMPLE_AGENTS, roster_text
from tests.builders import NOTE, PATIENT, phone_change, problem_change, proposal
from tests.scene import Scene, call, open_scene

SOMEBODY = {"resourceType": "Patient", "id": "other", "name": [{"family": "Somebody"}]}
EVIL = "\x1b[31mred\x1b]0;title\x07 \u202eabc\u202c \u2066x\u2069 \u200b \x9b2J [@click=app.quit]x"
EVIL_NOTE = f"Seen today. Patient reports a new mobile number 555 0199 {EVIL} and more."
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch, [PATIENT, NOTE, SOMEBODY]) as found:
        yield found


def lines(*values: dict[str, Any] | str) -> bytes:
    return "\n".join(
        value if isinstance(value, str) else json.dumps(value) for value in values
    ).encode()


def given(
    capsys: Capture, tmp_path: Path, data: bytes, *arguments: str
) -> tuple[int, list[dict[str, Any]], str]:
    path = tmp_path / "given.json"
    path.write_bytes(data)
    return call(capsys, "propose", str(path), *arguments)


def size(scene: Scene) -> int:
    with scene.opened() as opened:
        return opened.ledger.size


def phone(tag: str, **overrides: Any) -> dict[str, Any]:
    return proposal(phone_change(), correlation_id=tag, evidence=[], **overrides)


def staged(capsys: Capture, tmp_path: Path, *changes: dict[str, Any]) -> dict[str, Any]:
    """Stage a proposal and return what `show --json` prints."""
    code, (found,), err = given(capsys, tmp_path, lines(proposal(*changes, evidence=[])))
    assert code == 0, err
    _, (shown,), _ = call(capsys, "show", found["id"])
    return dict(shown)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("place", ["file", "stdin"])
def test_one_proposal(
    scene: Scene, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    place: str, indent: int | None,
) -> None:  # fmt: skip
    data = json.dumps(proposal(), indent=indent).encode()
    if place == "stdin":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code, found, err = call(capsys, "propose", "-")
    else:
        code, found, err = given(capsys, tmp_path, data)
    assert (code, err) == (0, "")
    assert [list(item) for item in found] == [["id", "correlation_id", "state", "verdict"]]
    assert found[0]["correlation_id"] == "c-1"
    assert found[0]["state"] == "pending-human-review"
    assert found[0]["verdict"] == {"outcome": "review", "reasons": []}


@pytest.mark.parametrize("place", ["file", "stdin"])
def test_one_bad_line_among_good_ones(
    scene: Scene, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    data = lines(phone("a"), '{"ehr": NaN}', "", phone("b"))
    if place == "stdin":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code, found, err = call(capsys, "propose", "-")
    else:
        code, found, err = given(capsys, tmp_path, data)
    assert code == 2
    assert [item["correlation_id"] for item in found] == ["a", "b"]
    (line,) = err.splitlines()
    assert "line 2: proposal: NaN" in line
    _, queued, _ = call(capsys, "queue")
    assert {item["id"] for item in queued} == {item["id"] for item in found}


def test_the_same_again_is_answered_with_its_id(
    scene: Scene, capsys: Capture, tmp_path: Path
) -> None:
    _, first, _ = given(capsys, tmp_path, lines(phone("a")))
    before = size(scene)
    other_order = dict(reversed(phone("a").items()))
    code, again, _ = given(capsys, tmp_path, lines(other_order))
    assert (code, again) == (0, first)
    assert size(scene) == before


BAD: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 2),
    "not JSON": (b"hello", 2),
    "unknown key": (lines(phone("a", zeal=1)), 2),
    "base that never existed": (
        lines(proposal(phone_change(base_version="9"), evidence=[])), 2,
    ),
    "patch that does not apply": (
        lines(proposal(phone_change(patch=[{"op": "remove", "path": "/photo"}]), evidence=[])), 2,
    ),
    "another patient": (lines(proposal(phone_change(target="Patient/other"), evidence=[])), 2),
    "another patient inside": (
        lines(
            proposal(
                phone_change(
                    patch=[{"op": "add", "path": "/link", "value": [
                        {"type": "seealso", "other": {"reference": "Patient/other"}}]}]
                ),
                evidence=[],
            )
        ),
        2,
    ),
    "10 MB": (lines(phone("a", rationale="x" * 10_000_000)), 2),
    "stranger": (lines(phone("a", agent={"id": "nobody", "model": "m", "prompt": "p"})), 3),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_one_clear_line_and_nothing_stored(
    scene: Scene, capsys: Capture, tmp_path: Path, name: str
) -> None:
    data, expected = BAD[name]
    before = size(scene)
    code, found, err = given(capsys, tmp_path, data)
    assert (code, found) == (expected, [])
    (line,) = err.splitlines()
    assert line.startswith("countersign: ") and len(line) < 400
    assert size(scene) == before


def test_a_denial_is_stored_and_says_why(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    change = phone_change(patch=[{"op": "replace", "path": "/gender", "value": "male"}])
    code, (found,), _ = given(capsys, tmp_path, lines(proposal(change, evidence=[])))
    assert code == 3
    assert found["state"] == "denied" and found["verdict"]["outcome"] == "denied"
    assert {reason["code"] for reason in found["verdict"]["reasons"]} == {
        "no-rule", "path-not-covered",
    }  # fmt: skip
    assert all(set(reason) == {"index", "code", "text"} for reason in found["verdict"]["reasons"])
    assert call(capsys, "show", found["id"])[1][0]["state"] == "denied"


def test_bad_input_counts_before_a_denial(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    denied = proposal(problem_change(), agent={"id": "front-desk-1", "model": "m", "prompt": "p"},
                      evidence=[])  # fmt: skip
    assert given(capsys, tmp_path, lines(denied, phone("a")))[0] == 3
    assert given(capsys, tmp_path, lines(denied, "{", phone("b")))[0] == 2


def test_another_body_is_a_conflict(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    assert given(capsys, tmp_path, lines(phone("a")))[0] == 0
    code, found, err = given(capsys, tmp_path, lines(phone("a", rationale="Another.")))
    assert (code, found) == (5, []) and "correlation_id" in err


def test_what_is_not_there(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    assert call(capsys, "propose", str(tmp_path / "none.json"))[0] == 4
    assert call(capsys, "propose", str(tmp_path))[0] == 2
    assert call(capsys, "show", "00000000")[0] == 4
    assert call(capsys, "show", "x")[0] == 2
    assert call(capsys, "propose")[0] == 2


def test_an_ehr_that_does_not_answer(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_scene(tmp_path, monkeypatch) as scene:
        before = size(scene)
    code, found, err = given(capsys, tmp_path, lines(phone("a")))
    assert (code, found) == (6, []) and err.startswith("countersign: ")
    assert size(scene) == before


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Iterator[str]:
    """A proposal on a chart that both try every trick on the terminal."""
    attachment = {
        "contentType": "text/plain",
        "data": base64.b64encode(EVIL_NOTE.encode()).decode(),
    }
    chart = [
        {**PATIENT, "name": [{"family": EVIL, "given": [EVIL]}]},
        {**NOTE, "content": [{"attachment": attachment}]},
    ]
    display = {"system": "urn:x", "code": "1", "display": "\u202e [@click=app.quit] words"}
    problem = problem_change()
    problem["resource"] = {**problem["resource"], "code": {"coding": [display]}}
    value = proposal(
        phone_change(
            patch=[{"op": "add", "path": "/telecom/1/value", "value": "5\u202e5[@click=x]"}]
        ),
        problem,
        rationale=EVIL,
        evidence=[{"source": "DocumentReference/n1", "supports": [0, 1],
                   "quote": "a new mobile number 555 0199"},
                  {"source": "DocumentReference/n1", "supports": [1], "quote": EVIL}],
    )  # fmt: skip
    with open_scene(tmp_path, monkeypatch, chart):
        _, found, err = given(capsys, tmp_path, lines(value))
        assert found, err
        yield str(found[0]["id"])


def printed(capsys: Capture, *arguments: str) -> str:
    assert main([*arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_foreign_text_is_printed_inert(evil: str, capsys: Capture) -> None:
    shown, queued = printed(capsys, "show", evil), printed(capsys, "queue", "--all")
    for text in (shown, queued):
        assert RAW.search(text) is None
        assert r"\u{1b}[31mred" in text
    assert "[@click=app.quit]" in shown
    assert r"\u{202e}" in shown


def test_control_without_the_guard_it_is_raw(
    evil: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "inert", lambda text: text)
    assert RAW.search(printed(capsys, "show", evil))
    assert RAW.search(printed(capsys, "queue", "--all"))


def test_an_error_is_printed_inert(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    code, _, err = given(capsys, tmp_path, lines(phone("a", **{"\x1b[31m\u202e": 1})))
    assert code == 2 and RAW.search(err.replace("\n", "")) is None
    assert main(["show", "\x1b[31m\u202e"]) == 2
    assert RAW.search(capsys.readouterr().err.replace("\n", "")) is None
    assert main(["defer", "abcd", "--until", "\x1b[31m", "\u202e"]) == 2
    assert RAW.search(capsys.readouterr().err.replace("\n", "")) is None


def test_approve_needs_the_hash_that_was_shown(
    scene: Scene, capsys: Capture, tmp_path: Path
) -> None:
    shown = staged(capsys, tmp_path, phone_change())
    before = size(scene)
    for wrong in ("0" * 64, "", shown["hash"].upper(), shown["hash"][:-1]):
        assert call(capsys, "approve", shown["id"], "--hash", wrong)[0] == 5
    assert call(capsys, "approve", shown["id"])[0] == 2
    assert size(scene) == before
    code, (done,), _ = call(capsys, "approve", shown["id"], "--hash", shown["hash"])
    assert code == 0 and done["state"] == "ready-for-write"
    assert call(capsys, "approve", shown["id"], "--hash", shown["hash"])[0] == 5


def test_the_hash_of_a_sibling_does_not_do(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    shown = staged(capsys, tmp_path, phone_change(), problem_change())
    first, second = (change["hash"] for change in shown["changes"])
    assert call(capsys, "approve", shown["id"], "--hash", second, "--change", "0")[0] == 5
    assert call(capsys, "approve", shown["id"], "--hash", first, "--change", "0")[0] == 0
    assert call(capsys, "approve", shown["id"], "--hash", second, "--change", "1")[0] == 0


ANSWERS: list[Sequence[str]] = [
    ("approve", "--hash", "HASH"),
    ("reject", "--reason", "duplicate"),
    ("defer", "--until", "2999-01-01T00:00:00Z"),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_several_changes_are_decided_one_by_one(
    scene: Scene, capsys: Capture, tmp_path: Path, answer: Sequence[str]
) -> None:
    shown = staged(capsys, tmp_path, phone_change(), problem_change())
    verb, *rest = (shown["hash"] if word == "HASH" else word for word in answer)
    before = size(scene)
    assert call(capsys, verb, shown["id"], *rest)[0] == 2
    assert call(capsys, verb, shown["id"], *rest, "--change", "2")[0] == 4
    assert call(capsys, verb, shown["id"], *rest, "--change", "-1")[0] == 4
    assert call(capsys, verb, shown["id"], *rest, "--change", "x")[0] == 2
    assert call(capsys, verb, "00000000", *rest)[0] == 4
    assert size(scene) == before
    code, done, _ = call(capsys, verb, shown["id"], *rest, "--change", "1", "--change", "0")
    assert code == 0 and [item["index"] for item in done] == [0, 1]


def test_rejecting(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    shown = staged(capsys, tmp_path, phone_change())
    note = tmp_path / "note.txt"
    note.write_text("Wrong number.")
    assert call(capsys, "reject", shown["id"])[0] == 2
    assert call(capsys, "reject", shown["id"], "--reason", "because")[0] == 2
    assert call(capsys, "reject", shown["id"], "--reason", "other")[0] == 2
    assert call(capsys, "reject", shown["id"], "--reason", "other", "--note-file", "none")[0] == 2
    code, (done,), _ = call(
        capsys, "reject", shown["id"], "--reason", "other", "--note-file", str(note)
    )
    assert code == 0 and done["state"] == "rejected"
    assert call(capsys, "reject", shown["id"], "--reason", "duplicate")[0] == 5
    assert call(capsys, "show", shown["id"])[1][0]["state"] == "rejected"


@pytest.mark.parametrize("until", ["soon", "2020-01-01T00:00:00Z", "2020-01-01"])
def test_deferring_to_no_later_time(
    scene: Scene, capsys: Capture, tmp_path: Path, until: str
) -> None:
    shown = staged(capsys, tmp_path, phone_change())
    assert call(capsys, "defer", shown["id"], "--until", until)[0] == 2
    code, (done,), _ = call(capsys, "defer", shown["id"], "--until", "2999-01-01T00:00:00Z")
    assert code == 0 and done["state"] == "deferred"


@pytest.mark.parametrize("answer", ANSWERS)
def test_who_lacks_the_role_is_refused(
    scene: Scene, capsys: Capture, tmp_path: Path, answer: Sequence[str]
) -> None:
    shown = staged(capsys, tmp_path, problem_change())
    verb, *rest = (shown["hash"] if word == "HASH" else word for word in answer)
    with scene.opened() as opened:
        text = roster_text("dr-lee", opened.keys, SAMPLE_AGENTS)
        for role in ("physician", "nurse"):
            assert role in ROLES
            text = text.replace(f'    "{role}",\n', "")
        adopter = Adopter("solo", "dr-lee", opened.keys.signer("reviewer"), SystemIds())
        with opened.ledger.transaction() as transaction:
            adopt_in(transaction, adopter, "roster", text)
    before = size(scene)
    code, _, err = call(capsys, verb, shown["id"], *rest)
    assert code == 3 and "nurse or physician" in err
    assert size(scene) == before


def test_show_prints_what_scripts_rely_on(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    _, (found,), _ = given(capsys, tmp_path, lines(proposal()))
    _, (shown,), _ = call(capsys, "show", found["id"][:8])
    assert {"id", "state", "hash", "changes", "evidence", "history"} <= set(shown)
    keys = {"index", "op", "type", "target", "paths", "state", "hash"}
    assert all(keys <= set(change) for change in shown["changes"])
    assert {"source", "quote", "grounding"} <= set(shown["evidence"][0])
    assert shown["evidence"][0]["grounding"] == "verified"
    assert shown["evidence"][0]["supports"] == [0]
    assert [change["target"] for change in shown["changes"]] == ["Patient/example", None]
