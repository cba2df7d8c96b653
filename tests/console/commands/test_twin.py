"""What the screens do, by command line: edit, recall, exceptions, incidents, views of the queue."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.canonical import encode
from tests.builders import phone_change, problem_change, proposal
from tests.console.commands.test_road import QUOTES, propose
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

pytestmark = in_ci


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def one_phone(capsys, tmp_path: Path) -> tuple[str, dict]:
    id_ = propose(capsys, tmp_path, proposal(phone_change(), evidence=QUOTES[:1]))
    return id_, call(capsys, "show", id_)[1][0]["changes"][0]


def test_an_edited_change_is_decided_anew_and_written_as_edited(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    id_, shown = one_phone(capsys, tmp_path)
    resource = {**shown["resource"], "telecom": [dict(one) for one in shown["resource"]["telecom"]]}
    resource["telecom"][1]["value"] = "555 0177"
    path = tmp_path / "edited.json"
    path.write_bytes(encode(resource))
    stale = call(capsys, "edit", id_, "--hash", "0" * 64, "--file", str(path))
    assert stale[0] == 5
    code, (done,), err = call(capsys, "edit", id_, "--hash", shown["hash"], "--file", str(path))
    assert code == 0, err
    assert call(capsys, "approve", id_, "--hash", shown["hash"])[0] == 5
    assert call(capsys, "approve", id_, "--hash", done["hash"], "--change", "0")[0] == 0
    assert call(capsys, "run", "--once")[1][0]["verified"] == 1
    assert scene.versions("Patient")[-1]["telecom"][1]["value"] == "555 0177"


@pytest.mark.parametrize(("text", "code"), [("{", 2), ('{"resourceType":"Person"}', 2), (None, 2)])
def test_an_edit_that_is_none_says_so(
    scene: Scene, capsys, tmp_path: Path, text: str | None, code: int
) -> None:
    id_, shown = one_phone(capsys, tmp_path)
    path = tmp_path / "edited.json"
    if text is not None:
        path.write_text(text)
    found = call(capsys, "edit", id_, "--hash", shown["hash"], "--file", str(path))
    assert found[0] == code and found[2]


def test_a_recalled_approval_is_not_sent(scene: Scene, capsys, tmp_path: Path) -> None:
    id_, shown = one_phone(capsys, tmp_path)
    assert call(capsys, "recall", id_)[0] == 5
    assert call(capsys, "approve", id_, "--hash", shown["hash"], "--change", "0")[0] == 0
    code, (done,), err = call(capsys, "recall", id_)
    assert (code, done["state"]) == (0, "pending-human-review"), err
    assert call(capsys, "run", "--once")[1][0]["sent"] == 0
    assert len(scene.versions("Patient")) == 1


def test_a_freeze_is_previewed_declared_told_and_lifted(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    id_, shown = one_phone(capsys, tmp_path)
    assert call(capsys, "approve", id_, "--hash", shown["hash"], "--change", "0")[0] == 0
    code, (seen,), _ = call(capsys, "incident", "freeze", "--agent", "scribe-1", "--preview")
    assert (code, seen["stops"], seen["patients"], seen["in_flight"]) == (0, 1, 1, [])
    assert call(capsys, "incident", "freeze", "--agent", "scribe-1")[0] == 2
    frozen = call(capsys, "incident", "freeze", "--agent", "scribe-1", "--reason", "x")[1][0]
    assert call(capsys, "run", "--once")[1][0]["sent"] == 0
    told = call(capsys, "incident", "summary")[1][0]
    assert told["freezes"][0]["stops"] == 1 and told["rates"]["hour"]["approved"] == 1
    assert call(capsys, "incident", "thaw", frozen["id"], "--reason", "over")[1] == [
        {"lifted": frozen["id"]}
    ]
    assert call(capsys, "run", "--once")[1][0]["verified"] == 1
    told = call(capsys, "incident", "summary")[1][0]
    assert told["ehrs"]["sandbox"]["status"] == 200
    lines = call(capsys, "incident", "timeline", "--limit", "5")[1]
    assert len(lines) == 5 and lines[0]["seq"] > lines[1]["seq"]
    older = call(capsys, "incident", "timeline", "--limit", "5", "--before", str(lines[-1]["seq"]))
    assert older[1][0]["seq"] == lines[-1]["seq"] - 1


def test_exceptions_are_listed_by_kind_and_accepted_with_a_reason(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    id_, _ = one_phone(capsys, tmp_path)
    assert call(capsys, "exceptions")[1] == []
    assert call(capsys, "exceptions", "--accept", id_)[0] == 2
    assert call(capsys, "exceptions", "--accept", id_, "--reason", "fine")[0] == 5


def test_the_queue_is_filtered_viewed_and_kept(scene: Scene, capsys, tmp_path: Path) -> None:
    propose(capsys, tmp_path, proposal(phone_change(), problem_change(), evidence=QUOTES))
    assert len(call(capsys, "queue")[1]) == 2
    assert [row["type"] for row in call(capsys, "queue", "--filter", "op:create")[1]] == [
        "Condition"
    ]
    assert call(capsys, "queue", "--filter", "weight:9")[0] == 2
    kept = call(capsys, "queue", "--view", "new problems", "--filter", "op:create", "--keep")
    assert kept[0] == 0 and len(kept[1]) == 1
    assert len(call(capsys, "queue", "--view", "new problems")[1]) == 1
    assert len(call(capsys, "queue", "--view", "mine")[1]) == 2
    code, _, err = call(capsys, "queue", "--view", "nobody's")
    assert code == 4 and "new problems" in str(err)


def test_the_load_is_told_and_a_change_given_to_a_role(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    id_, _ = one_phone(capsys, tmp_path)
    (load,) = call(capsys, "reassign")[1]
    assert (load["name"], load["waiting"], load["expired"]) == ("coordinator", 1, 0)
    assert call(capsys, "reassign", "--expired")[1] == []
    assert call(capsys, "reassign", id_)[0] == 2
    assert call(capsys, "reassign", id_, "--role", "coordinator")[0] == 2
    assert call(capsys, "reassign", id_, "--role", "nurse", "--reason", "x")[0] == 5
    code, (done,), err = call(
        capsys, "reassign", id_, "--role", "coordinator", "--expires", "1h", "--reason", "x"
    )
    assert code == 0 and done["expires"], err
