"""A note, a medication and a Task by command line on the sandbox: one of each answer."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.adoption import adopt
from core.canonical import encode, exact
from core.delta import content
from tests.builders import proposal
from tests.console.commands.test_road import propose
from tests.core.gateway.test_partly import TYPES, changes, policy
from tests.scene import Scene, call, open_scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def test_the_note_edited_the_medication_rejected_the_task_approved(
    scene: Scene, capsys, tmp_path: Path
) -> None:
    from console.bootstrap.opening import Opened
    from console.bootstrap.system import SystemClock, SystemIds

    with scene.opened() as folder:
        adopt(Opened(folder, SystemClock(), SystemIds()).offline(), "policy", policy())
    id_ = propose(capsys, tmp_path, proposal(*changes(), evidence=[]))
    seen = call(capsys, "show", id_)[1][0]
    for number in ("1", "2"):
        assert call(capsys, "approve", id_, "--hash", seen["hash"], "--change", number)[0] == 0

    # The note is edited: what rests on it, also through the medication, comes back.
    resource = copy.deepcopy(seen["changes"][0]["resource"])
    resource["description"] = "Read again"
    path = tmp_path / "edited.json"
    path.write_bytes(encode(exact(resource)))
    code, (done,), err = call(
        capsys, "edit", id_, "--change", "0", "--hash", seen["changes"][0]["hash"],
        "--file", str(path),
    )  # fmt: skip
    assert code == 0, err
    back = call(capsys, "show", id_)[1][0]
    assert [(one["state"], one["void"]) for one in back["changes"][1:]] == [
        ("pending-human-review", "dependency-edited")
    ] * 2
    assert call(capsys, "approve", id_, "--hash", done["hash"], "--change", "0")[0] == 0
    assert call(capsys, "reject", id_, "--reason", "wrong-value", "--change", "1")[0] == 0
    assert call(capsys, "run", "--once")[1][0]["verified"] == 1
    assert scene.versions("MedicationRequest") == [] == scene.versions("Task")

    # The Task waits until somebody says that it is wanted without the medication.
    (waiting,) = call(capsys, "queue")[1]
    assert waiting["type"] == "Task"
    now = call(capsys, "show", id_)[1][0]["changes"][2]["hash"]
    assert call(capsys, "approve", id_, "--hash", now, "--change", "2")[0] == 0
    assert call(capsys, "run", "--once")[1][0]["verified"] == 1

    after = call(capsys, "show", id_)[1][0]
    assert [one["state"] for one in after["changes"]] == ["verified", "rejected", "verified"]
    for index, type_ in enumerate(TYPES):
        stored = [one for one in scene.versions(type_) if one.get("id") != "n1"]
        if index == 1:
            assert stored == []
            continue
        wanted = exact(after["changes"][index]["resource"])
        kept = {key: value for key, value in content(stored[-1]).items() if key != "id"}
        assert len(stored) == 1
        assert kept == {key: value for key, value in content(wanted).items() if key != "id"}
        assert stored[0].get("description") in ("Read again", "Call about the medicine")
