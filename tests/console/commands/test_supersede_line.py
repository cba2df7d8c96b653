"""By command line: what is told of a place taken, and the exit code while approving has to wait."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.bootstrap import Opened
from console.bootstrap.system import SystemClock, SystemIds
from core.review.decide import Answer, Looked, decide
from tests.builders import phone_change, proposal
from tests.scene import Scene, call, open_scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def propose(capsys, tmp_path: Path, tag: str, **overrides: Any) -> tuple[int, Any, str]:
    path = tmp_path / "given.json"
    document = proposal(phone_change(), correlation_id=tag, evidence=[], **overrides)
    path.write_text(json.dumps(document))
    return call(capsys, "propose", str(path))


def test_propose_tells_of_the_place_it_takes_only_where_it_takes_one(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    code, (first,), _ = propose(capsys, tmp_path, "c-1")
    assert code == 0 and "superseded" not in first
    code, (found,), _ = propose(capsys, tmp_path, "c-2", supersedes="c-1")
    assert code == 0 and found["superseded"] == {"changed": 1, "left": 0}
    _, (shown,), _ = call(capsys, "show", first["id"])
    assert shown["state"] == "superseded"
    code, _, told = propose(capsys, tmp_path, "c-3", supersedes="c-9")
    assert code == 2 and "supersedes" in told


def test_no_command_goes_round_a_pause_and_a_rejection_never_waits(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    path = tmp_path / "many.ndjson"
    many = [
        proposal(phone_change(), correlation_id=f"s-{number}", evidence=[]) for number in range(17)
    ]
    path.write_text("\n".join(map(json.dumps, many)))
    ids = [row["id"] for row in call(capsys, "propose", str(path))[1]]
    with scene.opened() as folder:
        opened = Opened(folder, SystemClock(), SystemIds())
        hashes = [opened.ledger.changes(id_)[0].change_digest for id_ in ids]
        for id_, seen in list(zip(ids, hashes, strict=True))[:15]:
            given = Answer("approve", seen=seen, looked=Looked(900))
            decide(opened.offline(), id_, 0, given)
    code, _, told = call(capsys, "approve", ids[15], "--hash", hashes[15])
    assert code == 5 and "approving goes on in" in told
    assert call(capsys, "reject", ids[16], "--reason", "not-needed")[0] == 0
    assert call(capsys, "approve", ids[15], "--hash", hashes[15])[0] == 0
