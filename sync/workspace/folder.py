"""Finding a workspace and opening it.

Source: design §11, §13. Any number of processes may have one workspace open at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from core.errors import Conflict, NotFound
from sync.keys import KEYS, private_file, workspace_key
from sync.keys.os_keyring import OsKeyring
from sync.keys.os_keyring import find as find_os_keyring
from sync.keys.passphrase import read_key_file
from sync.keys.ring import KeyRing, load
from sync.keys.seal import Sealer, seal_key, store_key
from sync.store import STORE
from sync.store.connection import Connection, connect, migrate
from sync.store.ledger import StoreLedger
from sync.workspace.config import FILE as CONFIG
from sync.workspace.config import Config, read_config
from sync.workspace.head import HeadFile, is_ahead

if TYPE_CHECKING:
    from core.ports import Clock, Ids
    from sync.workspace.documents import Documents

VARIABLE = "COUNTERSIGN_WORKSPACE"


@dataclass(frozen=True)
class OpenWorkspace:
    """The opened pieces of a workspace; a context manager that closes the store at its end."""

    path: Path
    config: Config
    connection: Connection
    ledger: StoreLedger
    keys: KeyRing
    head: HeadFile
    """Holds the newest signed checkpoint; `head.problem` says when it could not be written."""
    reconnect: Callable[[], Connection]
    """Opens another connection to the same store, for another thread."""
    sealer: Sealer | None = None
    """Seals values with the workspace key; None in a demo, which keeps nothing."""
    keyring: OsKeyring | None = None
    """Where the workspace key lies, if not in a file."""

    def close(self) -> None:
        """Close the store."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def find(path: Path | None, env: Mapping[str, str]) -> Path:
    """Return the workspace folder: `path`, else COUNTERSIGN_WORKSPACE, else the current folder.

    NotFound when that one is no workspace; the next is not tried instead.
    """
    named = path if path is not None else Path(env[VARIABLE]) if env.get(VARIABLE) else None
    folder = (named or Path()).absolute()
    if (folder / CONFIG).is_file():
        return folder
    if named is None:
        raise NotFound(
            "the current folder is no workspace",
            remedy=f"Name one with --workspace or {VARIABLE}, or make one with `countersign init`",
        )
    raise NotFound(
        f"there is no workspace in the folder named by {'--workspace' if path else VARIABLE}",
        remedy="Correct the name, or make one with `countersign init`",
    )


def open_workspace(
    path: Path,
    passphrase: Callable[[], str],
    clock: Clock,
    find_keyring: Callable[[str | None], OsKeyring] = find_os_keyring,
) -> OpenWorkspace:
    """Open the workspace in `path`; `passphrase` is called once, when all else is in order.

    A workspace whose key lies in the OS keyring asks `find_keyring` for the one it is pinned to.

    Raises NotFound, BadInput (configuration, key file, wrong passphrase) or Failed.
    """
    config = read_config(path)
    keyring = find_keyring(config.keyring_backend) if config.keys == "keyring" else None
    for name in (STORE,) if keyring is not None else (KEYS, STORE):
        # SQLite would make an empty store, and then miss the keys in it.
        if not (path / name).is_file():
            raise NotFound(f"the workspace has no {name}", remedy="Restore it from a backup")
    if keyring is None:
        secret = read_key_file(path / KEYS, passphrase())
    else:
        secret = workspace_key.get(keyring, str(config.id), path)
    key = store_key(secret)
    connection = connect(path / STORE, key)
    try:
        migrate(connection)
        sealer = Sealer(seal_key(secret))
        ring = load(connection, sealer.key)
    except BaseException:
        connection.close()
        raise
    opened = _opened(path, config, connection, ring, clock, key)
    return replace(opened, sealer=sealer, keyring=keyring)


def beside(opened: OpenWorkspace, clock: Clock) -> OpenWorkspace:
    """Return the same workspace on a connection of its own, for another thread."""
    connection = opened.reconnect()
    ledger = StoreLedger(connection, clock, opened.keys.checkpoint_key, opened.head)
    ledger.locked = opened.ledger.locked
    return replace(opened, connection=connection, ledger=ledger)


def open_memory(
    path: Path, ring: KeyRing, *, config: Config, documents: Documents, clock: Clock, ids: Ids
) -> OpenWorkspace:
    """Open a new keyless workspace in `path` whose private keys are nowhere but in memory.

    For the demo: no real patients. Conflict when `path` holds a store already.
    """
    from sync.workspace.create import establish

    path.mkdir(mode=private_file.FOLDER_MODE, parents=True, exist_ok=True)
    try:
        private_file.create(path / STORE, b"")
    except FileExistsError:
        raise Conflict("the folder holds a store already", remedy="Name a new folder") from None
    connection = connect(path / STORE, None)
    try:
        migrate(connection)
        opened = _opened(path, config, connection, ring, clock, None)
        establish(opened.ledger, ring, config, documents, ids)
    except BaseException:
        connection.close()
        raise
    return opened


def _opened(
    path: Path,
    config: Config,
    connection: Connection,
    ring: KeyRing,
    clock: Clock,
    key: bytes | None,
) -> OpenWorkspace:
    written = HeadFile(path)
    # Read before the store's size: the file is written after the commit, and so is never ahead.
    kept = written.read()
    ledger = StoreLedger(connection, clock, ring.checkpoint_key, written)
    ledger.locked = kept is not None and is_ahead(kept, ledger)
    return OpenWorkspace(
        path, config, connection, ledger, ring, written, lambda: connect(path / STORE, key)
    )
