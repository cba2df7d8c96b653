"""Access tokens by SMART Backend Services, held in memory and never shown.

Source: SMART App Launch 2.x "Backend Services", RFC 6749 §4.4 and §5; hub-protocol §10 (keys and
tokens): reused to 80% of their life, unused below 30 s of it.
"""

from __future__ import annotations

import asyncio
import copy
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from core.canonical import JsonObject, Limits, Number
from core.errors import CountersignError, Refused
from core.ports import NO_SCOPE, Clock, NoToken
from sync.fhir.answers import document
from sync.fhir.assertion import ClientKey
from sync.fhir.channel import Bounds, Channel, Outgoing
from sync.fhir.errors import Unreadable
from sync.fhir.refusals import refused
from sync.fhir.scopes import check_scope, is_exactly, is_within
from sync.fhir.urls import endpoint
from sync.wire import httpx

ENDPOINT = "the token endpoint"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"
MAX_LIFE = 300.0
MIN_LIFE = 30.0
REUSED = 0.8
MAX_ANSWER = 64 * 1024
_VALUE = re.compile(r"[\x21-\x7e]{1,16384}")


def elapsed() -> float:
    """Return seconds on a clock that only goes forward and, where there is one, counts suspend."""
    boot: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(slots=True, eq=False)
class Token:
    """An access token of one scope; implements core.ports.Grant.

    `reuse_until` and `expires` are seconds on `monotonic`; `issuer` is the source that got it.
    """

    scope: str
    expires: float
    reuse_until: float
    monotonic: Callable[[], float] = field(repr=False)
    issuer: Tokens = field(repr=False)
    value: str = field(repr=False)

    def alive(self) -> bool:
        """Tell whether at least 30 s of its life are left."""
        return self.expires - self.monotonic() >= MIN_LIFE

    def reusable(self) -> bool:
        """Tell whether a new piece of work may still begin with it."""
        return self.alive() and self.monotonic() < self.reuse_until

    def headers(self) -> Mapping[str, str]:
        """Return the Authorization header; nothing where the server asks for none."""
        return {"Authorization": f"Bearer {self.value}"} if self.value else {}


class Tokens(Protocol):
    """A source of tokens of one client, thus of one plane."""

    authenticated: bool

    async def token(self, scope: str, *, exact: bool = False) -> Token:
        """Return a token of that scope; with `exact` of no narrower one."""

    def drop(self, token: Token) -> None:
        """Forget a token that a server rejected."""

    async def aclose(self) -> None:
        """Close the connections."""


class NoAuth:
    """The source for servers that ask nobody for a token; only for those on loopback."""

    authenticated = False

    async def token(self, scope: str, *, exact: bool = False) -> Token:  # noqa: ARG002 - no server narrows it
        """Return a token without a value, which never expires."""
        check_scope(scope)
        return Token(scope, math.inf, math.inf, elapsed, self, "")

    def drop(self, token: Token) -> None:
        """Do nothing: there is nothing to forget."""

    async def aclose(self) -> None:
        """Do nothing: there is nothing to close."""


