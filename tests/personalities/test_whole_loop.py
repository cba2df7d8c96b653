"""Against each product by the command line: written, drifted, found, and put right again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import stamps
from core.canonical import JsonObject, parse_object
from core.review.content import read_content
from sync.sandbox.personality import play
from sync.sandbox.personality.choose import PRODUCTS
from sync.sandbox.sandbox import utc_now
from tests.personalities.deeds import CHART
from tests.personalities.test_command_line import Capture, approved, propose, settle_in
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

PROBLEM = "problem (Condition create)"
OTHER = {"coding": [{"system": "http://snomed.info/sct", "code": "73211009"}]}
BY_API = {"epic": {"create"}, "oracle-health": {"create", "update"}}
"""Which of the two changes each product takes by its API; people type the others."""


def problem_in(scene: Scene) -> JsonObject:
    """Return the newest version of the problem that was written."""
    with scene.sandbox.store._lock:
        (found,) = scene.sandbox.store._connection.execute(
            "SELECT v.body FROM current c JOIN version v ON v.type = c.type AND v.id = c.id"
            " AND v.version = c.version WHERE c.type = 'Condition' AND c.id != 'held'"
        ).fetchall()
    return parse_object(found[0])


def typed(scene: Scene, id_: str, capsys: Capture) -> None:
    """Do what the sheet says in the EHR's own screens, and say so."""
    code, (sheet,), err = call(capsys, "downtime", "show", id_, "--change", "0")
    assert code == 0, err
    assert sheet["no_api_write"], "people read why they have to"
    with scene.opened() as opened:
        row = opened.ledger.change(id_, 0)
        assert row is not None
        content = read_content(opened.ledger, row)
    bare = stamps.bare(content.resource, content.base, row.operation)
    known = "typed-in" if content.base is None else str(content.resource["id"])
    scene.sandbox.store.put(row.type, known, bare, "PUT")
    code, _, err = call(
        capsys, "downtime", "entered", id_, "--change", "0", "--hash", sheet["hash"]
    )
    assert code == 0, err


def ended(scene: Scene, id_: str, capsys: Capture, *, by_api: bool) -> dict[str, Any]:
    """Approve a change and carry it into the chart; return how it stands."""
    approved(id_, capsys)
    code, _, err = call(capsys, "run", "--once")
    assert code == 0, err
    if not by_api:
        typed(scene, id_, capsys)
        code, _, err = call(capsys, "run", "--once")
        assert code == 0, err
    _, (shown,), _ = call(capsys, "show", id_)
    found: dict[str, Any] = shown
    return found


@in_ci
@pytest.mark.parametrize("name", PRODUCTS)
def test_what_was_written_is_put_right_when_somebody_changed_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    later = timedelta()
    # Its minutes, in which one renews a token once for all of this.
    manner, by_api = play(name, lambda: utc_now() + later), BY_API.get(name, set())
    with open_scene(tmp_path, monkeypatch, CHART, profile=name, manner=manner) as scene:
        settle_in(scene, name, capsys)
        _, (staged,), err = propose(tmp_path, name, PROBLEM, capsys)
        shown = ended(scene, staged["id"], capsys, by_api="create" in by_api)
        assert shown["state"] == "verified", (shown, err)
        right = problem_in(scene)
        scene.sandbox.store.put("Condition", str(right["id"]), {**right, "code": OTHER}, "PUT")
        code, (looked, *_), err = call(capsys, "reconcile", staged["id"])
        assert code == 0, err
        assert looked["class"] in ("changed", "critical"), looked
        _, (found,), _ = call(capsys, "exceptions")
        way = "api" if "update" in by_api else "hand"
        assert (found["kind"], found["way"]["by"]) == ("drift", way)
        assert found["way"]["source"], "it says who says so"
        (tmp_path / "why").write_text("somebody changed the code")
        code, (asked,), err = call(
            capsys, "exceptions", "--correct", staged["id"], "--reason-file", str(tmp_path / "why")
        )
        assert code == 0 and asked["way"] == found["way"], err
        code, _, err = call(capsys, "run", "--once")
        _, (found,), _ = call(capsys, "exceptions")
        (correction,) = found["corrections"]
        assert correction["proposed"], (correction, err)
        later += timedelta(minutes=2)
        after = ended(scene, correction["proposed"], capsys, by_api=way == "api")
        assert after["state"] == "verified", after
        _, (shown,), _ = call(capsys, "show", staged["id"])
        assert shown["state"] == "corrected" and not call(capsys, "exceptions")[1]
        assert problem_in(scene)["code"] == right["code"]


def test_at_a_hostile_server_what_is_wrong_is_found_and_can_be_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    manner = play("hostile", utc_now, seed=1)
    with open_scene(tmp_path, monkeypatch, CHART, profile="generic-r4", manner=manner) as scene:
        settle_in(scene, "generic-r4", capsys)
        _, (staged,), _ = propose(
            tmp_path, "generic-r4", "telephone number (Patient update)", capsys
        )
        approved(staged["id"], capsys)
        call(capsys, "run", "--once")
        _, (shown,), _ = call(capsys, "show", staged["id"])
        assert shown["state"] == "exception", "its first trick is one that changes a Patient"
        _, (found,), _ = call(capsys, "exceptions")
        assert found["class"] in ("changed", "critical")
        (tmp_path / "why").write_text("not what was approved")
        code, _, err = call(
            capsys, "exceptions", "--correct", staged["id"], "--reason-file", str(tmp_path / "why")
        )
        assert code == 0, err
        call(capsys, "run", "--once")
        _, (found, *_), _ = call(capsys, "exceptions")
        (correction,) = found["corrections"]
        assert correction["proposed"] or correction["failed"], "it never ends in silence"
