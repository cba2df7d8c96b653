from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Conflict, CountersignError, Failed, NotFound
from core.statement import b64url
from sync.keys import ring as rings
from sync.keys.passphrase import read_key_file
from sync.keys.seal import seal_key, store_key
from sync.store.connection import connect
from sync.workspace import create as creating
from sync.workspace.create import FILES, create
from sync.workspace.folder import find, open_workspace
from tests.scale import in_ci, scaled

PASSPHRASE = "correct horse battery"


def _tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _forms(secret: bytes) -> Iterator[bytes]:
    yield from (secret, secret.hex().encode(), secret.hex().upper().encode())
    yield from (base64.b64encode(secret), b64url(secret).encode(), repr(secret)[2:-1].encode())


def _secrets(folder: Path, clock: Any, clients: Any) -> list[bytes]:
    key = read_key_file(folder / "keys.json", PASSPHRASE)
    found = [key, store_key(key), seal_key(key), PASSPHRASE.encode()]
    with open_workspace(folder, lambda: PASSPHRASE, clock) as opened:
        found += [signer.secret() for signer in opened.keys.signers.values()]
        found.append(opened.keys.pepper)
    return [*found, *(jwk["d"].encode() for _, jwk in clients.values())]


def _leaks(folder: Path, secrets: list[bytes]) -> list[str]:
    return [
        name
        for name, content in _tree(folder).items()
        if any(form in content for secret in secrets for form in _forms(secret))
        or b"SQLite format 3" in content
    ]


def test_a_workspace_has_these_files_and_they_are_private(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == sorted(FILES)
    assert {path.stat().st_mode & 0o777 for path in made.iterdir()} == {0o600}
    assert made.stat().st_mode & 0o777 == 0o700


def test_files_are_private_whatever_the_umask(tmp_path: Path, values: Any) -> None:
    before = os.umask(0)
    try:
        create(tmp_path / "w", **values())
    finally:
        os.umask(before)
    assert (tmp_path / "w").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "w").iterdir()} == {0o600}


def test_the_side_files_of_the_store_are_private_and_encrypted(
    folder: Path, clock: Any, clients: Any
) -> None:
    secrets = _secrets(folder, clock, clients)
    with open_workspace(folder, lambda: PASSPHRASE, clock) as opened:
        rings.save(opened.connection, opened.keys, bytes(32))
        assert (folder / "store.db-wal").stat().st_size > 0
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        assert _leaks(folder, secrets) == []


def test_no_secret_lies_on_disk_in_clear(folder: Path, clock: Any, clients: Any) -> None:
    assert _leaks(folder, _secrets(folder, clock, clients)) == []