class TokenSource:
    """The tokens of one registered client: got by private_key_jwt, shared until 80% of their life.

    `jwk` is the client's private key with its `kid`. Requests for one scope wait for each other,
    so that one call serves all, and its failure is the failure of all who waited for it: an
    endpoint that refuses a key is not asked again and again. `new_id` makes each assertion's
    unguessable `jti`.
    """

    authenticated = True

    def __init__(
        self,
        client_id: str,
        jwk: Mapping[str, Any],
        token_url: str,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        transport: httpx.AsyncBaseTransport | None = None,
        bounds: Bounds | None = None,
        monotonic: Callable[[], float] = elapsed,
    ) -> None:
        self._client_id = client_id
        self._key = ClientKey(jwk)
        self._url = endpoint(token_url, "token_url")
        self._audience = token_url
        self._clock = clock
        self._new_id = new_id
        self._monotonic = monotonic
        self._channel = Channel(
            ENDPOINT, transport=transport, bounds=bounds or Bounds(max_bytes=MAX_ANSWER)
        )
        self._held: dict[tuple[str, bool], Token] = {}
        self._locks: dict[tuple[str, bool], asyncio.Lock] = {}
        self._failed: dict[tuple[str, bool], CountersignError] = {}

    def __repr__(self) -> str:
        return f"TokenSource({self._client_id!r})"

    async def token(self, scope: str, *, exact: bool = False) -> Token:
        """Return a token of that scope, new or reused.

        With `exact` the grant must be that scope and no other; without, it may be narrower.
        Raises Unreachable, or Refused naming the OAuth error code.
        """
        check_scope(scope)
        key = (scope, exact)
        known = self._failed.get(key)
        async with self._locks.setdefault(key, asyncio.Lock()):
            held = self._held.get(key)
            if held is not None and held.reusable():
                return held
            self._held.pop(key, None)
            failed = self._failed.get(key)
            if failed is not None and failed is not known:
                raise copy.copy(failed)
            return await self._renew(key)

    def drop(self, token: Token) -> None:
        """Forget a token that a server rejected; a newer one stays."""
        self._held = {key: held for key, held in self._held.items() if held is not token}

    async def aclose(self) -> None:
        """Forget all tokens and close the connections."""
        self._held.clear()
        await self._channel.aclose()

    async def _renew(self, key: tuple[str, bool]) -> Token:
        found = await self._ask(*key)
        if isinstance(found, CountersignError):
            self._failed[key] = copy.copy(found)
            raise found
        self._failed.pop(key, None)
        self._held[key] = found
        return found

    async def _ask(self, scope: str, exact: bool) -> Token | CountersignError:
        asked_at = self._monotonic()
        # An error is returned without the frames that it passed: their variables hold the answer.
        try:
            answer = await self._channel.fetch(self._request(scope))
            if answer.status != 200:
                return refused(ENDPOINT, answer, self._clock.now())
            granted = document(ENDPOINT, answer, Limits(max_bytes=MAX_ANSWER))
            _check_granted(granted.get("scope"), scope, exact=exact)
            life, value = _life(granted), _value(granted)
        except CountersignError as error:
            return error.with_traceback(None)
        # Counted from before the request, so that it never outlives the server's own count.
        expires, reuse_until = asked_at + life, asked_at + REUSED * life
        return Token(scope, expires, reuse_until, self._monotonic, self, value)

    def _request(self, scope: str) -> Outgoing:
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": JWT_BEARER,
            "client_assertion": self._key.assertion(
                self._client_id, self._audience, self._clock.now(), self._new_id()
            ),
        }
        headers = {"Content-Type": FORM, "Accept": "application/json", "Cache-Control": "no-store"}
        return Outgoing("POST", self._url, headers, urlencode(form).encode("ascii"))


def _check_granted(granted: object, asked: str, *, exact: bool) -> None:
    fits = is_exactly if exact else is_within
    if not isinstance(granted, str) or not fits(granted, asked):
        found = NoToken(
            f"{ENDPOINT} did not grant the scope that was asked for",
            remedy="Have the client registered for exactly this scope",
        )
        found.oauth = NO_SCOPE
        raise found


def _life(granted: JsonObject) -> float:
    found = granted.get("expires_in")
    seconds = found.plain() if isinstance(found, Number) else None
    if seconds is None or seconds <= 0:
        raise Unreadable(f"{ENDPOINT} does not say how long its token lives")
    if seconds < MIN_LIFE:
        raise Refused(
            f"{ENDPOINT} issues tokens that live less than {MIN_LIFE:.0f} s",
            remedy="Have it issue tokens of 60 to 300 s",
        )
    return min(float(seconds), MAX_LIFE)


def _value(granted: JsonObject) -> str:
    kind, value = granted.get("token_type"), granted.get("access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise Unreadable(f"{ENDPOINT} issued a token that is not a bearer token")
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise Unreadable(f"{ENDPOINT} issued no usable token")
    return value
