"""The operating system's keyring: the only place that imports the `keyring` library.

Only back ends that the operating system itself protects are taken, chosen here and not by a
configuration file or variable, and pinned when the workspace is made. Every call has a time limit,
because unlocking may wait for a person for ever. Source: design §11, hub-protocol §10.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from core.errors import Failed

SERVICE = "countersign"
LIMIT_S = 10.0
MAX_ENTRY = 1280
"""Characters that every supported keyring holds in one entry; Windows holds no more."""
BACKENDS = (
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
    "keyring.backends.macOS.Keyring",
    "keyring.backends.Windows.WinVaultKeyring",
)
CHOICES = (
    "Unlock or start the keyring of this session and try again, or choose a file protected by a "
    "passphrase: --keys file"
)
T = TypeVar("T")


class Backend(Protocol):
    """What is used of a back end of the library."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return an entry, or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store an entry."""

    def delete_password(self, service: str, username: str) -> None:
        """Delete an entry."""


class OsKeyring:
    """One back end with a time limit; nothing that it raises holds a secret."""

    def __init__(self, name: str, backend: Backend, limit_s: float = LIMIT_S):
        self.name = name
        """Module and class of the back end."""
        self._backend = backend
        self._limit_s = limit_s

    def __repr__(self) -> str:
        return f"OsKeyring({self.name!r})"

    def get(self, entry: str) -> str | None:
        """Return an entry, or None; raises Failed."""
        return self._within(lambda: self._backend.get_password(SERVICE, entry))

    def set(self, entry: str, value: str) -> None:
        """Store an entry and read it back; raises Failed."""
        self._within(lambda: self._backend.set_password(SERVICE, entry, value))
        if self.get(entry) != value:
            raise Failed("the OS keyring did not keep what was stored", remedy=CHOICES)

    def delete(self, entry: str) -> None:
        """Delete an entry; one that is not there is no error. Raises Failed."""
        if self.get(entry) is not None:
            self._within(lambda: self._backend.delete_password(SERVICE, entry))

    def _within(self, call: Callable[[], T]) -> T:
        return within(call, self._limit_s)


def within(call: Callable[[], T], limit_s: float) -> T:
    """Return what `call` returns within the limit; Failed with no word of what it raised."""
    done: list[T] = []
    failed: list[str] = []

    def run() -> None:
        try:
            done.append(call())
        except Exception as error:  # noqa: BLE001 - back ends raise what they like
            failed.append(type(error).__name__)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(limit_s)
    if done:
        return done[0]
    if failed:
        raise Failed(f"the OS keyring cannot be used ({failed[0]})", remedy=CHOICES)
    raise Failed(f"the OS keyring did not answer within {limit_s:g} seconds", remedy=CHOICES)


def find(pinned: str | None = None, limit_s: float = LIMIT_S) -> OsKeyring:
    """Return the keyring of this session, or the one that a workspace is pinned to.

    Raises Failed naming the choices where there is none that the operating system protects.
    """
    if pinned is not None and pinned not in BACKENDS:
        raise Failed(
            "countersign.toml names a keyring back end that is not supported",
            remedy=f"Use one of: {', '.join(BACKENDS)}",
        )
    for name in BACKENDS if pinned is None else (pinned,):
        backend = within(lambda name=name: _viable(name), limit_s)  # type: ignore[misc]
        if backend is not None:
            return OsKeyring(name, backend, limit_s)
    what = "no usable OS keyring" if pinned is None else "not the OS keyring of this workspace"
    raise Failed(f"this session has {what}", remedy=CHOICES)


def _viable(name: str) -> Backend | None:
    module, _, class_name = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), class_name)
        if found.priority <= 0:
            return None
        backend: Backend = found()
    except Exception:  # noqa: BLE001 - whatever a back end raises here, it is not to be used
        return None
    return backend
