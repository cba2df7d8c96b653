"""The independent authorization server as a process, and what a client sent to it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sync.fhir import TokenSource
from sync.wire import httpx
from tests.sync.fhir.servers import ec_key, rsa_key

FOLDER = "COUNTERSIGN_OIDC_PROVIDER"
REQUIRED = "COUNTERSIGN_REQUIRE_REAL"
SCRIPT = Path(__file__).with_name("server.mjs")
START = 60.0
READ = "system/*.rs"
WRITE = "system/Condition.c"
PRIVATE = ("d", "p", "q", "dp", "dq", "qi")

Jwk = dict[str, Any]


def installed(environ: Mapping[str, str]) -> Path:
    """Return where the server is installed; without one the test is skipped, or fails in CI."""
    folder = environ.get(FOLDER)
    if folder:
        return Path(folder).resolve()
    reason = f"{FOLDER} is not set: .ci/oauth-server installs the authorization server"
    if environ.get(REQUIRED) == "1":
        pytest.fail(reason)
    pytest.skip(f"skipped: {reason}")


@dataclass(frozen=True)
class Seen:
    """What the server counted: requests at its token endpoint, grants, and why it refused."""

    requests: int
    granted: int
    refused: list[dict[str, str]]
    now: int

    def since(self, before: Seen) -> Seen:
        return Seen(
            self.requests - before.requests,
            self.granted - before.granted,
            self.refused[len(before.refused) :],
            self.now,
        )


@dataclass(frozen=True)
class StrictServer:
    """A running server; `token_url` is its token endpoint."""

    issuer: str
    token_url: str

    def seen(self) -> Seen:
        with httpx.Client(trust_env=False) as http:
            return Seen(**http.get(f"{self.issuer}/seen").raise_for_status().json())


@contextmanager
def running(folder: Path, clients: list[Jwk], log: Path) -> Iterator[StrictServer]:
    """Run the server with these clients registered; its own words go to `log`."""
    with (
        log.open("wb") as words,
        subprocess.Popen(
            [_node(folder), str(SCRIPT), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps({"clients": clients}).encode() + b"\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], START)
            line = process.stdout.readline() if ready else b""
            assert line, f"the server did not start: {log.read_text()}"
            found = json.loads(line)
            yield StrictServer(found["issuer"], found["token_endpoint"])
        finally:
            process.terminate()
            process.wait(timeout=START)


def _node(folder: Path) -> str:
    """The Node that the lock file brings with it, else the system's."""
    brought = sorted(folder.glob("node_modules/node-linux-*/bin/node"))
    return str(brought[0]) if brought else "node"


class Recorder(httpx.AsyncBaseTransport):
    """The network, with what was sent; `to` is where requests go in truth."""

    def __init__(self, to: str | None = None) -> None:
        self._network = httpx.AsyncHTTPTransport(trust_env=False)
        self._to = to
        self.forms: list[dict[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.forms.append(dict(httpx.QueryParams((await request.aread()).decode())))
        if self._to is not None:
            request = httpx.Request(
                request.method,
                self._to,
                headers={"Content-Type": request.headers["content-type"]},
                content=request.content,
                extensions=request.extensions,
            )
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


class Clock:
    """A wall clock and a monotonic one, which begin at the server's second and move by hand."""

    def __init__(self, start: int) -> None:
        self._start = start
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._start + self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Keys:
    """The keys whose public halves are registered."""

    rsa: Jwk = field(default_factory=rsa_key)
    ec: Jwk = field(default_factory=ec_key)


@dataclass
class Parts:
    """A token source and what it sends."""

    tokens: TokenSource
    recorder: Recorder


Connect = Callable[..., Parts]


def public(jwk: Jwk, **more: str) -> Jwk:
    """The half of a key that is registered."""
    return {**{name: value for name, value in jwk.items() if name not in PRIVATE}, **more}


def shown(error: BaseException) -> str:
    """All that a report of an error can show: its texts, traceback, and variables of our frames."""
    parts = [str(error), repr(error), *traceback.format_exception(error)]
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if "/sync/" in frame.f_code.co_filename and "/tests/" not in frame.f_code.co_filename:
            parts += [repr(value) for value in frame.f_locals.values()]
    return "\n".join(parts)


def secrets_of(recorder: Recorder, *keys: Jwk) -> list[str]:
    """What no error may show: assertions, their claims and signatures, private key members."""
    found = [jwk[name] for jwk in keys for name in PRIVATE if name in jwk]
    for form in recorder.forms:
        assertion = form["client_assertion"]
        found += [assertion, *assertion.split(".")[1:]]
    return found
