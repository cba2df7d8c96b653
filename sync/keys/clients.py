"""Client keys: the private JWKs that a workspace authenticates to an EHR with, one a plane.

Source: design §11 (planes); SMART Backend Services (RS384 or ES384); RFC 7517.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.errors import BadInput

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

PLANES = ("read", "propose", "approve", "write")
MIN_RSA_BITS = 2048
CURVE = "P-384"
_PUBLIC = ("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use")
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi")

Jwk = dict[str, str]


def client_key(jwk: Mapping[str, Any], field: str) -> Jwk:
    """Return the members of a private JWK that count, or BadInput naming `field`.

    Takes RSA of 2,048 bits or more (RS384) and P-384 (ES384), which is all that SMART asks for.
    """
    return loaded(jwk, field)[0]


def loaded(jwk: Mapping[str, Any], field: str) -> tuple[Jwk, RSAKey | ECKey]:
    """Return what `client_key` does, and the key; for RSA it takes a tenth of a second and more."""
    # Loaded only where a key enters a workspace: opening one must stay quick.
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey, import_key

    kept = {name: str(jwk[name]) for name in (*_PUBLIC, *_PRIVATE) if name in jwk}
    try:
        key = import_key({**kept})
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadInput("not a valid JWK", field=field, remedy="Give the private JWK") from None
    if "d" in kept:
        if isinstance(key, RSAKey) and key.raw_value.key_size >= MIN_RSA_BITS:
            return kept, key
        if isinstance(key, ECKey) and key.curve_name == CURVE:
            return kept, key
    raise _unfit(field)


def check_kind(jwk: Mapping[str, Any], field: str) -> None:
    """Refuse with BadInput, before it is loaded, what says itself that it is no client key."""
    known = jwk.get("kty") == "RSA" or (jwk.get("kty") == "EC" and jwk.get("crv") == CURVE)
    if not known or "d" not in jwk:
        raise _unfit(field)


def _unfit(field: str) -> BadInput:
    return BadInput(
        "a client key must be a private RSA key of 2048 bits or more, or of P-384",
        field=field,
        remedy="Make such a key and register its public half with the EHR",
    )


def public_part(jwk: Jwk) -> Jwk:
    """Return what may be shown and registered."""
    return {name: jwk[name] for name in _PUBLIC if name in jwk}
