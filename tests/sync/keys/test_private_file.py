from __future__ import annotations

import os
from pathlib import Path

import pytest

from sync.keys import private_file


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("write", [private_file.create, private_file.replace])
def test_a_file_is_private_whatever_the_umask(tmp_path: Path, write: object) -> None:
    assert callable(write)
    before = os.umask(0)
    try:
        write(tmp_path / "f", b"data")
    finally:
        os.umask(before)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "f").read_bytes() == b"data"


def test_create_takes_no_existing_file_nor_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        private_file.create(tmp_path / "link", b"data")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("call", ["fsync", "fdopen"])
def test_a_failed_create_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="No space"):
        private_file.create(tmp_path / "f", b"data")
    assert _names(tmp_path) == []


def test_a_failed_replace_leaves_the_old_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private_file.replace(tmp_path / "f", b"old")

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="Input/output"):
        private_file.replace(tmp_path / "f", b"new")
    assert _names(tmp_path) == ["f"]
    assert (tmp_path / "f").read_bytes() == b"old"
