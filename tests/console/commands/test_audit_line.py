"""`audit` at the command line: the same as on screen, as lines and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from core.incident.freeze import declare
from sync.store.connection import DatabaseError
from tests.builders import proposal
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

pytestmark = in_ci


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def propose(capsys: Any, tmp_path: Path, **overrides: Any) -> str:
    path = tmp_path / "proposal.json"
    path.write_text(json.dumps(proposal(**overrides)))
    code, found, err = call(capsys, "propose", str(path))
    assert code == 0, err
    return str(found[0]["id"])


@pytest.fixture
def told(scene: Scene, capsys: Any, tmp_path: Path) -> str:
    """A proposal with one change rejected with a note; returns its id."""
    id_ = propose(capsys, tmp_path)
    note = tmp_path / "note.txt"
    note.write_text("not hers")
    line = ("reject", id_, "--reason", "not-supported", "--note-file", str(note), "--change", "1")
    assert call(capsys, *line)[0] == 0
    return id_


def lines(capsys: Any, *arguments: str) -> list[str]:
    capsys.readouterr()
    assert main(["audit", *arguments]) == 0
    return str(capsys.readouterr().out).splitlines()


def test_trail_of_a_proposal_by_id_and_beginning(told: str, capsys: Any) -> None:
    code, found, _ = call(capsys, "audit", "trail", told)
    assert code == 0 and [line["seq"] for line in found] == sorted(line["seq"] for line in found)
    assert found[0]["type"] == "proposal.submitted" and found[-1]["type"] == "decision.recorded"
    assert {line["proposal"] for line in found} == {told}
    assert call(capsys, "audit", "trail", told[:13])[1] == found
    assert call(capsys, "audit", "trail", f"proposal:{told}")[1] == found
    shown = lines(capsys, "trail", told)
    assert len(shown) == len(found)
    last = found[-1]
    begin = (
        f"{last['seq']:>5}  {last['at']}  decision.recorded change 1  reviewer dr-lee  reject by"
    )
    assert shown[-1].startswith(begin)


def test_trail_of_a_person_an_agent_and_an_operation(scene: Scene, told: str, capsys: Any) -> None:
    _, by, _ = call(capsys, "audit", "trail", "dr-lee")
    assert {line["actor"].split()[1] for line in by} == {"dr-lee"}
    assert "decision.recorded" in {line["type"] for line in by}
    _, agent, _ = call(capsys, "audit", "trail", "agent:scribe-1")
    assert {line["type"] for line in agent} >= {"proposal.submitted", "decision.recorded"}
    operation = next(line["operation"] for line in agent if "operation" in line)
    _, found, _ = call(capsys, "audit", "trail", operation)
    assert found and {line["operation"] for line in found} == {operation}
    shown = lines(capsys, "trail", "scribe-1")
    assert f" {told[:8]} change 1 " in shown[-1]


def test_the_whole_ledger_page_by_page(told: str, capsys: Any) -> None:
    _, every, err = call(capsys, "audit", "trail")
    assert err == "" and [line["seq"] for line in every] == list(range(len(every)))
    code, newest, err = call(capsys, "audit", "trail", "--limit", "3")
    assert code == 0 and newest == every[-3:]
    assert err == f"countersign: there are earlier ones: --before {newest[0]['seq']}\n"
    before = str(newest[0]["seq"])
    assert call(capsys, "audit", "trail", "--limit", "3", "--before", before)[1] == every[-6:-3]
    assert call(capsys, "audit", "trail", "--before", "2")[1] == every[:2]
    assert call(capsys, "audit", "trail", told, "--limit", "1")[1] == every[-1:]


def test_a_filter_is_that_of_the_screen(told: str, capsys: Any) -> None:
    _, found, _ = call(capsys, "audit", "trail", "--filter", "type:decision patient:ada")
    assert [line["type"] for line in found] == ["decision.recorded"]
    assert call(capsys, "audit", "trail", "--filter", "until:2001-01-01")[:2] == (0, [])
    code, _, err = call(capsys, "audit", "trail", "--filter", "colour:red")
    assert code == 2 and "filter: colour" in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("trail", "nobody"), 4),
        (("trail", "agent:nobody"), 4),
        (("trail", "feedfeed"), 4),
        (("trail", "a b"), 2),
        (("trail", "--limit", "0"), 2),
        (("event", "4000"), 4),
        (("event", "-1"), 4),
        (("event", "x"), 2),
        ((), 2),
    ],
)
def test_exit_codes(scene: Scene, capsys: Any, arguments: tuple[str, ...], code: int) -> None:
    assert call(capsys, "audit", *arguments)[0] == code


def test_one_event_with_its_signatures(told: str, capsys: Any) -> None:
    seq = call(capsys, "audit", "trail", told)[1][-1]["seq"]
    code, (found,), _ = call(capsys, "audit", "event", str(seq))
    assert code == 0 and found["seq"] == seq and found["hash_holds"] and not found["erased"]
    assert found["leaf"]["type"] == "decision.recorded" and found["body"]["note"] == "not hers"
    kinds = {one["kind"]: one for one in found["statements"]}
    assert set(kinds) == {"decision", "note"}
    assert all(one["valid"] and one["owner"] == "dr-lee" for one in kinds.values())
    shown = "\n".join(lines(capsys, "event", str(seq)))
    for words in ("signed decision: valid, key ", "of dr-lee", "leaf {", "not hers", "hash "):
        assert words in shown
    assert lines(capsys, "event", "0")[-1] == "body none"


def test_verify_names_what_was_compared(scene: Scene, told: str, capsys: Any) -> None:
    code, (found,), _ = call(capsys, "audit", "verify")
    assert code == 0 and found["ok"] and found["heads"] == ["the head file"]
    assert found["unanchored"] == found["events"] and found["anchor"] == "no head on the EHR"
    assert call(capsys, "run", "--once")[0] == 0
    code, (found,), _ = call(capsys, "audit", "verify")
    assert found["heads"] == ["the head file", "the EHR's register"] and found["unanchored"] == 0
    code, (found,), _ = call(capsys, "audit", "verify", "--offline")
    assert code == 0 and found["anchor"].startswith("not compared")
    assert "matches the head file" in "\n".join(lines(capsys, "verify", "--offline"))


def test_the_screens_verification_is_the_commands(scene: Scene, told: str) -> None:
    from console.bootstrap import Opened
    from console.bootstrap.system import SystemClock, SystemIds

    with scene.opened() as folder:
        opened = Opened(folder, SystemClock(), SystemIds())
        steps: list[str] = []
        found = opened.verified(lambda what, _done, _of: steps.append(what))
        assert found.report.ok and steps == ["head", "events", "replay"]
        with opened.reading() as reads:
            assert reads.connection is not folder.connection
            assert reads.size == opened.ledger.size == found.report.events
        with pytest.raises(DatabaseError, match="closed"):
            reads.head()


def test_a_freeze_has_a_trail(scene: Scene, told: str, capsys: Any) -> None:
    from console.bootstrap import Opened
    from console.bootstrap.system import SystemClock, SystemIds

    with scene.opened() as folder:
        workspace = Opened(folder, SystemClock(), SystemIds()).offline()
        freeze = declare(workspace, {"agent": "scribe-1"}, "drill")
    _, found, _ = call(capsys, "audit", "trail", freeze)
    assert [line["type"] for line in found] == ["freeze.set"]
    assert found[0]["text"] == "freeze of agent scribe-1"
