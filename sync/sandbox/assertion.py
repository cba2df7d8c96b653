"""Client assertions: signed JWTs by which a client of the token endpoint proves who it is.

Source: SMART App Launch 2.x, "Asymmetric (public key) client authentication"; RFC 7523 §3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from sync.sandbox.clients import Client

MAX_AHEAD = 300
"""Seconds that `exp` may lie ahead."""
TOLERANCE = 5
"""Seconds by which the client's clock may differ."""
MAX_LENGTH = 8192
MAX_JTI = 255

Claims = dict[str, Any]


@dataclass
class TokenError(Exception):
    """A refusal of the token endpoint: `error` is a code of RFC 6749 §5.2."""

    error: str
    description: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified assertion: who made it, its single-use id and when that may be forgotten."""

    client: Client
    jti: str
    forget_at: float


def verify(assertion: str, clients: Mapping[str, Client], audience: str, now: datetime) -> Proof:
    """Return what an assertion proves; raises TokenError `invalid_client`.

    Whether the jti was used before is the caller's to check.
    """
    if len(assertion) > MAX_LENGTH:
        raise rejected("the assertion is too long")
    client = clients.get(_issuer(assertion))
    if client is None:
        raise rejected("the client is not known")
    claims = _signed_claims(assertion, client)
    if claims.get("sub") != client.client_id:
        raise rejected("iss and sub must be the client id")
    _check_audience(claims.get("aud"), audience)
    expires = _check_times(claims, now.timestamp())
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        raise rejected("jti is required: a text of at most 255 characters")
    return Proof(client, jti, expires + TOLERANCE)


def check_method(
    form: Sequence[tuple[str, str]], authorization: str | None, offered: Sequence[str]
) -> None:
    """Refuse a client that shows a secret: that is not offered, or none is registered with one.

    Source: RFC 6749 §2.3.1 and §5.2 (`invalid_client`).
    """
    method = None
    if authorization is not None and authorization.partition(" ")[0].lower() == "basic":
        method = "client_secret_basic"
    elif any(name == "client_secret" for name, _ in form):
        method = "client_secret_post"
    if method is not None:
        known = method in offered
        raise rejected("no client has a secret here" if known else f"{method} is not offered")


def rejected(description: str) -> TokenError:
    """Return the refusal of a client that did not prove who it is."""
    return TokenError("invalid_client", description, 401)


def _issuer(assertion: str) -> str:
    try:
        claims = json.loads(jws.extract_compact(assertion.encode()).payload)
    except (JoseError, ValueError, TypeError):
        raise rejected("the assertion is not a JWT") from None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""


def _signed_claims(assertion: str, client: Client) -> Claims:
    try:
        token = jwt.decode(assertion, client.key, algorithms=[client.algorithm])
    except (JoseError, ValueError, TypeError):
        raise rejected("the signature, key or algorithm is not the registered one") from None
    kid = token.header.get("kid")
    if kid is not None and client.key.kid is not None and kid != client.key.kid:
        raise rejected("kid names another key")
    return dict(token.claims)


def _check_audience(claimed: object, audience: str) -> None:
    if claimed != audience and not (isinstance(claimed, list) and audience in claimed):
        raise rejected("aud must be the URL of the token endpoint")


def _check_times(claims: Claims, now: float) -> float:
    expires = _moment(claims, "exp")
    if expires is None:
        raise rejected("exp is required")
    if expires <= now - TOLERANCE:
        raise rejected("the assertion has expired")
    if expires > now + MAX_AHEAD + TOLERANCE:
        raise rejected("exp lies more than 5 minutes ahead")
    for name in ("nbf", "iat"):
        moment = _moment(claims, name)
        if moment is not None and moment > now + TOLERANCE:
            raise rejected(f"{name} lies in the future")
    return expires


def _moment(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise rejected(f"{name} is not a number")
    return float(value)
