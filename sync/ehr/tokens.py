"""Access tokens by SMART Backend Services, one scope each, held in memory only.

Source: SMART App Launch 2 (Backend Services: private_key_jwt, assertions ≤ 5 minutes, single-use
jti); hub-protocol §10 (reused to 80% of life, unused below 30 s).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey, import_key

from core.canonical import Number, parse_object
from core.errors import BadInput, CountersignError, Refused, Unreachable
from sync.ehr.addresses import check_base, is_loopback
from sync.wire import httpx

ASSERTION_S = 240
MAX_LIFE_S = 300.0
REUSE = 0.8
LEAST_LIFE_S = 30.0
MAX_ANSWER = 64 * 1024
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and what it is good for. Implements `core.ports.Grant`."""

    scope: str
    value: str = field(repr=False)
    born: float
    life: float
    monotonic: Callable[[], float] = field(repr=False, default=time.monotonic)

    def alive(self) -> bool:
        """Tell whether enough of its life is left to send with."""
        return self.life - (self.monotonic() - self.born) > LEAST_LIFE_S

    def reusable(self) -> bool:
        """Tell whether it may serve another request: alive, and not past 80% of its life."""
        return self.alive() and self.monotonic() - self.born < REUSE * self.life


class TokenSource:
    """Fetches tokens for one client of one authorization server."""

    def __init__(
        self,
        client_id: str,
        jwk: Mapping[str, Any],
        token_url: str,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self._client_id = client_id
        self._key = _import(jwk)
        self._token_url = check_base(token_url)
        self._now = now
        self._new_id = new_id
        self._transport = transport
        self._monotonic = monotonic
        self._held: dict[str, Token] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def __repr__(self) -> str:
        return f"TokenSource({self._client_id!r})"

    async def token(self, scope: str) -> Token:
        """Return a token of exactly this scope; Refused or Unreachable. Single-flight a scope."""
        async with self._locks.setdefault(scope, asyncio.Lock()):
            held = self._held.get(scope)
            if held is None or not held.reusable():
                held = await self._fetch(scope)
                self._held[scope] = held
            return held

    def drop(self, scope: str) -> None:
        """Forget a token that the server did not accept."""
        self._held.pop(scope, None)

    async def _fetch(self, scope: str) -> Token:
        form = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
        }
        born = self._monotonic()
        status, data = await _post(self._token_url, form, self._transport)
        try:
            answer = parse_object(data)
        except CountersignError:
            raise Unreachable("the token endpoint did not answer with JSON") from None
        if status != 200:
            raise Refused(
                f"the authorization server refused a token ({_code(answer)})",
                remedy="Check the client id, its key and its scopes",
            )
        value, granted = answer.get("access_token"), answer.get("scope")
        if not isinstance(value, str) or not value:
            raise Unreachable("the token endpoint answered without a token")
        if granted != scope:
            raise Refused(
                "the authorization server granted another scope than was asked for",
                remedy=f"Register the client for {scope}",
            )
        return Token(scope, value, born, _life(answer.get("expires_in")), self._monotonic)

    def _assertion(self) -> str:
        now = int(self._now().timestamp())
        algorithm = "RS384" if isinstance(self._key, RSAKey) else "ES384"
        header = {"alg": algorithm, "kid": str(self._key.as_dict().get("kid", "")), "typ": "JWT"}
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": self._token_url,
            "iat": now,
            "exp": now + ASSERTION_S,
            "jti": self._new_id(),
        }
        return jwt.encode(header, claims, self._key, algorithms=["RS384", "ES384"])


class NoTokens:
    """Stands in for a token source where a server on this machine asks for none."""

    def __init__(self, base_url: str):
        if not is_loopback(httpx.URL(base_url).host):
            raise BadInput(
                "an EHR beyond this machine needs clients",
                field="clients",
                remedy="Pass --clients to `countersign init`",
            )

    async def token(self, scope: str) -> Token:
        """Return an empty token that lives as long as the process."""
        return Token(scope, "", time.monotonic(), float("inf"))

    def drop(self, scope: str) -> None:
        """Forget nothing: there is nothing."""


async def _post(
    url: str, form: Mapping[str, str], transport: httpx.AsyncBaseTransport | None
) -> tuple[int, bytes]:
    headers = {"Accept": "application/json"}
    try:
        async with (
            asyncio.timeout(30),
            httpx.AsyncClient(
                transport=transport, trust_env=False, follow_redirects=False, timeout=10
            ) as client,
            client.stream("POST", url, data=dict(form), headers=headers) as response,
        ):
            data = b""
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > MAX_ANSWER:
                    raise Unreachable("the token endpoint answered with too much")
            return response.status_code, data
    except (httpx.HTTPError, TimeoutError):
        raise Unreachable("the authorization server cannot be reached") from None


def _import(jwk: Mapping[str, Any]) -> RSAKey | ECKey:
    key = import_key(dict(jwk))
    if not isinstance(key, RSAKey | ECKey):
        raise BadInput("a client key is neither RSA nor EC", field="clients")
    return key


def _life(expires_in: object) -> float:
    seconds = float(expires_in.plain()) if isinstance(expires_in, Number) else 0.0
    return min(seconds, MAX_LIFE_S)


def _code(answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    known = isinstance(error, str) and error.replace("_", "").isalpha() and len(error) <= 40
    return str(error) if known else "no reason given"
