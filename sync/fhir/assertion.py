"""Client assertions: the JWT by which a client proves to a token endpoint that it holds its key.

Source: SMART App Launch 2.x, "Asymmetric (public key) client authentication"; RFC 7523 §3.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from core.errors import BadInput
from sync.keys.clients import check_kind, loaded

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

LIFE = 240
"""Seconds ahead at which an assertion expires; SMART allows 300."""
BACKDATED = 30
"""Seconds by which `iat` and `nbf` lie back: a clock that runs ahead by less is no refusal."""
ALGORITHMS = {"RSA": "RS384", "EC": "ES384"}


class ClientKey:
    """A client's private key: RSA signs RS384, P-384 signs ES384; it is never shown.

    `jwk` is a private JWK with `kid`. It is loaded at the first assertion, as most commands hold
    tokens or need one plane of four, and that takes long. BadInput for one that says that it is
    unfit; for any other that is, only then.
    """

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        if not jwk.get("kid"):
            raise BadInput(
                "the key has no kid", field="jwk", remedy="Add the kid it is registered under"
            )
        check_kind(jwk, "jwk")
        self.algorithm = ALGORITHMS[jwk["kty"]]
        self._kid = str(jwk["kid"])
        self._jwk = dict(jwk)

    @cached_property
    def _key(self) -> RSAKey | ECKey:
        return loaded(self._jwk, "jwk")[1]

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
