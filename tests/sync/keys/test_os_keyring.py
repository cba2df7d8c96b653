"""The keyring behind our limits: what is taken, how long it is waited for, what is said."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from core.errors import Conflict, Failed
from sync.keys import KEYS, os_keyring, workspace_key
from sync.keys.os_keyring import OsKeyring

SECRET = "canary-secret"
PASSPHRASE = "only for this test"


class Memory:
    """A back end that keeps what it is given, and may block, raise or forget."""

    priority = 5.0

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.release: threading.Event | None = None
        self.error: Exception | None = None
        self.forgets = False

    def _step(self) -> None:
        if self.release is not None:
            self.release.wait(30)
        if self.error is not None:
            raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        self._step()
        return self.entries.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._step()
        if not self.forgets:
            self.entries[username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._step()
        del self.entries[username]


def keyring(backend: Memory, limit_s: float = 5.0) -> OsKeyring:
    return OsKeyring("tests.Memory", backend, limit_s)


def test_an_entry_is_stored_read_and_deleted() -> None:
    ring = keyring(Memory())
    assert ring.get("a") is None
    ring.set("a", SECRET)
    assert ring.get("a") == SECRET
    ring.delete("a")
    ring.delete("a")
    assert ring.get("a") is None
    assert SECRET not in repr(ring)


def test_a_keyring_that_blocks_is_left_after_its_limit() -> None:
    backend = Memory()
    backend.release = threading.Event()
    try:
        with pytest.raises(Failed, match=r"did not answer within 0\.01 seconds.*--keys file"):
            keyring(backend, 0.01).get("a")
    finally:
        backend.release.set()


def test_what_a_back_end_raises_is_not_repeated() -> None:
    backend = Memory()
    backend.error = RuntimeError(SECRET)
    with pytest.raises(Failed, match="RuntimeError") as caught:
        keyring(backend).set("a", SECRET)
    assert SECRET not in str(caught.value) and caught.value.__context__ is None


def test_a_keyring_that_forgets_is_noticed() -> None:
    backend = Memory()
    backend.forgets = True
    with pytest.raises(Failed, match="did not keep"):
        keyring(backend).set("a", SECRET)


@pytest.mark.parametrize(
    "name",
    ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", "os.system",
     "keyrings.alt.file.PlaintextKeyring", "keyring.backends.chainer.ChainerBackend"],
)  # fmt: skip
def test_only_listed_back_ends_are_taken(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failed, match="not supported"):
        os_keyring.find(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    monkeypatch.setattr(os_keyring, "_viable", lambda _name: None)
    with pytest.raises(Failed, match=r"no usable OS keyring.*--keys file"):
        os_keyring.find()


def test_the_pinned_back_end_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = os_keyring.BACKENDS[:2]
    monkeypatch.setattr(os_keyring, "_viable", lambda name: Memory() if name == second else None)
    assert os_keyring.find().name == second
    with pytest.raises(Failed, match="not the OS keyring of this workspace"):
        os_keyring.find(first)


def test_logging_out_and_in_moves_the_key_and_never_loses_it(tmp_path: Path) -> None:
    ring, key = keyring(Memory()), b"k" * 32
    workspace_key.put(ring, "w", key)
    assert workspace_key.get(ring, "w", tmp_path) == key
    workspace_key.leave(ring, "w", tmp_path, PASSPHRASE)
    with pytest.raises(Failed, match=workspace_key.LOGGED_OUT):
        workspace_key.get(ring, "w", tmp_path)
    assert workspace_key.enter(ring, "w", tmp_path, lambda: PASSPHRASE)
    assert workspace_key.get(ring, "w", tmp_path) == key
    assert not (tmp_path / KEYS).exists()
    assert not workspace_key.enter(ring, "w", tmp_path, lambda: PASSPHRASE)


@pytest.mark.parametrize("step", range(1, 5))
def test_failing_at_the_nth_step_leaves_the_key_somewhere(tmp_path: Path, step: int) -> None:
    backend, key = Memory(), b"k" * 32
    ring = keyring(backend)
    workspace_key.put(ring, "w", key)
    calls: list[int] = []

    def counted() -> None:
        calls.append(1)
        if len(calls) == step:
            raise OSError

    backend._step = counted  # type: ignore[method-assign]
    for move in (
        lambda: workspace_key.leave(ring, "w", tmp_path, PASSPHRASE),
        lambda: workspace_key.enter(ring, "w", tmp_path, lambda: PASSPHRASE),
    ):
        try:
            move()
        except (Failed, Conflict):
            break
    backend._step = lambda: None  # type: ignore[method-assign]
    if (tmp_path / KEYS).exists():
        workspace_key.enter(ring, "w", tmp_path, lambda: PASSPHRASE)
    assert workspace_key.get(ring, "w", tmp_path) == key
