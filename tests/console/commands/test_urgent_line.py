"""By command line: what is not in the chart, entering by hand, incidents and broken glass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from sync.profiles import load_profile
from tests.builders import phone_change, proposal
from tests.console.commands.test_road import QUOTES, propose
from tests.scene import Scene, call, open_scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def stat(capsys, tmp_path: Path) -> str:
    return propose(capsys, tmp_path, proposal(phone_change(), evidence=QUOTES[:1], urgency="stat"))


def test_by_hand(scene: Scene, capsys, tmp_path: Path) -> None:
    id_ = stat(capsys, tmp_path)
    (row,) = call(capsys, "downtime", "list")[1]
    assert (row["id"], row["by_hand"], row["late"]) == (id_, True, False)
    assert call(capsys, "downtime")[1] == [row]
    code, (sheet,), _ = call(capsys, "downtime", "show", id_, "--change", "0")
    assert code == 0 and sheet["values"] == [
        {"path": "Patient.telecom[1].value", "effect": "changed", "before": "555 0111",
         "after": "555 0199"},
    ]  # fmt: skip
    entered = ("downtime", "entered", id_, "--change", "0", "--hash")
    assert call(capsys, *entered, "0" * 64)[0] == 5
    assert call(capsys, *entered, sheet["hash"])[1][0]["state"] == "manual-entry"
    assert call(capsys, *entered, sheet["hash"])[0] == 5
    assert call(capsys, "downtime", "show", id_, "--change", "7")[0] == 4
    assert call(capsys, "approve", id_, "--hash", sheet["hash"])[0] == 5
    assert call(capsys, "run", "--once")[1][0]["sent"] == 0
    assert len(scene.versions("Patient")) == 1


def test_incidents(scene: Scene, capsys, tmp_path: Path) -> None:
    id_ = stat(capsys, tmp_path)
    words = tmp_path / "words.txt"
    words.write_text("what happened")
    declare = ("incident", "declare", "--category")
    why = ("--reason-file", str(words))
    code, (first,), _ = call(
        capsys, *declare, "consent-mismatch", "--proposal", id_, "--change", "0", *why
    )
    assert code == 0 and first["new"]
    call(capsys, "incident", "freeze", "--agent", "scribe-1", "--reason", "drill")
    listed = call(capsys, "incident", "list")[1]
    assert [(one["kind"], one.get("category")) for one in listed] == [
        ("incident", "consent-mismatch"),
        ("freeze", None),
    ]
    assert call(capsys, *declare, "fire", *why)[0] == 2
    assert call(capsys, *declare, "data-corruption", "--reason-file", "absent")[0] == 2
    assert call(capsys, "incident", "close", first["id"], *why)[0] == 0
    assert call(capsys, "incident", "close", first["id"], *why)[0] == 4


def test_glass_needs_a_reason_and_a_grant(scene: Scene, capsys, tmp_path: Path) -> None:
    id_ = stat(capsys, tmp_path)
    shown = call(capsys, "show", id_)[1][0]
    approve = ("approve", id_, "--hash", shown["hash"], "--break-glass")
    assert call(capsys, *approve)[0] == 2
    words = tmp_path / "words.txt"
    words.write_text("nobody else is here")
    assert call(capsys, *approve, "--reason-file", str(words))[0] == 3
    assert call(capsys, *approve[:-1], "--reason-file", str(words))[0] == 2
    assert call(capsys, "show", id_)[1][0]["state"] == "pending-human-review"


def test_what_the_ehr_has_no_api_write_for_is_typed_and_says_which_axis_refuses(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    file = tmp_path / "profile.toml"
    file.write_text(load_profile("oracle-health"))
    assert call(capsys, "profile", "adopt", "sandbox", str(file))[0] == 0
    asked = tmp_path / "proposal.json"
    asked.write_text(json.dumps(proposal(phone_change(), evidence=QUOTES[:1])))
    code, [staged], _ = call(capsys, "propose", str(asked))
    assert (code, staged["verdict"]["outcome"]) == (0, "review")
    codes = [one["code"] for one in staged["verdict"]["reasons"]]
    assert codes == ["not-correctable", "no-api-write"]
    id_ = staged["id"]
    [shown] = call(capsys, "show", id_)[1]
    assert call(capsys, "approve", id_, "--hash", shown["hash"])[0] == 0
    [shown] = call(capsys, "show", id_)[1]
    assert "entered by hand" in shown["changes"][0]["waits_for"]
    assert call(capsys, "run", "--once")[0] == 0
    assert [one["id"] for one in call(capsys, "downtime", "list")[1]] == [id_]
    [sheet] = call(capsys, "downtime", "show", id_, "--change", "0")[1]
    told = sheet["no_api_write"]
    assert (told["axis"], told["says"], told["captured_on"]) == ("documented", "no", "2026-08-14")
    assert main(["downtime", "show", id_, "--change", "0"]) == 0
    assert "NO API    documented: " in capsys.readouterr().out
    entered = ("downtime", "entered", id_, "--change", "0", "--hash", sheet["hash"])
    assert call(capsys, *entered)[1][0]["state"] == "manual-entry"
    assert len(scene.versions("Patient")) == 1
