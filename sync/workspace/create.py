"""Making a workspace: all of it, or nothing that looks like one.

Source: design §7, §11, §13 (`init`). It is built in a hidden folder and moved into place.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from core.adoption import PROFILE_PREFIX, Adopter, adopt_in, opening
from core.errors import Conflict, Failed
from core.ports import Clock, Ids
from sync.keys import KEYS, private_file, workspace_key
from sync.keys.os_keyring import OsKeyring
from sync.keys.passphrase import Cost, check_new, write_key_file
from sync.keys.ring import KeyRing, generate, save
from sync.keys.seal import new_workspace_key, seal_key, store_key
from sync.store import STORE
from sync.store.connection import connect, migrate
from sync.store.ledger import StoreLedger
from sync.workspace import head
from sync.workspace.config import FILE as CONFIG
from sync.workspace.config import Config, make_config, render_config
from sync.workspace.documents import Documents, starting_documents

FILES = (KEYS, STORE, head.FILE, "policy.toml", "roster.toml", "profile.toml", CONFIG)
"""What `create` writes; the configuration last, because it makes a folder a workspace."""

Client = tuple[str, Mapping[str, str]]
"""Client id and private JWK."""


def create(
    path: Path,
    *,
    ehr_url: str,
    token_url: str | None = None,
    profile: str,
    clients: Mapping[str, Client] | None = None,
    passphrase: str | None = None,
    keyring: OsKeyring | None = None,
    reviewer: str,
    team: str = "solo",
    clock: Clock,
    ids: Ids,
    cost: Cost | None = None,
) -> None:
    """Make a workspace in `path` for one EHR, named after its profile.

    `clients` maps planes (`read`, `propose`, `approve`, `write`) to client id and private JWK;
    the workspace key goes into `keyring`, or else into a file that `passphrase` opens; `cost` is
    that file's. Raises BadInput for a bad value, Conflict when the
    folder holds a workspace or files of those names, Failed when the disk does not take it.
    """
    if keyring is None:
        check_new(passphrase or "")
    ring = generate({(profile, plane): jwk for plane, (_, jwk) in (clients or {}).items()})
    documents = starting_documents(profile, reviewer, ring)
    config = starting_config(
        ehr_url=ehr_url,
        token_url=token_url,
        profile=profile,
        clients={plane: client for plane, (client, _) in (clients or {}).items()},
        reviewer=reviewer,
        team=team,
        id_=ids.uuid(),
        keyring=None if keyring is None else keyring.name,
    )
    target = path.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        existed = _refuse_occupied(target)
        hidden = f".countersign.{secrets.token_hex(8)}.new"
        folder = target / hidden if existed else target.parent / hidden
        folder.mkdir(mode=private_file.FOLDER_MODE)
        try:
            keep = _keeper(config, folder, passphrase, cost, keyring)
            _build(folder, config, ring, documents, keep, clock, ids)
            _publish(folder, target, existed=existed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise Failed(
            f"the workspace cannot be made: {error.strerror}",
            remedy="Choose a folder on a local disk that you may write to",
        ) from error


def starting_config(
    *,
    ehr_url: str,
    token_url: str | None,
    profile: str,
    clients: Mapping[str, str],
    reviewer: str,
    team: str,
    id_: str | None = None,
    keyring: str | None = None,
) -> Config:
    """Return the configuration of a new workspace; `clients` maps planes to client ids."""
    ehr: dict[str, object] = {"base_url": ehr_url, "profile": profile, "clients": dict(clients)}
    if token_url is not None:
        ehr["token_url"] = token_url
    values: dict[str, object] = {
        "version": 1,
        "team": team,
        "reviewer": reviewer,
        "keys": "file" if keyring is None else "keyring",
        "ehr": {profile: ehr},
    }
    if id_ is not None:
        values["id"] = id_
    if keyring is not None:
        values["keyring_backend"] = keyring
    return make_config(values)


def establish(
    ledger: StoreLedger, ring: KeyRing, config: Config, documents: Documents, ids: Ids
) -> None:
    """Open a new ledger and adopt its first documents, these in one transaction."""
    ledger.create(opening(ring, config.reviewer))
    adopter = Adopter(config.team, config.reviewer, ring.signer("reviewer"), ids)
    with ledger.transaction() as transaction:
        for kind, text in (
            ("roster", documents.roster),
            ("policy", documents.policy),
            (PROFILE_PREFIX + documents.ehr, documents.profile),
            ("phase", documents.phase),
        ):
            adopt_in(transaction, adopter, kind, text)


def _refuse_occupied(target: Path) -> bool:
    """Return whether the folder is there already, empty of anything of ours."""
    if not target.exists():
        return False
    if not target.is_dir():
        raise Conflict("there is a file of that name", remedy="Name a new folder")
    if (target / CONFIG).exists():
        raise Conflict("this folder is a workspace already", remedy="Name a new folder")
    taken = [name for name in FILES if (target / name).exists()]
    if taken:
        raise Conflict(f"the folder holds {', '.join(taken)}", remedy="Name a new folder")
    return True


def _keeper(
    config: Config,
    folder: Path,
    passphrase: str | None,
    cost: Cost | None,
    keyring: OsKeyring | None,
) -> Callable[[bytes], None]:
    """Return what puts the new workspace key into the place that was chosen."""
    if keyring is None:
        return lambda key: write_key_file(folder / KEYS, key, passphrase or "", cost)
    return lambda key: workspace_key.put(keyring, str(config.id), key)


def _build(
    folder: Path,
    config: Config,
    ring: KeyRing,
    documents: Documents,
    keep: Callable[[bytes], None],
    clock: Clock,
    ids: Ids,
) -> None:
    key = new_workspace_key()
    keep(key)
    # SQLite gives its side files the mode of the database file, so that is set first.
    private_file.create(folder / STORE, b"")
    connection = connect(folder / STORE, store_key(key))
    try:
        migrate(connection)
        save(connection, ring, seal_key(key))
        written = head.HeadFile(folder)
        ledger = StoreLedger(connection, clock, ring.checkpoint_key, written)
        establish(ledger, ring, config, documents, ids)
    finally:
        connection.close()
    if written.problem is not None:
        raise Failed(written.problem)
    for name, text in documents.files().items():
        private_file.create(folder / name, text.encode("utf-8"))
    private_file.create(folder / CONFIG, render_config(config).encode("utf-8"))
    private_file.sync_folder(folder)


def _publish(folder: Path, target: Path, *, existed: bool) -> None:
    if not existed:
        folder.rename(target)
        try:
            private_file.sync_folder(target.parent)
        except BaseException:
            target.rename(folder)
            raise
        return
    if [found.name for found in target.iterdir()] == [folder.name]:
        target.chmod(private_file.FOLDER_MODE)
    moved: list[Path] = []
    try:
        for name in FILES:
            if not (folder / name).exists():
                continue
            (folder / name).rename(target / name)
            moved.append(target / name)
        private_file.sync_folder(target)
    except BaseException:
        for path in reversed(moved):
            path.unlink()
        raise
