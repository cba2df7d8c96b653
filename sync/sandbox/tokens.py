"""The sandbox's authorization server: SMART Backend Services, opaque tokens held in memory.

Source: SMART App Launch 2.x "Backend Services", RFC 6749 §4.4 and §5, RFC 6750 §3.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.canonical import JsonObject, Number
from core.errors import BadInput
from sync.sandbox.assertion import TokenError, check_method, rejected, verify
from sync.sandbox.clients import Client
from sync.sandbox.manner import PLAIN, Manner
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.scopes import Scopes, parse_scopes

MAX_SECONDS = 300
FORGET_AFTER = 3600
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for until `expires` (seconds since the epoch)."""

    client_id: str
    scopes: Scopes
    expires: float


class Authority:
    """Registered clients, used assertions and tokens; safe to use from several threads.

    `seconds` is the life of a token, at most `longest`: 300 as SMART wants it, or what the product
    that is played is known to give. `manner` says which proofs it takes, and counts who asks.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        seconds: int = MAX_SECONDS,
        longest: int = MAX_SECONDS,
        manner: Manner = PLAIN,
    ) -> None:
        if not 0 < seconds <= longest:
            raise BadInput(f"a token lives 1 to {longest} seconds", field="token_seconds")
        self._clock = clock
        self._seconds = seconds
        self._manner = manner
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}
        self._used: dict[tuple[str, str], float] = {}
        self._grants: dict[bytes, Grant] = {}

    def add(self, client: Client) -> None:
        """Register a client, in place of any other with its id."""
        with self._lock:
            self._clients[client.client_id] = client

    def issue(
        self, form: Sequence[tuple[str, str]], audience: str, authorization: str | None = None
    ) -> JsonObject:
        """Return the token response to a form posted at `audience`; raises TokenError.

        `authorization` is the header of that name, by which no client of the sandbox proves itself.

        Of the scopes asked for, those the client may have are granted.
        """
        check_method(form, authorization, self._manner.auth_methods)
        asked = _fields(form)
        now = self._clock()
        with self._lock:
            self._forget(now.timestamp())
            proof = verify(asked["client_assertion"], self._clients, audience, now)
            client = proof.client
            if asked.get("client_id", client.client_id) != client.client_id:
                raise rejected("client_id is not the assertion's")
            unfit = self._manner.keys_unfit(client.jwks_url)
            if unfit is not None:
                raise rejected(unfit)
            if not self._spend(client.client_id, proof.jti, proof.forget_at):
                raise rejected("the assertion was used before")
            self._manner.asked_for_token(client.client_id, asked.get("scope", ""))
            scopes = _granted(asked.get("scope", ""), client.scopes)
            token = secrets.token_urlsafe(32)
            expires = now.timestamp() + self._seconds
            self._grants[_key(token)] = Grant(client.client_id, scopes, expires)
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": Number(str(self._seconds)),
            "scope": str(scopes),
        }

    def grant(self, authorization: str | None) -> Grant:
        """Return what an Authorization header's token stands for; raises 401."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unauthorized("login", "a bearer token is required", "")
        with self._lock:
            found = self._grants.get(_key(token.strip()))
        if found is None:
            raise _unauthorized("login", "the token is not known", ' error="invalid_token"')
        if found.expires <= self._clock().timestamp():
            raise token_expired()
        return found

    def _spend(self, client_id: str, jti: str, forget_at: float) -> bool:
        if (client_id, jti) in self._used:
            return False
        self._used[client_id, jti] = forget_at
        return True

    def _forget(self, now: float) -> None:
        self._used = {use: until for use, until in self._used.items() if until > now}
        self._grants = {
            key: grant for key, grant in self._grants.items() if grant.expires > now - FORGET_AFTER
        }


def _fields(form: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    found = dict(form)
    if len(found) != len(form):
        raise TokenError("invalid_request", "a parameter stands twice")
    if "grant_type" not in found:
        raise TokenError("invalid_request", "grant_type is required")
    if found["grant_type"] != "client_credentials":
        raise TokenError("unsupported_grant_type", "only client_credentials is supported")
    if found.get("client_assertion_type") != JWT_BEARER:
        raise TokenError("invalid_request", f"client_assertion_type must be {JWT_BEARER}")
    if not found.get("client_assertion"):
        raise TokenError("invalid_request", "client_assertion is required")
    return found


def _granted(text: str, allowed: Scopes) -> Scopes:
    try:
        granted = parse_scopes(text).narrowed(allowed)
    except BadInput as error:
        raise TokenError("invalid_scope", error.problem) from None
    if not granted.by_type:
        raise TokenError("invalid_scope", "none of these scopes is the client's")
    return granted


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", errors="replace")).digest()


def token_expired() -> OutcomeError:
    """Return the refusal of a token whose life is over."""
    return _unauthorized("expired", "the token has expired", ' error="invalid_token"')


def _unauthorized(code: str, why: str, error: str) -> OutcomeError:
    challenge = f'Bearer realm="countersign-sandbox"{"," + error if error else ""}'
    return refusal(401, code, why, headers={"WWW-Authenticate": challenge})
