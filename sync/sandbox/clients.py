"""The clients of the sandbox's token endpoint, and throw-away ones for each plane.

Source: design §11 (planes), hub-protocol §4 (their scopes).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, KeyParameters, RSAKey, import_key

from core.errors import BadInput
from sync.sandbox.scopes import Scopes, parse_scopes

RSA_BITS = 2048
CURVE = "P-384"
ALGORITHMS = ("RS384", "ES384")
"""How an assertion may be signed."""
Jwk = Mapping[str, Any]
OWN_KEYS = "https://keys.invalid/"
"""Where the keys of the throw-away clients are said to stand: nobody can ask there."""

# Plane → its scopes and the algorithm its throw-away key is made for.
PLANES: Mapping[str, tuple[str, str]] = {
    "read": ("system/*.rs", "RS384"),
    "propose": ("system/Task.cr", "ES384"),
    "approve": ("system/Task.rus system/Provenance.crs system/Library.r", "ES384"),
    "write": ("system/*.cu", "ES384"),
}


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client: its public key, the one algorithm it may use and its scopes."""

    client_id: str
    algorithm: str
    key: RSAKey | ECKey
    scopes: Scopes
    jwks_url: str | None = None
    """Where its public keys stand, as it was registered; None for keys that were handed over."""


@dataclass(frozen=True, slots=True)
class IssuedClient:
    """A client the sandbox made up: the private half of its key exists nowhere else.

    `private_jwk` is a JWK (RFC 7517) with `kid` and `alg`; `scopes` a space-separated list.
    """

    plane: str
    client_id: str
    algorithm: str
    scopes: str
    private_jwk: dict[str, str] = field(repr=False)


def register(client_id: str, public_jwk: Jwk, scopes: str, jwks_url: str | None = None) -> Client:
    """Return a client; BadInput for a private key or one that is not RSA ≥ 2048 bits or P-384."""
    if "d" in public_jwk or not client_id:
        raise BadInput("a client needs an id and a public key", remedy="Leave the private part out")
    try:
        # The library warns of a weak key; here it is refused.
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):
            key = import_key(dict(public_jwk))
    except (JoseError, ValueError, TypeError):
        raise BadInput("the key is not a valid JWK", field="public_jwk") from None
    if isinstance(key, RSAKey) and key.raw_value.key_size >= RSA_BITS:
        return Client(client_id, "RS384", key, parse_scopes(scopes), jwks_url)
    if isinstance(key, ECKey) and key.curve_name == CURVE:
        return Client(client_id, "ES384", key, parse_scopes(scopes), jwks_url)
    raise BadInput(
        "the key is too weak or of another kind",
        field="public_jwk",
        remedy=f"Use RSA with {RSA_BITS} bits or more, or {CURVE}",
    )


def issue(plane: str, algorithms: Sequence[str] = ALGORITHMS) -> tuple[IssuedClient, Client]:
    """Return a throw-away client for a plane of PLANES, and its registration.

    Its key is of the plane's algorithm, or of the first of `algorithms` where that is none.
    """
    scopes, usual = PLANES[plane]
    algorithm = usual if usual in algorithms else algorithms[0]
    client_id = f"sandbox-{plane}"
    parameters: KeyParameters = {"kid": client_id, "alg": algorithm, "use": "sig"}
    key: RSAKey | ECKey
    if algorithm == "RS384":
        key = RSAKey.generate_key(RSA_BITS, parameters)
    else:
        key = ECKey.generate_key(CURVE, parameters)
    private = {name: str(value) for name, value in key.as_dict(private=True).items()}
    issued = IssuedClient(plane, client_id, algorithm, scopes, private)
    url = OWN_KEYS + client_id
    return issued, register(client_id, key.as_dict(private=False), scopes, url)
