"""One strict authorization server for all tests here, with the clients that they play."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from sync.fhir import TokenSource
from tests.oauth.provider import (
    READ,
    WRITE,
    Clock,
    Connect,
    Jwk,
    Keys,
    Parts,
    Recorder,
    StrictServer,
    installed,
    public,
    running,
)

_JTI = itertools.count()


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


@pytest.fixture(scope="session")
def server(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StrictServer]:
    folder = installed(os.environ)
    rsa, ec = public(keys.rsa), public(keys.ec)

    def client(id_: str, alg: str, *jwks: Jwk, scope: str = WRITE, seconds: int = 300) -> Jwk:
        return {"id": id_, "alg": alg, "keys": list(jwks), "scope": scope, "seconds": seconds}

    clients = [
        client("reader", "RS384", rsa, scope=f"{READ} system/Condition.rs"),
        client("writer", "ES384", ec, scope=f"{WRITE} system/Condition.u"),
        # Both keys are known, so that only the algorithm is wrong.
        client("rsa-only", "RS384", rsa, ec),
        client("short", "ES384", ec, seconds=60),
        client("long", "ES384", ec, seconds=3600),
        client("hasty", "ES384", ec, seconds=20),
        client("other", "ES384", ec, scope="system/Patient.d"),
    ]
    log = tmp_path_factory.mktemp("oauth") / "server.log"
    with running(folder, clients, log) as found:
        yield found


@pytest.fixture
def clock(server: StrictServer) -> Clock:
    return Clock(server.seen().now)


@pytest.fixture
async def connect(server: StrictServer, clock: Clock) -> AsyncIterator[Connect]:
    """Return a function that makes a token source; all are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(client_id: str, jwk: Jwk, **more: Any) -> Parts:
            recorder = Recorder(more.pop("to", None))
            tokens = TokenSource(
                client_id,
                jwk,
                more.pop("token_url", server.token_url),
                clock=clock,
                new_id=more.pop("new_id", lambda: f"jti-{next(_JTI)}"),
                transport=recorder,
                monotonic=clock.monotonic,
            )
            stack.push_async_callback(tokens.aclose)
            return Parts(tokens, recorder)

        yield make
