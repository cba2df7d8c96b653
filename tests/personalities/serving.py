"""One personality in this process, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from core.canonical import exact
from core.traffic.limits import Window
from sync.sandbox import BASE_URL, InProcessTransport, Sandbox
from sync.sandbox.personality import play
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART


@dataclass
class Served:
    """A sandbox with a personality, a client of it, and its clock."""

    sandbox: Sandbox
    http: httpx.AsyncClient
    clock: FakeClock

    async def post(self, resource: dict[str, Any], **headers: str) -> httpx.Response:
        return await self._send("POST", f"/{resource['resourceType']}", resource, headers)

    async def put(self, resource: dict[str, Any], **headers: str) -> httpx.Response:
        path = f"/{resource['resourceType']}/{resource['id']}"
        return await self._send("PUT", path, resource, headers)

    async def _send(
        self, method: str, path: str, resource: dict[str, Any], headers: dict[str, str]
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            method, path, content=json.dumps(resource),
            headers={"Content-Type": "application/fhir+json", **named},
        )  # fmt: skip

    async def statement(self) -> dict[str, Any]:
        """Return what the CapabilityStatement says, by type."""
        found = (await self.http.get("/metadata")).json()
        return {one["type"]: one for one in found["rest"][0]["resource"]}


@asynccontextmanager
async def served(
    name: str, *chart: dict[str, Any], windows: Sequence[Window] | None = None
) -> AsyncIterator[Served]:
    """Serve a personality with CHART and these resources."""
    clock = FakeClock()
    numbers = iter(range(1, 10_000))
    manner = play(name, clock.now, windows=windows)
    with Sandbox(
        clock=clock.now, new_id=lambda: f"made-{next(numbers)}", no_auth=True, manner=manner
    ) as sandbox:
        sandbox.seed(exact([*CHART, *chart]))
        async with httpx.AsyncClient(
            transport=InProcessTransport(sandbox.app), base_url=BASE_URL
        ) as http:
            yield Served(sandbox, http, clock)
