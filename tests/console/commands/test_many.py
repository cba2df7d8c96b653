"""Many changes by one line of command: named by hash, said one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import phone_change, problem_change, proposal
from tests.console.commands.test_road import propose
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

pytestmark = in_ci


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def three(capsys, tmp_path: Path) -> list[str]:
    return [
        propose(
            capsys, tmp_path, proposal(phone_change(), evidence=[], correlation_id=f"m-{number}")
        )
        for number in range(3)
    ]


def listed(capsys, tmp_path: Path) -> str:
    """Write what `queue --json` prints to a file."""
    path = tmp_path / "ids.ndjson"
    path.write_text("\n".join(json.dumps(row) for row in call(capsys, "queue")[1]))
    return str(path)


def test_what_the_queue_prints_can_be_rejected_in_one_go(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    ids = three(capsys, tmp_path)
    path = listed(capsys, tmp_path)
    assert call(capsys, "reject", ids[0], "--reason", "duplicate")[0] == 0
    code, rows, _ = call(capsys, "reject", "--ids-file", path, "--reason", "duplicate")
    assert code == 5 and len(rows) == 3
    assert [row["state"] for row in rows if row["id"] != ids[0]] == ["rejected"] * 2
    assert call(capsys, "queue")[1] == []


def test_a_list_can_be_reassigned(scene: Scene, capsys, tmp_path: Path) -> None:
    three(capsys, tmp_path)
    path = listed(capsys, tmp_path)
    given = ("--role", "coordinator", "--reason", "holiday")
    code, rows, err = call(capsys, "reassign", "--ids-file", path, *given)
    assert code == 0, err
    assert len(rows) == 3 and all(row["why_not"] is None for row in rows)


def test_approving_many_asks_that_each_was_shown(scene: Scene, capsys, tmp_path: Path) -> None:
    ids = three(capsys, tmp_path)
    path = listed(capsys, tmp_path)
    for id_ in ids[:2]:
        call(capsys, "show", id_)
    code, rows, err = call(capsys, "approve", "--ids-file", path)
    assert (code, rows) == (3, []) and ids[2] in err and "not opened" in err
    call(capsys, "show", ids[2])
    code, rows, err = call(capsys, "approve", "--ids-file", path)
    assert code == 0, err
    assert [row["state"] for row in rows] == ["ready-for-write"] * 3


def test_a_higher_tier_is_never_approved_with_others(scene: Scene, capsys, tmp_path: Path) -> None:
    id_ = propose(capsys, tmp_path, proposal(problem_change(), evidence=[]))
    call(capsys, "show", id_)
    code, _, err = call(capsys, "approve", "--ids-file", listed(capsys, tmp_path))
    assert code == 3 and "tier" in err


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", "[1]"),
        ("[]", "[1]"),
        ('{"id": "x", "change": 0}', "[1].hash"),
        ('{"id": "x", "hash": "h", "change": "0"}', "[1].change"),
        ('{"id": "x", "hash": "h", "change": true}', "[1].change"),
        ("", "ids"),
    ],
)
def test_a_line_that_names_nothing_says_which(
    scene: Scene, capsys, tmp_path: Path, text: str, field: str
) -> None:
    path = tmp_path / "bad.ndjson"
    path.write_text(text)
    code, _, err = call(capsys, "reject", "--ids-file", str(path), "--reason", "duplicate")
    assert code == 2 and field in err


def test_either_an_id_or_a_list(scene: Scene, capsys, tmp_path: Path) -> None:
    (id_, *_) = three(capsys, tmp_path)
    path = listed(capsys, tmp_path)
    assert call(capsys, "reject", "--reason", "duplicate")[0] == 2
    assert call(capsys, "reject", id_, "--ids-file", path, "--reason", "duplicate")[0] == 2
    assert call(capsys, "approve", "--ids-file", path, "--hash", "0" * 64)[0] == 2
    assert call(capsys, "approve", id_)[0] == 2


def test_withdraw_and_consult_from_files(scene: Scene, capsys, tmp_path: Path) -> None:
    (id_, other, _) = three(capsys, tmp_path)
    words = tmp_path / "why.txt"
    words.write_text("entered twice")
    assert call(capsys, "withdraw", id_, "--reason-file", str(tmp_path / "no.txt"))[0] == 2
    code, rows, err = call(capsys, "withdraw", id_, "--reason-file", str(words))
    assert code == 0, err
    assert [row["state"] for row in rows] == ["withdrawn"]
    code, _, err = call(capsys, "consult", other, "--to", "nobody", "--note-file", str(words))
    assert code == 2 and "to" in err
