"""The completer: clearing writes whose outcome is unknown, against as many bare GETs.

Each write was committed and its answer lost; it is read back and resolved, durably. The baseline is
httpx, which asks the same server (20 ms an answer) for the same resources in the same order, one
after another, and does nothing with them.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from core.canonical import encode
from core.gateway import run as gateway
from core.gateway.send import send
from core.intake.stage import stage
from core.lifecycle import State
from core.review.decide import Answer, decide
from sync.store.connection import connect
from sync.store.ledger import StoreLedger
from tests.bench.gated import behind_gate
from tests.builders import Bench, document, problem_of, proposal

COUNT = 1000
PAIRS = 3


def ratios(count: int = COUNT) -> list[float]:
    """Return seconds of the completer over seconds of the GETs, each pair in turn."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        bench = Bench(Path(folder))
        asyncio.run(_interrupted(bench, count))
        bench.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with _server(bench) as origin:
            return [asyncio.run(_pair(bench, origin, number, count)) for number in range(PAIRS)]


async def _interrupted(bench: Bench, count: int) -> None:
    """Leave `count` creates committed at the server, their answers lost."""
    for number in range(count):
        one = proposal(problem_of(f"c{number}"), evidence=[], correlation_id=f"c{number}")
        found = await stage(bench.workspace, document(one))
        (change,) = bench.ledger.changes(found.proposal.id)
        decide(bench.workspace, change.proposal, 0, Answer("approve", seen=change.change_digest))
    bench.ehr.faults = ["lost-response"] * count
    for change in bench.ledger.changes_in(State.READY):
        await send(bench.workspace, change, bench.epoch)
    assert bench.ledger.state_counts() == {State.AMBIGUOUS: count}


async def _pair(bench: Bench, origin: str, number: int, count: int) -> float:
    path = bench.path.with_name(f"copy-{number}.db")
    shutil.copy(bench.path, path)
    ledger = StoreLedger(connect(path, None), bench.clock, bench.ring.checkpoint_key)
    changes = ledger.changes_in(State.AMBIGUOUS)
    bare = await _bare([f"{origin}/fhir/{one.type}/{one.operation}" for one in changes])
    alone = replace(bench.workspace, ledger=ledger)
    async with behind_gate(alone, f"{origin}/fhir", 1) as workspace:
        done = gateway.Round()
        begun = time.perf_counter()
        await gateway._resolve_all(workspace, done)
        taken = time.perf_counter() - begun
    assert (done.resolved, ledger.state_counts()) == (count, {State.PERSISTED: count})
    return taken / bare


async def _bare(urls: Sequence[str]) -> float:
    async with httpx.AsyncClient() as client:
        begun = time.perf_counter()
        for url in urls:
            answer = await client.get(url)
            assert answer.status_code == 200
        return time.perf_counter() - begun


@contextmanager
def _server(bench: Bench) -> Iterator[str]:
    newest = {
        f"/fhir/{reference}": json.loads(encode(chain[-1]))
        for reference, chain in bench.ehr.versions.items()
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.answering"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdin is not None and process.stdout is not None
        json.dump(newest, process.stdin)
        process.stdin.close()
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
