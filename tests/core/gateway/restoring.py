"""A store that is put back from a backup, for tests: what it forgot is in the chart."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from core.gateway.anchor import register_name
from core.gateway.restored import LostHead, Recovered, Searched, recover, search_witnesses
from core.ledger.event import moment
from sync.store.anchor import lost_heads, publish_head
from sync.store.connection import connect
from sync.store.ledger import StoreLedger
from tests.builders import Bench
from tests.core.gateway.scenario import run


def backup(bench: Bench) -> bytes:
    bench.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return bench.path.read_bytes()


def put_back(bench: Bench, kept: bytes) -> None:
    """Put an older store in the place of the one in use."""
    bench.connection.close()
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{bench.path}{ending}").unlink()
    bench.path.write_bytes(kept)
    bench.connection = connect(bench.path, None)
    bench.ledger = StoreLedger(bench.connection, bench.clock, bench.ring.checkpoint_key)
    bench.epoch = bench.take_lease()


async def publish(bench: Bench) -> bool:
    name = register_name("solo", bench.ledger.id)
    return await publish_head(bench.ledger, bench.ehr, name, bench.clock)


async def round_of(bench: Bench) -> None:
    """Do what a gateway does in one round."""
    await publish(bench)
    await run(bench)
    await publish(bench)


async def lost(bench: Bench) -> list[LostHead]:
    name = register_name("solo", bench.ledger.id)
    return await lost_heads(bench.ledger, {"sandbox": bench.ehr}, name, None)


async def recovered(bench: Bench) -> tuple[Recovered, Searched]:
    """Recover as the command does."""
    heads = await lost(bench)
    opening = bench.ledger.entry(0)
    assert opening is not None
    searched = await search_witnesses(bench.workspace, moment(opening.leaf["at"]))
    return recover(bench.workspace, heads, searched, "the disk died"), searched
