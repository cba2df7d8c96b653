"""The real store under the same runs: a SQLite file per run, a connection per kind of process."""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.ledger.event import Entry, Event
from core.ports import Ledger
from sync.store.connection import connect, migrate
from sync.store.ledger import StoreLedger, StoreTransaction
from sync.store.verify import verify_store
from tests.sim.ledger import Book
from tests.sim.life import Life
from tests.sim.loop import VirtualLoop
from tests.sim.scene import SimClock, chart, found, ring, stage_all
from tests.sim.server import PERSONALITIES, Personality, Server
from tests.sim.world import Durable

MEMORY = Path("/dev/shm")  # noqa: S108  a file in memory, where the system has such a place


@functools.cache
def folder() -> tempfile.TemporaryDirectory[str]:
    """Return where the files of this process lie."""
    place = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="countersign-sim-", dir=place)


class SimStoreLedger(StoreLedger):
    """The store's ledger in one process; the simulation is told of every step."""

    def __init__(self, connection: Any, clock: SimClock, life: Life):
        super().__init__(
            connection, clock, ring("dr-lee").checkpoint_key, lambda _note: life.committed()
        )
        self._life = life

    @contextmanager
    def transaction(self) -> Iterator[StoreTransaction]:
        self._life.alive()
        with super().transaction() as transaction:
            self._life.begun()
            append = transaction.append

            def appended(event: Event) -> Entry:
                entry = append(event)
                self._life.appended(entry)
                return entry

            transaction.append = appended  # type: ignore[method-assign]
            yield transaction
            self._life.ending()


class StoreDurable(Durable):
    """A store of its own for one run, copied from the staged one."""

    def __init__(self, personality: str, *, verify: bool = True):
        kind = PERSONALITIES[personality]
        super().__init__(Book(""))
        self._verify = verify
        self._path = Path(folder().name) / f"run-{os.getpid()}.db"
        self._remove()
        self._path.write_bytes(_staged(kind.update_create, kind.opaque_versions))
        # The gateway and everybody else: whoever finds the store held is told so, not kept waiting.
        self._gateway, self._others = (self._open() for _ in range(2))

    def handle(self, clock: SimClock, life: Life) -> Ledger:
        gateway = life.name.startswith("gateway")
        return SimStoreLedger(self._gateway if gateway else self._others, clock, life)

    def take_lease(self) -> int:
        self._gateway.execute(
            "INSERT INTO lease (name, epoch) VALUES ('gateway', 1)"
            " ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1"
        )
        return int(self._gateway.execute("SELECT epoch FROM lease").fetchone()[0])

    def problems(self) -> list[str]:
        if not self._verify:
            return []
        report = verify_store(self._gateway)
        return [] if report.ok else [str(item) for item in report.problems]

    def backup(self) -> bytes:
        """Return a copy of the store as it is now."""
        self._others.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self._path.read_bytes()

    def restore(self, backup: bytes) -> None:
        """Put a copy in the place of the store; who had it open opens it anew."""
        self.close()
        self._path.write_bytes(backup)
        self._gateway, self._others = (self._open() for _ in range(2))

    def close(self) -> None:
        self._gateway.close()
        self._others.close()
        self._remove()

    def _open(self) -> Any:
        connection = connect(self._path, None)
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def _remove(self) -> None:
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self._path}{ending}").unlink()


@functools.cache
def _staged(update_create: bool, opaque: bool) -> bytes:
    """Return the bytes of a store in which everything is staged."""
    loop = VirtualLoop(0)
    plain = Personality(update_create=update_create, opaque_versions=opaque)
    server = Server(loop.time, plain)
    chart(server)
    path = Path(folder().name) / f"template-{os.getpid()}.db"
    connection = connect(path, None)
    try:
        migrate(connection)
        ledger = StoreLedger(connection, SimClock(loop), ring("dr-lee").checkpoint_key)
        found(ledger)
        stage_all(ledger, loop, server)
    finally:
        connection.close()
    data = path.read_bytes()
    path.unlink()
    return data
