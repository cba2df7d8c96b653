"""A sandbox in this process, with a clock and ids that the test moves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sync.sandbox import BASE_URL, InProcessTransport, Sandbox


class Clock:
    """A clock that stands until told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = iter(range(1, 10_000))
    return lambda: f"made-{next(numbers)}"


@pytest.fixture
def sandbox(clock: Clock, new_id: Callable[[], str]) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, new_id=new_id, no_auth=True) as made:
        yield made


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sandbox) as client:
        yield client


def client_of(sandbox: Sandbox) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=InProcessTransport(sandbox.app), base_url=BASE_URL)


@pytest.fixture
def client() -> Callable[[Sandbox], httpx.AsyncClient]:
    return client_of


@pytest.fixture
def send() -> Callable[..., dict[str, Any]]:
    """Return the keyword arguments of a request with a FHIR JSON body."""

    def arguments(resource: Any, **headers: str) -> dict[str, Any]:
        content = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"content": content, "headers": {"Content-Type": "application/fhir+json", **named}}

    return arguments
