"""Client assertions: the JWT by which a client proves to a token endpoint that it holds its key.

Source: SMART App Launch 2.x, "Asymmetric (public key) client authentication"; RFC 7523 §3.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.errors import BadInput
from sync.keys.clients import client_key

LIFE = 240
"""Seconds ahead at which an assertion expires; SMART allows 300."""
BACKDATED = 30
"""Seconds by which `iat` and `nbf` lie back: a clock that runs ahead by less is no refusal."""
ALGORITHMS = {"RSA": "RS384", "EC": "ES384"}


class ClientKey:
    """A client's private key: RSA signs RS384, P-384 signs ES384; it is never shown.

    `jwk` is a private JWK with `kid`; BadInput for an unfit one.
    """

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        # Loaded where a key is used: opening a workspace must stay quick.
        from joserfc.jwk import import_key

        kept = client_key(jwk, "jwk")
        if not kept.get("kid"):
            raise BadInput(
                "the key has no kid", field="jwk", remedy="Add the kid it is registered under"
            )
        self.algorithm = ALGORITHMS[kept["kty"]]
        self._kid = kept["kid"]
        self._key = import_key({**kept})

    def __repr__(self) -> str:
        return f"ClientKey({self.algorithm})"

    def assertion(self, client_id: str, audience: str, now: datetime, jti: str) -> str:
        """Return a signed JWT for the token endpoint `audience`; `jti` must never repeat.

        SMART asks for neither `iat` nor `nbf`, but some servers take no assertion that lives for
        minutes without them, and none may take one that is issued in its future.
        """
        from joserfc import jwt

        header = {"typ": "JWT", "alg": self.algorithm, "kid": self._kid}
        seconds = int(now.timestamp())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": seconds - BACKDATED,
            "nbf": seconds - BACKDATED,
            "exp": seconds + LIFE,
            "jti": jti,
        }
        return jwt.encode(header, claims, self._key, algorithms=[self.algorithm])
