"""The pull of 10,000 Tasks, an idle pull, and how fast the sandbox creates."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.fhir import FhirClient, NoAuth
from sync.hub.client import HubClient
from sync.hub.engine import Engine, never
from sync.hub.pull import Pull, pull_tasks
from sync.hub.report import Report
from sync.hub.seen import Seen
from sync.keys.ring import Ed25519Signer
from sync.sandbox import Sandbox, serving
from tests.bench.pages import TASKS
from tests.builders import Bench, problem_change
from tests.hub import HubAgent, enrol

PAIRS = 3
CREATES = 500


def pull_ratios() -> list[float]:
    """Return seconds of a bare paging loop over seconds of our pull, each pair in turn."""
    with _pages() as base_url:
        return [_bare(base_url) / _ours(base_url) for _ in range(PAIRS)]


@contextmanager
def _pages() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.pages"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["base_url"])
    finally:
        process.terminate()
        process.wait(10)


def _bare(base_url: str) -> float:
    """Page through everything with httpx and json.loads, and do nothing with it."""
    begun = time.perf_counter()
    url: str | None = f"{base_url}/Task"
    count = 0
    with httpx.Client() as client:
        while url is not None:
            bundle = json.loads(client.get(url).content)
            count += len(bundle["entry"])
            url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    assert count == TASKS
    return time.perf_counter() - begun


def _ours(base_url: str) -> float:
    """Pull, judge each Task, keep what was found, move the cursor."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        bench = Bench(Path(folder))
        enrol(bench, "scribe-1", Ed25519Signer(Ed25519PrivateKey.from_private_bytes(b"b" * 32)))
        begun = time.perf_counter()
        asyncio.run(_pull(bench, base_url))
        return time.perf_counter() - begun


async def _pull(bench: Bench, base_url: str) -> None:
    async with HubClient("hub", base_url, NoAuth()) as hub:
        report = Report()
        seen = Seen(bench.connection)
        await pull_tasks(Pull(bench.workspace, hub, seen, ("sandbox",), report, never))
    assert (report.fresh, report.quarantined, report.alarms) == (TASKS, 0, 0)


class _Counting:
    """An ASGI application that counts requests by resource type."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.counts: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.counts[scope["path"].split("/")[2]] += 1
        await self.app(scope, receive, send)


def idle_requests() -> dict[str, int]:
    """Return how many requests a type an idle pull makes, with 20 proposals open."""
    with tempfile.TemporaryDirectory(dir=".") as folder, Sandbox(no_auth=True) as sandbox:
        counting = _Counting(sandbox.app)
        with serving(counting) as place:
            bench = Bench(Path(folder))
            agent = HubAgent()
            enrol(bench, agent.id, agent.signer)
            sandbox.seed([chain[-1] for chain in bench.ehr.versions.values()])
            for number in range(20):
                document = agent.document(changes=[problem_change()], evidence=[])
                sandbox.seed([{**agent.task(document), "id": f"t{number}"}])
            asyncio.run(_sync(bench, place.base_url))
            counting.counts.clear()
            asyncio.run(_sync(bench, place.base_url))
            return dict(counting.counts)


async def _sync(bench: Bench, base_url: str) -> None:
    async with (
        HubClient("hub", base_url, NoAuth()) as hub,
        FhirClient("sandbox", base_url, NoAuth(), None) as ehr,
    ):
        engine = Engine(replace(bench.workspace, ehrs={"sandbox": ehr}), hub, bench.connection)
        await engine.pull()
        await engine.push()
        assert not engine.report.unreachable


def creates() -> float:
    """Return how many Tasks a second one client creates at the sandbox, over HTTP."""
    agent = HubAgent()
    bodies = [json.dumps({**agent.task()}) for _ in range(CREATES)]
    headers = {"Content-Type": "application/fhir+json"}
    with Sandbox(no_auth=True) as sandbox, serving(sandbox.app) as place, httpx.Client() as client:
        begun = time.perf_counter()
        for body in bodies:
            answer = client.post(f"{place.base_url}/Task", content=body, headers=headers)
            assert answer.status_code == 201
        return CREATES / (time.perf_counter() - begun)
