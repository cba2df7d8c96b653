"""The agents' feed and the counts, as a script reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import phone_change, problem_change, proposal
from tests.scene import Scene, call, open_scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def propose(capsys: Any, folder: Path, *changes: dict[str, Any], **overrides: Any) -> str:
    path = folder / "one.json"
    path.write_text(json.dumps(proposal(*changes, **overrides)))
    code, (found,), err = call(capsys, "propose", str(path))
    assert code == 0, err
    return str(found["id"])


def feed(capsys: Any, since: str, *more: str) -> list[dict[str, Any]]:
    code, found, err = call(capsys, "queue", "--since", since, *more)
    assert code == 0, err
    return found


def test_an_agent_reads_what_became_of_its_changes_and_reads_on(
    scene: Scene, capsys: Any, tmp_path: Path
) -> None:
    id_ = propose(capsys, tmp_path, phone_change(), problem_change(), evidence=[])
    first = feed(capsys, "0")
    assert [(one["index"], one["state"], one["final"]) for one in first] == [
        (0, "pending-human-review", False),
        (1, "pending-human-review", False),
    ]
    cursor = first[-1]["cursor"]
    assert feed(capsys, cursor) == []

    shown = call(capsys, "show", id_)[1][0]
    assert call(capsys, "approve", id_, "--hash", shown["hash"], "--change", "0")[0] == 0
    assert call(capsys, "reject", id_, "--reason", "negated", "--change", "1")[0] == 0
    assert call(capsys, "run", "--once")[0] == 0

    found = {one["index"]: one for one in feed(capsys, cursor)}
    assert (found[0]["state"], found[0]["reasons"], found[0]["final"]) == ("verified", [], True)
    assert (found[1]["state"], found[1]["reasons"]) == ("rejected", ["negated"])
    assert found[1]["correlation_id"] == shown["correlation_id"]
    assert len(found) == 2
    assert feed(capsys, "0", "--agent", "front-desk-1") == []
    assert len(feed(capsys, "0", "--agent", "scribe-1")) == 2


def test_nothing_of_the_chart_and_no_words_of_people_stand_in_the_feed(
    scene: Scene, capsys: Any, tmp_path: Path
) -> None:
    id_ = propose(capsys, tmp_path, phone_change())
    note = tmp_path / "note"
    note.write_text("words for colleagues")
    line = ("reject", id_, "--reason", "other", "--note-file", str(note))
    assert call(capsys, *line)[0] == 0
    text = json.dumps(feed(capsys, "0"))
    assert not [word for word in ("555 0199", "words for", "Synthetic", "Patient/") if word in text]


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (("--since", "yesterday"), 2, "--since"),
        (("--since", "-1"), 2, "since"),
        (("--since", "99999"), 5, "--since"),
        (("--since", "0", "--all"), 2, "--since"),
        (("--agent", "scribe-1"), 2, "--agent"),
    ],
)
def test_a_bad_cursor_is_told_by_name(
    scene: Scene, capsys: Any, line: tuple[str, ...], code: int, field: str
) -> None:
    found, _, err = call(capsys, "queue", *line)
    assert found == code
    assert field in err


def test_counts_by_reason_have_their_interval(scene: Scene, capsys: Any, tmp_path: Path) -> None:
    for number in range(2):
        changes = (phone_change(), problem_change())
        id_ = propose(capsys, tmp_path, changes[number], correlation_id=f"c{number}", evidence=[])
        assert call(capsys, "reject", id_, "--reason", "outdated")[0] == 0
    code, (found,), _ = call(capsys, "metrics", "--by", "reason", "--week")
    assert code == 0
    assert (found["name"], found["decided"]) == ("outdated", 2)
    assert found["rejected"] == {
        "count": 2, "of": 2, "rate": "1.000", "low": "0.342", "high": "1.000",
    }  # fmt: skip
    assert call(capsys, "metrics", "--since", "yesterday")[0] == 2
    assert call(capsys, "metrics", "--since", "2999-01-01T00:00:00Z")[1] == []
