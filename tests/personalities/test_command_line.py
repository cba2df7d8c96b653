"""The real command line, with tokens, traffic slots and a socket, against two products."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.bootstrap.making import address_doubt
from sync.sandbox.personality import play
from sync.sandbox.sandbox import utc_now
from tests.builders import proposal
from tests.personalities.deeds import CHART, DEEDS
from tests.personalities.place import policy
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

Capture = pytest.CaptureFixture[str]
Made = Callable[[str], Scene]


def settle_in(scene: Scene, name: str, capsys: Capture) -> None:
    """Adopt a policy and a roster that let the sample agents work at this EHR."""
    (scene.folder / "policy.toml").write_text(policy(name), "utf-8")
    roster = scene.folder / "roster.toml"
    text = roster.read_text("utf-8")
    assert text.count("\nagents = []") == 1
    roster.write_text(text.replace("\nagents = []", '\nagents = ["front-desk-1", "scribe-1"]'))
    for kind in ("policy", "roster"):
        code, _, err = call(capsys, kind, "adopt", str(scene.folder / f"{kind}.toml"))
        assert code == 0, err


def propose(tmp_path: Path, name: str, deed: str, capsys: Capture) -> tuple[int, list[Any], str]:
    asked = proposal(DEEDS[deed], ehr=name, evidence=[])
    file = tmp_path / "asked.json"
    file.write_text(json.dumps(asked))
    return call(capsys, "propose", str(file))


def approved(id_: str, capsys: Capture) -> None:
    _, (shown,), _ = call(capsys, "show", id_)
    code, _, err = call(capsys, "approve", id_, "--hash", shown["hash"])
    assert code == 0, err


@in_ci
@pytest.mark.parametrize(
    ("name", "deed"),
    [
        ("oracle-health", "problem resolved (Condition update)"),
        ("oracle-health", "weight (Observation create)"),
        ("epic", "note (DocumentReference create)"),
        ("eclinicalworks", "questionnaire (QuestionnaireResponse create)"),
    ],
)
def test_a_change_goes_the_whole_way(
    name: str, deed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    manner = play(name, utc_now)
    with open_scene(tmp_path, monkeypatch, CHART, profile=name, manner=manner) as scene:
        settle_in(scene, name, capsys)
        code, out, err = propose(tmp_path, name, deed, capsys)
        assert out, err
        (staged,) = out
        assert code == 0, (staged, err)
        approved(staged["id"], capsys)
        code, out, err = call(capsys, "run", "--once")
        _, (shown,), _ = call(capsys, "show", staged["id"])
        assert shown["state"] == "verified", (code, out, err)
        assert code == 0, err
        # None of these knows a Library: nothing of the ledger is anchored there, and it says so.
        code, (audited,), err = call(capsys, "audit", "verify")
        assert (code, audited["ok"]) == (0, True), (audited, err)
        assert audited["unanchored"] > 0


def test_what_an_ehr_does_not_take_is_never_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    manner = play("advancedmd", utc_now)
    with open_scene(tmp_path, monkeypatch, CHART, profile="advancedmd", manner=manner) as scene:
        settle_in(scene, "advancedmd", capsys)
        _, (staged,), _ = propose(tmp_path, "advancedmd", "problem (Condition create)", capsys)
        assert "no-api-write" in {one["code"] for one in staged["verdict"]["reasons"]}
        approved(staged["id"], capsys)
        _, _, err = call(capsys, "run", "--once")
        assert "1 to be entered by hand" in err
        _, (shown,), _ = call(capsys, "show", staged["id"])
        assert shown["state"] == "ready-for-write"
        assert shown["changes"][0]["waits_for"].startswith("to be entered by hand")
        assert len(scene.versions("Condition")) == 1


def test_doctor_says_how_one_gets_in_and_which_creates_nothing_fences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    manner = play("epic", utc_now)
    with open_scene(tmp_path, monkeypatch, CHART, profile="epic", manner=manner) as scene:
        code, (found,), _ = call(capsys, "doctor")
        (ehr,) = found["ehrs"]
        assert code == 0 and ehr["writes"] == [], "the starter policy allows nothing"
        settle_in(scene, "epic", capsys)
        code, (found,), _ = call(capsys, "doctor")
        (ehr,) = found["ehrs"]
        rungs = {(one["type"], one["op"]): one["rung"] for one in ehr["writes"]}
        assert rungs["Condition", "create"] == "search-around" and code == 0, found
        assert rungs["Condition", "update"] == "by-hand"
        access = {one["fact"]: one for one in ehr["access"]}
        assert access["auth_methods"]["fits"] is True
        assert access["jwks_hosting"]["source"] == "fhir.epic.com/Documentation?docId=oauth2"
        assert ehr["provenance_unconfirmed_since"] is None
        # What was granted is kept, and shown where the server is not asked.
        _, (shown,), _ = call(capsys, "profile", "show", "epic")
        (create,) = [
            one for one in shown["writes"] if (one["type"], one["op"]) == ("Condition", "create")
        ]
        (scope,) = [one for one in create["axes"] if one["axis"] == "scope"]
        assert (scope["says"], scope["grade"]) == ("yes", "measured")


def test_an_address_that_is_not_the_vendor_s_is_said_to_be_another() -> None:
    said = address_doubt("https://fhir.example.org/r4", "athenahealth")
    assert said is not None and "https://api.platform.athenahealth.com/fhir/r4" in said
    assert address_doubt("https://api.platform.athenahealth.com/fhir/r4/", "athenahealth") is None
    assert address_doubt("http://127.0.0.1:8080/fhir", "athenahealth") is None
    assert address_doubt("https://fhir.example.org/r4", "epic") is None, "nobody knows where it is"
