"""A store that was opened and adopted its first documents, made once a process and copied."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sync.keys.ring import KeyRing, generate
from sync.store.connection import connect, migrate
from sync.store.ledger import StoreLedger
from sync.workspace.create import establish, starting_config
from sync.workspace.documents import starting_documents
from tests.fakes import FakeClock, FakeIds


@dataclass(frozen=True)
class Begun:
    """The bytes of the store, its keys, and how many ids were given out."""

    store: bytes
    ring: KeyRing
    ids: int


@cache
def begun(profile: str, ehr_url: str) -> Begun:
    """Return the store of a new workspace of one person with one EHR."""
    ring, ids = generate(), FakeIds()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        connection = connect(path, None)
        migrate(connection)
        ledger = StoreLedger(connection, FakeClock(), ring.checkpoint_key)
        config = starting_config(
            ehr_url=ehr_url,
            token_url=None,
            profile=profile,
            clients={},
            reviewer="dr-lee",
            team="solo",
        )
        establish(ledger, ring, config, starting_documents(profile, "dr-lee", ring), ids)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return Begun(path.read_bytes(), ring, ids.count)