def test_control_unsealed_in_a_keyless_store_they_are_found(
    tmp_path: Path, values: Any, clock: Any, clients: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[rings.KeyRing] = []

    def unsealed(_key: bytes, _name: str, plaintext: bytes) -> bytes:
        return plaintext

    def kept(*args: Any) -> rings.KeyRing:
        rung.append(rings.generate(*args))
        return rung[0]

    monkeypatch.setattr(rings, "seal", unsealed)
    monkeypatch.setattr(creating, "generate", kept)
    monkeypatch.setattr(creating, "connect", lambda path, _key: connect(path, None))
    create(tmp_path / "w", **values(clients=clients))
    for secret in (
        rung[0].signer("gateway").secret(), rung[0].pepper, clients["write"][1]["d"].encode(),
    ):  # fmt: skip
        content = (tmp_path / "w" / "store.db").read_bytes()
        assert any(form in content for form in _forms(secret))


@pytest.mark.parametrize("profile", ["sandbox", "generic-r4"])
def test_without_clients_and_token_url_it_works_too(
    tmp_path: Path, values: Any, clock: Any, profile: str
) -> None:
    create(tmp_path / "a" / "b", **values(profile=profile, token_url=None, team="north"))
    with open_workspace(tmp_path / "a" / "b", lambda: PASSPHRASE, clock) as opened:
        assert list(opened.config.ehr) == [profile]
        assert opened.config.team == "north"
        assert opened.config.ehr[profile].token_url is None
        assert opened.keys.clients == {}
        assert opened.ledger.config(f"profile.{profile}") is not None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"passphrase": "short"}, "passphrase"),
        ({"profile": "nothing"}, "profile"),
        ({"reviewer": "dr lee"}, "reviewer"),
        ({"reviewer": 'x"\n[[admins]]'}, "reviewer"),
        ({"team": ""}, "team"),
        ({"ehr_url": "localhost"}, "ehr.sandbox.base_url"),
        ({"token_url": "x"}, "ehr.sandbox.token_url"),
        ({"clients": {"read": ("c", {"kty": "EC"})}}, "clients.read"),
    ],
)
def test_a_wrong_value_makes_nothing(
    tmp_path: Path, values: Any, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        create(tmp_path / "w", **values(**changed))
    assert caught.value.field == field
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_plane_makes_nothing(tmp_path: Path, values: Any, clients: Any) -> None:
    with pytest.raises(BadInput, match="unknown key"):
        create(tmp_path / "w", **values(clients={"admin": clients["read"]}))
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_is_never_made_over(folder: Path, values: Any) -> None:
    before = _tree(folder)
    with pytest.raises(Conflict, match="workspace already"):
        create(folder, **values())
    assert _tree(folder) == before


@pytest.mark.parametrize("name", FILES[:-1])
def test_a_file_of_ours_is_never_overwritten(tmp_path: Path, values: Any, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(Conflict, match=name):
        create(tmp_path, **values())
    assert _tree(tmp_path) == {name: b"mine"}


def test_a_file_in_the_place_of_the_folder_is_a_conflict(tmp_path: Path, values: Any) -> None:
    (tmp_path / "w").touch()
    with pytest.raises(Conflict, match="file of that name"):
        create(tmp_path / "w", **values())


def test_an_empty_folder_becomes_the_workspace_and_private(
    tmp_path: Path, values: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    create(Path(), **values())
    # The shell that stands in it must stay in it.
    assert find(None, {}).samefile(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    open_workspace(tmp_path, lambda: PASSPHRASE, clock).close()


def test_a_folder_with_other_files_keeps_them_and_its_mode(
    tmp_path: Path, values: Any, clock: Any
) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "notes.txt").write_text("mine")
    create(tmp_path, **values())
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    open_workspace(tmp_path, lambda: PASSPHRASE, clock).close()


def test_a_disk_that_does_not_take_it_is_reported(
    tmp_path: Path, values: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", _Failing(os.fsync, at=0))
    with pytest.raises(Failed, match="No space left") as caught:
        create(tmp_path / "w", **values())
    assert caught.value.remedy


class _Failing:
    """A call that fails once, the `at`-th time counted over all that share `count`."""

    def __init__(self, real: Callable[..., Any], at: int, count: list[int] | None = None):
        self.real, self.at, self.count = real, at, count if count is not None else [0]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.count[0] += 1
        if self.count[0] == self.at + 1:
            raise OSError(28, "No space left on device")
        return self.real(*args, **kwargs)


class _Connection:
    """A connection whose statements count as steps."""

    def __init__(self, real: Any, at: int, count: list[int]):
        self._real = real
        self.execute = _Failing(real.execute, at, count)
        self.executemany = _Failing(real.executemany, at, count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _fail_at(patched: pytest.MonkeyPatch, at: int) -> list[int]:
    count = [0]
    for name in ("open", "fsync", "mkdir", "rename", "replace"):
        patched.setattr(os, name, _Failing(getattr(os, name), at, count))
    patched.setattr(
        creating, "connect", lambda path, key: _Connection(connect(path, key), at, count)
    )
    return count


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory, values: Any) -> tuple[int, int]:
    """How many steps it takes to make a workspace in a new folder, and in an existing one."""
    found = []
    for existing in (False, True):
        target = tmp_path_factory.mktemp("steps") / "w"
        if existing:
            target.mkdir()
        with pytest.MonkeyPatch.context() as patched:
            count = _fail_at(patched, -5)
            create(target, **values())
            found.append(count[0])
    return found[0], found[1]


def _check_failures(root: Path, values: Any, clock: Any, total: int, *, existing: bool) -> None:
    assert total > 50
    failed = 0
    tried = range(0, total, scaled(3, 1))
    for at in tried:
        target = root / f"at-{at}" / "w"
        (target if existing else target.parent).mkdir(parents=True)
        if existing:
            (target / "notes.txt").write_text("mine")
        try:
            with pytest.MonkeyPatch.context() as patched:
                _fail_at(patched, at)
                create(target, **values())
        except (OSError, CountersignError):
            failed += 1
            left = {"w/notes.txt": b"mine"} if existing else {}
            assert _tree(target.parent) == left
            assert list(target.parent.iterdir()) == ([target] if existing else [])
            with pytest.raises(NotFound):
                find(target, {})
        else:
            with open_workspace(target, lambda: PASSPHRASE, clock) as opened:
                assert opened.head.read() == opened.ledger.head()
    # Four steps may fail and do no harm: making the folder above, which is there already; the first
    # head, in two steps, which the second replaces; and looking for something left to clean up.
    assert failed >= len(tried) - 4


def test_a_failure_at_any_step_leaves_nothing(
    tmp_path: Path, values: Any, clock: Any, steps: tuple[int, int]
) -> None:
    _check_failures(tmp_path, values, clock, steps[0], existing=False)


@in_ci
def test_a_failure_at_any_step_leaves_an_existing_folder_as_it_was(
    tmp_path: Path, values: Any, clock: Any, steps: tuple[int, int]
) -> None:
    _check_failures(tmp_path, values, clock, steps[1], existing=True)


def test_control_without_the_cleaning_up_something_is_left(
    tmp_path: Path, values: Any, steps: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "rmtree", lambda *_args, **_kwargs: None)
    _fail_at(monkeypatch, steps[0] - 2)
    with pytest.raises(CountersignError):
        create(tmp_path / "w", **values())
    assert list(tmp_path.iterdir()) != []
    # What a crash leaves is hidden and is not the workspace that was named.
    assert all(path.name.startswith(".") for path in tmp_path.iterdir())
    with pytest.raises(NotFound):
        find(tmp_path / "w", {})
