from __future__ import annotations

from pathlib import Path

import pytest

from sync.keys import private_file
from sync.workspace.head import HeadFile


def _note(size: int) -> str:
    return f"origin\n{size}\nroot\n\n— origin signature\n"


def test_the_newest_note_stands_in_the_file(tmp_path: Path) -> None:
    head = HeadFile(tmp_path)
    assert head.read() is None
    for size in (1, 9, 10):
        head(_note(size))
        assert head.read() == _note(size)
    assert head.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["head"]


def test_a_smaller_head_never_takes_the_place_of_a_larger(tmp_path: Path) -> None:
    head = HeadFile(tmp_path)
    head(_note(10))
    head(_note(9))
    assert head.read() == _note(10)


@pytest.mark.parametrize("damaged", ["", "x", "a\nb\nc\n", "a\n-5\nc\n", "a\n" + "9" * 99 + "\n\n"])
def test_a_damaged_file_is_replaced(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "head").write_text(damaged)
    head = HeadFile(tmp_path)
    head(_note(1))
    assert head.read() == _note(1)


def test_a_file_that_cannot_be_written_is_reported_and_not_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    head = HeadFile(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(private_file, "replace", fail)
        head(_note(1))
    assert head.problem is not None
    assert "No space left" in head.problem
    head(_note(2))
    assert head.problem is None
