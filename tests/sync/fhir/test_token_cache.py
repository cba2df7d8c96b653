"""Cached tokens: used while they live, dropped when rejected, fetched by one process at a time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from datetime import timedelta

import pytest

from sync.fhir import token_cache
from sync.fhir.token_cache import CachedTokens, TokenCache
from sync.fhir.tokens import Token
from sync.keys.os_keyring import OsKeyring
from sync.keys.seal import Sealer
from sync.store.connection import Connection, connect, migrate
from tests.fakes import FakeClock
from tests.sync.keys.test_os_keyring import Memory

SCOPE, SERVER = "system/*.rs", "http://127.0.0.1/token"


class Source:
    """A source whose tokens are numbered."""

    authenticated = True

    def __init__(self, life: float = 300.0, size: int = 0) -> None:
        self.count, self.life, self.size = 0, life, size
        self.dropped: list[str] = []
        self.gate: asyncio.Event | None = None
        self.wanted, self.asked = 1, asyncio.Event()

    async def token(self, scope: str, *, exact: bool = False) -> Token:
        self.count += 1
        if self.count == self.wanted:
            self.asked.set()
        if self.gate is not None:
            await self.gate.wait()
        value = f"token-{self.count}" + "x" * self.size
        return Token(scope, self.life, 0.8 * self.life, lambda: 0.0, self, value)

    def drop(self, token: Token) -> None:
        self.dropped.append(token.value)

    async def aclose(self) -> None:
        """Nothing to close."""


@pytest.fixture
def connection() -> Iterator[Connection]:
    made = connect(":memory:", None)
    migrate(made)
    yield made
    made.close()


def tokens(
    connection: Connection,
    source: Source,
    clock: FakeClock,
    backend: Memory | None = None,
    holder: str = "one",
) -> CachedTokens:
    ring = None if backend is None else OsKeyring("m", backend)
    cache = TokenCache(connection, Sealer(b"k" * 32), "w", ring)
    return CachedTokens(source, cache, "read", SERVER, clock, holder, monotonic=lambda: 0.0)


@pytest.mark.parametrize("in_keyring", [False, True])
async def test_the_next_command_uses_the_cached_token(
    connection: Connection, in_keyring: bool
) -> None:
    source, clock = Source(), FakeClock()
    backend = Memory() if in_keyring else None
    first = await tokens(connection, source, clock, backend).token(SCOPE)
    again = await tokens(connection, source, clock, backend).token(SCOPE)
    assert first.value == again.value == "token-1" and source.count == 1
    place, sealed = connection.execute("SELECT place, sealed FROM token_cache").fetchone()
    assert (place == "keyring") is in_keyring
    assert sealed is None if in_keyring else b"token-1" not in sealed


async def test_a_long_token_is_sealed_in_the_store(connection: Connection) -> None:
    backend = Memory()
    await tokens(connection, Source(size=2000), FakeClock(), backend).token(SCOPE)
    assert backend.entries == {}
    assert connection.execute("SELECT place FROM token_cache").fetchone()[0] == "store"


@pytest.mark.parametrize(
    ("life", "seconds", "fetched"),
    [(300, 0, 1), (300, 239, 1), (300, 241, 2), (60, 29, 1), (60, 31, 2), (300, -5, 2),
     (300, 100_000, 2)],
)  # fmt: skip
async def test_a_token_is_used_to_its_share_and_never_by_a_clock_set_back(
    connection: Connection, life: float, seconds: float, fetched: int
) -> None:
    source, clock = Source(life), FakeClock()
    await tokens(connection, source, clock).token(SCOPE)
    clock.time += timedelta(seconds=seconds)
    await tokens(connection, source, clock).token(SCOPE)
    assert source.count == fetched


async def test_a_rejected_token_is_dropped_everywhere(connection: Connection) -> None:
    source, clock, backend = Source(), FakeClock(), Memory()
    made = tokens(connection, source, clock, backend)
    made.drop(await made.token(SCOPE))
    assert backend.entries == {} and source.dropped == ["token-1"]
    assert (await made.token(SCOPE)).value == "token-2"


async def test_what_is_lost_is_fetched_again(connection: Connection) -> None:
    source, clock, backend = Source(), FakeClock(), Memory()
    await tokens(connection, source, clock, backend).token(SCOPE)
    backend.entries.clear()
    assert (await tokens(connection, source, clock, backend).token(SCOPE)).value == "token-2"


async def test_of_two_processes_one_fetches(connection: Connection) -> None:
    source, clock = Source(), FakeClock()
    source.gate = asyncio.Event()
    both = [tokens(connection, source, clock, holder=name) for name in ("one", "two")]
    waiting = [asyncio.ensure_future(made.token(SCOPE)) for made in both]
    await source.asked.wait()
    source.gate.set()
    found = await asyncio.gather(*waiting)
    assert {token.value for token in found} == {"token-1"} and source.count == 1
    assert connection.execute("SELECT count(*) FROM refresh").fetchone()[0] == 0


async def test_the_control_without_the_lease_both_fetch(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TokenCache, "lease", lambda *_: True)
    source, clock = Source(), FakeClock()
    source.wanted = 2
    source.gate = asyncio.Event()
    both = [tokens(connection, source, clock, holder=name) for name in ("one", "two")]
    waiting = [asyncio.ensure_future(made.token(SCOPE)) for made in both]
    await source.asked.wait()
    source.gate.set()
    await asyncio.gather(*waiting)
    assert source.count == 2


async def test_the_lease_of_a_killed_process_lapses(connection: Connection) -> None:
    source, clock = Source(), FakeClock()
    cache = TokenCache(connection, Sealer(b"k" * 32), "w", None)
    assert cache.lease("read", SERVER, SCOPE, "dead", clock.now())
    assert not cache.lease("read", SERVER, SCOPE, "one", clock.now())
    clock.advance(seconds=token_cache.LEASE_S)
    assert (await tokens(connection, source, clock).token(SCOPE)).value == "token-1"


async def test_an_exact_token_is_never_cached(connection: Connection) -> None:
    source = Source()
    await tokens(connection, source, FakeClock()).token("system/Patient.u", exact=True)
    assert connection.execute("SELECT count(*) FROM token_cache").fetchone()[0] == 0
    assert math.isfinite(source.life)
