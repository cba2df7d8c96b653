"""Access tokens kept from one command to the next, and got by one process at a time.

Only those of the read, propose and approve planes; the write plane's live in its gateway's memory.
The value lies in the OS keyring where it fits, else sealed in the store; losing it is no error.
Source: design §11, hub-protocol §10 (keys and tokens).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.errors import Failed
from core.ledger.event import instant, moment
from core.ports import Clock
from sync.fhir.tokens import MIN_LIFE, REUSED, Token, Tokens, elapsed
from sync.keys.os_keyring import MAX_ENTRY, OsKeyring
from sync.store.connection import Connection

LEASE_S = 30.0
WAIT_S = 10.0
STEP_S = 0.05


class Sealer(Protocol):
    """Seals and opens values with the workspace key."""

    def seal(self, name: str, plaintext: bytes) -> bytes:
        """Return the sealed value."""

    def unseal(self, name: str, blob: bytes) -> bytes:
        """Return the value; raises Failed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A cached token, without its value."""

    plane: str
    server: str
    scope: str
    expires: datetime
    place: str


class TokenCache:
    """The cached tokens of one workspace; `keyring` None keeps all of them sealed in the store."""

    def __init__(
        self, connection: Connection, sealer: Sealer, workspace: str, keyring: OsKeyring | None
    ):
        self._execute = connection.execute
        self._sealer = sealer
        self._workspace = workspace
        self._keyring = keyring

    def get(self, plane: str, server: str, scope: str, now: datetime) -> tuple[str, float] | None:
        """Return a value and the seconds that are left of it; None where it may not be used."""
        found = self._execute(
            "SELECT place, sealed FROM token_cache WHERE plane = ? AND server = ? AND scope = ?",
            (plane, server, scope),
        ).fetchone()
        if found is None:
            return None
        try:
            raw = self._value(found[0], found[1], plane, server, scope)
            kept = json.loads(raw) if raw is not None else {}
            issued, life, value = moment(kept["issued"]), float(kept["life"]), str(kept["value"])
        except (Failed, ValueError, KeyError, TypeError):
            return None
        age = (now - issued).total_seconds()
        # A clock that was set back must not lengthen a life.
        if age < 0 or age > REUSED * life or life - age < MIN_LIFE:
            return None
        return value, life - age

    def put(
        self, plane: str, server: str, scope: str, value: str, life: float, now: datetime
    ) -> None:
        """Keep a token that was issued just now and lives `life` seconds."""
        raw = json.dumps({"issued": instant(now), "life": life, "value": value})
        place, sealed = "store", None
        if self._keyring is not None and len(raw) <= MAX_ENTRY:
            place = "keyring"
            self._keyring.set(self._entry(plane, server, scope), raw)
        else:
            sealed = self._sealer.seal(_name(plane, server, scope), raw.encode("utf-8"))
        self._execute(
            "INSERT OR REPLACE INTO token_cache (plane, server, scope, expires, place, sealed)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (plane, server, scope, instant(now + timedelta(seconds=life)), place, sealed),
        )

    def drop(self, plane: str, server: str, scope: str) -> None:
        """Forget one token everywhere."""
        key = (plane, server, scope)
        found = self._execute(
            "SELECT place FROM token_cache WHERE plane = ? AND server = ? AND scope = ?", key
        ).fetchone()
        if found is not None and found[0] == "keyring" and self._keyring is not None:
            self._keyring.delete(self._entry(*key))
        self._execute("DELETE FROM token_cache WHERE plane = ? AND server = ? AND scope = ?", key)

    def clear(self) -> int:
        """Forget every token; return how many there were."""
        kept = self.kept()
        for one in kept:
            self.drop(one.plane, one.server, one.scope)
        return len(kept)

    def kept(self) -> Sequence[Kept]:
        """Return what is kept, without values."""
        found = self._execute(
            "SELECT plane, server, scope, expires, place FROM token_cache ORDER BY 1, 2, 3"
        ).fetchall()
        return [Kept(a, b, c, moment(expires), place) for a, b, c, expires, place in found]

    def lease(self, plane: str, server: str, scope: str, holder: str, now: datetime) -> bool:
        """Be the one process that fetches this token; False while another one is."""
        until = instant(now + timedelta(seconds=LEASE_S))
        self._execute("BEGIN IMMEDIATE")
        try:
            found = self._execute(
                "SELECT holder, until FROM refresh WHERE plane = ? AND server = ? AND scope = ?",
                (plane, server, scope),
            ).fetchone()
            free = found is None or found[0] == holder or now >= moment(found[1])
            if free:
                self._execute(
                    "INSERT OR REPLACE INTO refresh (plane, server, scope, holder, until)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (plane, server, scope, holder, until),
                )
            self._execute("COMMIT")
        except BaseException:
            self._execute("ROLLBACK")
            raise
        return free

    def release(self, holder: str) -> None:
        """Let others fetch."""
        self._execute("DELETE FROM refresh WHERE holder = ?", (holder,))

    def _value(
        self, place: str, sealed: bytes | None, plane: str, server: str, scope: str
    ) -> str | None:
        if place == "keyring":
            entry = self._entry(plane, server, scope)
            return None if self._keyring is None else self._keyring.get(entry)
        if sealed is None:
            return None
        return self._sealer.unseal(_name(plane, server, scope), sealed).decode("utf-8")

    def _entry(self, plane: str, server: str, scope: str) -> str:
        digest = hashlib.sha256(f"{server}\x00{scope}".encode()).hexdigest()[:16]
        return f"{self._workspace}:token:{plane}:{digest}"


def _name(plane: str, server: str, scope: str) -> str:
    return f"token.{plane}.{server}.{scope}"


class CachedTokens:
    """A source of tokens that asks the cache first; implements `sync.fhir.tokens.Tokens`."""

    authenticated = True

    def __init__(
        self,
        source: Tokens,
        cache: TokenCache,
        plane: str,
        server: str,
        clock: Clock,
        holder: str,
        *,
        monotonic: Callable[[], float] = elapsed,
    ):
        self._source = source
        self._cache = cache
        self._plane = plane
        self._server = server
        self._clock = clock
        self._holder = holder
        self._monotonic = monotonic
        self._held: dict[str, Token] = {}
        self._lock = asyncio.Lock()

    def __repr__(self) -> str:
        return f"CachedTokens({self._plane!r})"

    async def token(self, scope: str, *, exact: bool = False) -> Token:
        """Return a token, cached or new; raises what the source raises."""
        if exact:
            return await self._source.token(scope, exact=True)
        async with self._lock:
            held = self._held.get(scope)
            if held is None or not held.reusable():
                held = self._held[scope] = self._cached(scope) or await self._fetch(scope)
            return held

    def drop(self, token: Token) -> None:
        """Forget a token that a server rejected, here and in the cache."""
        if self._held.get(token.scope) is token:
            del self._held[token.scope]
            self._cache.drop(self._plane, self._server, token.scope)
        self._source.drop(token)

    async def aclose(self) -> None:
        """Close the source; what is cached stays."""
        await self._source.aclose()

    def _cached(self, scope: str) -> Token | None:
        try:
            found = self._cache.get(self._plane, self._server, scope, self._clock.now())
        except Failed:
            return None
        if found is None:
            return None
        value, left = found
        now = self._monotonic()
        return Token(scope, now + left, now + left - MIN_LIFE, self._monotonic, self, value)

    async def _fetch(self, scope: str) -> Token:
        waited = 0.0
        key = (self._plane, self._server, scope)
        while not self._cache.lease(*key, self._holder, self._clock.now()):
            await asyncio.sleep(STEP_S)
            waited += STEP_S
            cached = self._cached(scope)
            if cached is not None:
                return cached
            if waited >= WAIT_S:
                break
        try:
            cached = self._cached(scope)
            if cached is not None:
                return cached
            return await self._new(scope)
        finally:
            self._cache.release(self._holder)

    async def _new(self, scope: str) -> Token:
        got = await self._source.token(scope)
        left = got.expires - self._monotonic()
        # A keyring that refuses costs a request later, nothing now.
        with contextlib.suppress(Failed):
            self._cache.put(self._plane, self._server, scope, got.value, left, self._clock.now())
        return Token(scope, got.expires, got.reuse_until, self._monotonic, self, got.value)
