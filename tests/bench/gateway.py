"""The gateway's throughput against a bare httpx loop that sends the same requests in order."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from console.heap import Heap
from core.gateway.run import Round, run_once
from core.intake.stage import stage
from core.review.decide import Answer, decide
from sync.fhir import FhirClient, NoAuth
from tests.bench.gated import behind_gate
from tests.builders import Bench, document, phone_change, proposal

DELAY_S = 0.02
WRITES = {1: 15, 8: 160, 32: 160}
"""Concurrency → how many writes a pair measures."""
LEAST = {1: 0.92, 8: 0.9, 32: 0.88}
PAIRS = 3


def ratios(concurrency: int, pairs: int = PAIRS) -> list[float]:
    """Return seconds of the bare loop over seconds of the gateway, for the same requests.

    Both have Python's collector as `countersign run` has it.
    """
    Heap().rest()
    with _ward() as base_url:
        return [_pair(base_url, concurrency) for _ in range(pairs)]


@contextmanager
def _ward() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.ward"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["base_url"])
    finally:
        process.terminate()
        process.wait(10)


def _pair(base_url: str, concurrency: int) -> float:
    count = WRITES[concurrency]
    control = "{0.scheme}://{0.netloc}".format(urlsplit(base_url))
    with tempfile.TemporaryDirectory(dir=".") as folder:
        bench = Bench(Path(folder))
        httpx.post(f"{control}/fill", json={"patients": count, "delay_s": 0})
        asyncio.run(_approved(bench, base_url, count))
        httpx.post(f"{control}/fill", json={"patients": None, "delay_s": DELAY_S})
        ours, done = asyncio.run(_gateway(bench, base_url, concurrency))
        assert (done.sent, done.verified, done.unreachable) == (count, count, False)
    got = httpx.get(f"{control}/got").json()
    httpx.post(f"{control}/fill", json={"patients": count, "delay_s": DELAY_S})
    bare = asyncio.run(_bare(control, got, concurrency))
    return bare / ours


async def _approved(bench: Bench, base_url: str, count: int) -> None:
    async with FhirClient("sandbox", base_url, NoAuth(), NoAuth()) as ehr:
        workspace = replace(bench.workspace, ehrs={"sandbox": ehr})
        for number in range(count):
            change = phone_change(target=f"Patient/p{number}")
            one = proposal(change, patient=f"Patient/p{number}", evidence=[],
                           correlation_id=f"c-{number}")  # fmt: skip
            id_ = (await stage(workspace, document(one))).proposal.id
            found = bench.ledger.change(id_, 0)
            assert found is not None
            decide(workspace, id_, 0, Answer("approve", seen=found.change_digest))


async def _gateway(bench: Bench, base_url: str, concurrency: int) -> tuple[float, Round]:
    async with behind_gate(bench.workspace, base_url, concurrency) as workspace:
        begun = time.perf_counter()
        done = await run_once(workspace, bench.epoch)
        return time.perf_counter() - begun, done


async def _bare(control: str, got: list[dict[str, Any]], concurrency: int) -> float:
    """Send them as they are, read each answer, and do nothing with it."""
    due = iter(got)
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(base_url=control, limits=limits, trust_env=False) as client:

        async def work() -> None:
            for one in due:
                answer = await client.request(
                    one["method"], one["url"], headers=one["headers"],
                    content=one["body"].encode(),
                )  # fmt: skip
                answer.json()

        begun = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(concurrency)))
        return time.perf_counter() - begun
