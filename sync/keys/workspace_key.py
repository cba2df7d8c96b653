"""Where the workspace key lies: a file that a passphrase opens, or the OS keyring.

Source: design §11. Logging out moves it from the keyring into a file, logging in back: at no moment
is it in neither place.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import Conflict, Failed, NotFound
from core.statement import InvalidStatement, b64url, unb64url
from sync.keys import KEYS
from sync.keys.os_keyring import CHOICES, OsKeyring
from sync.keys.passphrase import check_new, read_key_file, write_key_file
from sync.keys.seal import KEY_BYTES

LOGGED_OUT = "this workspace is logged out of the keyring"


def put(keyring: OsKeyring, workspace: str, key: bytes) -> None:
    """Store the key of the workspace with that id; raises Failed."""
    keyring.set(_entry(workspace), b64url(key))


def get(keyring: OsKeyring, workspace: str, folder: Path) -> bytes:
    """Return the key; Failed where it is not there, saying what can be done."""
    found = keyring.get(_entry(workspace))
    if found is None and (folder / KEYS).is_file():
        raise Failed(LOGGED_OUT, remedy="Run `countersign login`")
    if found is None:
        raise Failed("the keyring does not hold this workspace's key", remedy=CHOICES)
    try:
        key = unb64url(found)
    except InvalidStatement:
        key = b""
    if len(key) != KEY_BYTES:
        raise Failed("the keyring holds something else than this workspace's key")
    return key


def leave(keyring: OsKeyring, workspace: str, folder: Path, new_passphrase: str) -> None:
    """Move the key into a passphrase's file; Conflict when there is a file already."""
    check_new(new_passphrase)
    place = folder / KEYS
    if place.exists():
        raise Conflict(f"the folder holds a {KEYS} already", remedy="Move it away")
    key = get(keyring, workspace, folder)
    write_key_file(place, key, new_passphrase)
    if read_key_file(place, new_passphrase) != key:
        raise Failed(f"{KEYS} could not be read back")
    keyring.delete(_entry(workspace))


def enter(keyring: OsKeyring, workspace: str, folder: Path, passphrase: Callable[[], str]) -> bool:
    """Move the key from the passphrase's file into the keyring; False when it is there already."""
    place = folder / KEYS
    if not place.is_file():
        get(keyring, workspace, folder)
        return False
    try:
        key = read_key_file(place, passphrase())
    except NotFound:
        return False
    put(keyring, workspace, key)
    place.unlink()
    return True


def _entry(workspace: str) -> str:
    return f"{workspace}:workspace-key"
