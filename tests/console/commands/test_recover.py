"""`recover` at the terminal: the workspace's folder or store is put back, over real sockets."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import Unreachable
from tests.builders import phone_change, problem_change, proposal
from tests.scale import in_ci
from tests.scene import Scene, call, open_scene

pytestmark = in_ci


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def reason(tmp_path: Path) -> str:
    (tmp_path / "why.txt").write_text("the disk died")
    return str(tmp_path / "why.txt")


def approved(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    (tmp_path / "p.json").write_text(json.dumps(proposal(phone_change(), problem_change())))
    _, [found], said = call(capsys, "propose", str(tmp_path / "p.json"))
    assert found["state"] == "pending-human-review", said
    _, [shown], _ = call(capsys, "show", found["id"])
    changes = ["--change", "0", "--change", "1"]
    assert call(capsys, "approve", found["id"], *changes, "--hash", shown["hash"])[0] == 0
    return str(found["id"])


def kept(scene: Scene, tmp_path: Path) -> Callable[[], None]:
    """Copy the folder; what is returned puts the whole of it back."""
    shutil.copytree(scene.folder, tmp_path / "backup")

    def put_back() -> None:
        shutil.rmtree(scene.folder)
        shutil.copytree(tmp_path / "backup", scene.folder)

    return put_back


def effects(scene: Scene) -> tuple[int, int]:
    return len(scene.versions("Patient")), len(scene.versions("Condition"))


def test_a_folder_that_was_put_back_is_recovered(
    scene: Scene, tmp_path: Path, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    id_ = approved(scene, tmp_path, capsys)
    put_back = kept(scene, tmp_path)
    assert call(capsys, "recover")[:2] == (
        0, [{"events": size(capsys), "lost": [], "head_file_mended": False}],
    )  # fmt: skip
    assert call(capsys, "run", "--once")[0] == 0
    assert effects(scene) == (2, 1)
    put_back()
    code, _, said = call(capsys, "run", "--once")
    assert code == 1 and "countersign recover" in said and effects(scene) == (2, 1)

    code, [looked], _ = call(capsys, "recover")
    assert code == 5 and [one["place"] for one in looked["lost"]] == ["sandbox"]
    lost = str(looked["lost"][0]["size"])
    code, _, said = call(capsys, "recover", "--lost", "7", "--reason-file", reason)
    assert code == 5 and f"over {lost} events" in said
    code, [done], said = call(capsys, "recover", "--lost", lost, "--reason-file", reason)
    assert (code, done["doubted"], done["forgotten"], done["unsearched"]) == (0, 2, [], []), said
    code, [verified], _ = call(capsys, "audit", "verify")
    assert (code, verified["ok"], verified["given_up"]) == (0, True, 1)

    assert call(capsys, "run", "--once")[0] == 0
    _, [shown], _ = call(capsys, "show", id_)
    assert [one["state"] for one in shown["changes"]] == ["verified", "verified"]
    assert effects(scene) == (2, 1)
    assert call(capsys, "incident", "thaw", done["freeze"], "--reason", "compared")[0] == 0
    assert call(capsys, "recover")[0] == 0


def test_a_store_alone_that_was_put_back_is_told_by_the_head_file(
    scene: Scene, tmp_path: Path, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    approved(scene, tmp_path, capsys)
    put_back = kept(scene, tmp_path)
    assert call(capsys, "run", "--once")[0] == 0
    head = (scene.folder / "head").read_text()
    put_back()
    (scene.folder / "head").write_text(head)
    _, [looked], _ = call(capsys, "recover")
    assert {one["place"] for one in looked["lost"]} == {"head file", "sandbox"}
    assert call(capsys, "audit", "verify", "--offline")[0] == 1
    # Until then it only reads.
    before = size(capsys)
    code, _, said = call(capsys, "incident", "freeze", "--everything", "--reason", "x")
    assert code == 1 and "countersign recover" in said and size(capsys) == before
    lost = str(max(one["size"] for one in looked["lost"]))
    assert call(capsys, "recover", "--lost", lost, "--reason-file", reason)[0] == 0
    assert (scene.folder / "head").read_text() != head
    code, [verified], _ = call(capsys, "audit", "verify", "--offline")
    assert code == 0 and "the head file" in verified["heads"]
    # A process that dies before it replaces the file leaves the one that was given up.
    (scene.folder / "head").write_text(head)
    assert call(capsys, "audit", "verify", "--offline")[0] == 0
    assert call(capsys, "recover")[1][0]["head_file_mended"] is True
    assert (scene.folder / "head").read_text() != head


def test_a_head_file_of_somebody_else_holds_up_nothing_but_a_recovery(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = (scene.folder / "head").read_text()
    lines = head.split("\n")
    (scene.folder / "head").write_text("\n".join([lines[0], "99999", *lines[2:]]))
    approved(scene, tmp_path, capsys)
    code, _, said = call(capsys, "recover")
    assert code == 1 and "remove it" in said
    (scene.folder / "head").unlink()
    assert call(capsys, "recover")[0] == 0


def test_what_is_missing_or_away_recovers_nothing(
    scene: Scene,
    tmp_path: Path,
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = size(capsys)
    assert call(capsys, "recover", "--lost", "9")[0] == 2
    assert call(capsys, "recover", "--reason-file", reason)[0] == 2
    assert call(capsys, "recover", "--lost", "9", "--reason-file", reason)[0] == 5

    async def away(*_: object) -> None:
        raise Unreachable("the EHR is down")

    monkeypatch.setattr("sync.store.anchor.read_register", away)
    assert call(capsys, "recover")[0] == 6
    assert size(capsys) == before


def size(capsys: pytest.CaptureFixture[str]) -> int:
    return int(call(capsys, "status")[1][0]["events"])
