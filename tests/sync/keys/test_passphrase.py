from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import BadInput, NotFound
from sync.keys.passphrase import (
    Cost,
    WrongPassphrase,
    read_key_file,
    read_passphrase_file,
    write_key_file,
)
from sync.keys.seal import new_workspace_key

QUICK = Cost(n=16, r=1, p=1)
WORDS = "correct horse battery"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    write_key_file(path, bytes(range(32)), WORDS, QUICK)
    return path


def _change(path: Path, **members: object) -> None:
    document = json.loads(path.read_bytes())
    document["kdf"].update({k: v for k, v in members.items() if k in document["kdf"]})
    document.update({k: v for k, v in members.items() if k not in document["kdf"]})
    path.write_text(json.dumps(document))


def test_the_passphrase_opens_the_file(key_file: Path) -> None:
    assert read_key_file(key_file, WORDS) == bytes(range(32))


def test_the_file_is_private_and_has_the_documented_form(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    document = json.loads(key_file.read_bytes())
    assert set(document) == {"version", "kdf", "wrapped"}
    assert document["version"] == 1
    assert set(document["kdf"]) == {"name", "n", "r", "p", "salt"}


def test_the_default_cost_is_the_documented_one() -> None:
    assert (Cost().n, Cost().r, Cost().p) == (32768, 8, 1)


def test_a_file_with_the_default_cost_opens(tmp_path: Path) -> None:
    write_key_file(tmp_path / "k", bytes(32), WORDS)
    assert read_key_file(tmp_path / "k", WORDS) == bytes(32)


@pytest.mark.parametrize("wrong", ["", "correct horse batterx", WORDS + " ", WORDS.upper()])
def test_another_passphrase_does_not(key_file: Path, wrong: str) -> None:
    with pytest.raises(WrongPassphrase, match="does not open this workspace's key file") as caught:
        read_key_file(key_file, wrong)
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_the_same_characters_composed_differently_are_the_same_passphrase(tmp_path: Path) -> None:
    write_key_file(tmp_path / "k", bytes(32), "caf\u00e9 au lait", QUICK)
    assert read_key_file(tmp_path / "k", "cafe\u0301 au lait") == bytes(32)


def test_two_files_of_one_passphrase_differ(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_key_file(tmp_path / name, bytes(32), WORDS, QUICK)
    first, second = ((tmp_path / name).read_bytes() for name in ("a", "b"))
    assert json.loads(first)["wrapped"] != json.loads(second)["wrapped"]


def test_an_existing_key_file_is_never_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(FileExistsError):
        write_key_file(key_file, new_workspace_key(), WORDS, QUICK)
    assert key_file.read_bytes() == before


@pytest.mark.parametrize("weak", ["", "seven77", " " * 12])
def test_a_weak_passphrase_makes_no_file(tmp_path: Path, weak: str) -> None:
    with pytest.raises(BadInput) as caught:
        write_key_file(tmp_path / "k", bytes(32), weak, QUICK)
    assert caught.value.field == "passphrase"
    assert not (tmp_path / "k").exists()


@pytest.mark.parametrize(
    "members",
    [
        {"n": 2**40},
        {"n": 2**20, "r": 64},
        {"n": 1000},
        {"n": 0},
        {"n": -16},
        {"r": 0},
        {"r": 2**30},
        {"p": 0},
        {"p": 10**6},
        {"n": "16"},
        {"n": True},
        {"name": "pbkdf2"},
        {"salt": "AA"},
        {"salt": "!"},
        {"wrapped": "AA"},
        {"version": 2},
        {"extra": 1},
    ],
)
def test_a_key_file_with_silly_values_is_refused(
    key_file: Path, members: dict[str, object]
) -> None:
    _change(key_file, **members)
    with pytest.raises(BadInput) as caught:
        read_key_file(key_file, WORDS)
    assert not isinstance(caught.value, WrongPassphrase)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"version":1,"version":1}'])
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keys.json").write_bytes(content)
    with pytest.raises(BadInput, match="damaged"):
        read_key_file(tmp_path / "keys.json", WORDS)


def test_a_missing_key_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_key_file(tmp_path / "keys.json", WORDS)


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"two words", "two words"),
        (b"two words\n", "two words"),
        (b"two words\r\n", "two words"),
        (b" two words ", " two words "),
        ("caf\u00e9".encode(), "caf\u00e9"),
    ],
)
def test_one_newline_at_the_end_of_a_passphrase_file_does_not_count(
    tmp_path: Path, content: bytes, passphrase: str
) -> None:
    path = tmp_path / "pass"
    path.write_bytes(content)
    path.chmod(0o600)
    assert read_passphrase_file(path) == (passphrase, None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_passphrase_file_that_others_can_read_is_used_with_a_warning(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "pass"
    path.write_text(WORDS)
    path.chmod(mode)
    passphrase, warning = read_passphrase_file(path)
    assert passphrase == WORDS
    assert warning is not None
    assert "chmod 600" in warning
    assert WORDS not in warning


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo", b"\xff\xfe", b"x" * 5000])
def test_a_passphrase_file_with_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pass").write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_passphrase_file(tmp_path / "pass")
    assert caught.value.field == "COUNTERSIGN_PASSPHRASE_FILE"


def test_a_missing_passphrase_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_passphrase_file(tmp_path / "pass")
