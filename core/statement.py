"""Signed statements: JWS compact strings over exact JSON bytes, strictly read.

Source: hub-protocol §2, RFC 7515, RFC 8037, RFC 7638. The header has exactly `alg`, `kid` and
`typ`; the key comes from the roster by `kid`, never from the message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.canonical import Json, JsonObject, Limits, digest, encode, parse_object
from core.errors import BadInput, CountersignError

MAX_STATEMENT = 512 * 1024
_PAYLOAD_LIMITS = Limits(max_bytes=MAX_STATEMENT)
_HEADER_MEMBERS = {"alg", "kid", "typ"}
_WITH_PHI = frozenset({"proposal", "note", "revision", "edit"})
"""The kinds that may hold a patient's data: nothing of them stays in memory."""


class InvalidStatement(CountersignError):
    """A statement whose form, key or signature does not hold; it counts as if it were not there."""

    code = "invalid-statement"


class Signer(Protocol):
    """Something that holds an Ed25519 private key."""

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the public key."""

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `data`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A verified statement."""

    kind: str
    kid: str
    payload: JsonObject
    text: str

    @property
    def digest(self) -> str:
        """The statement digest of hub-protocol §2."""
        return statement_digest(self.text)


def b64url(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64url(text: str) -> bytes:
    """Return the bytes of canonical unpadded base64url; InvalidStatement for anything else."""
    try:
        data = base64.b64decode(
            text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        raise InvalidStatement("not base64url") from None
    if "+" in text or "/" in text or b64url(data) != text:
        raise InvalidStatement("not canonical base64url")
    return data


def thumbprint(x: str) -> str:
    """Return the RFC 7638 thumbprint of the Ed25519 public key with base64url coordinate `x`."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
    return b64url(hashlib.sha256(members.encode("utf-8")).digest())


def sign(kind: str, payload: Mapping[str, Json], signer: Signer) -> Statement:
    """Sign `payload` as a statement of `kind` (`decision`, `admission`, …)."""
    header: JsonObject = {"alg": "Ed25519", "kid": signer.kid, "typ": f"countersign.{kind}.v1"}
    body = dict(payload)
    signed = f"{b64url(encode(header))}.{b64url(encode(body))}"
    text = f"{signed}.{b64url(signer.sign(signed.encode('ascii')))}"
    return Statement(kind, signer.kid, body, text)


def verify(text: str, kind: str, keys: Mapping[str, str]) -> Statement:
    """Return the statement in `text` if it is of `kind` and signed by one of `keys`.

    `keys` maps kid to base64url public key: only those enrolled for this kind of statement.
    """
    parts = text.split(".")
    if len(parts) != 3 or len(text) > MAX_STATEMENT or not text.isascii():
        raise InvalidStatement("not a JWS compact string within the size limit")
    header = _object(parts[0])
    if set(header) != _HEADER_MEMBERS or header["alg"] not in ("Ed25519", "EdDSA"):
        raise InvalidStatement("the header has other members or another algorithm")
    if header["typ"] != f"countersign.{kind}.v1":
        raise InvalidStatement(f"not a {kind} statement")
    kid = header["kid"]
    x = keys.get(kid) if isinstance(kid, str) else None
    if x is None:
        raise InvalidStatement(f"signed by a key that is not enrolled for {kind}")
    signed = text.rpartition(".")[0]
    check = _check_signature if kind not in _WITH_PHI else _check_signature.__wrapped__
    check(x, signed, parts[2])
    return Statement(kind, str(kid), _object(parts[1]), text)


@lru_cache(maxsize=1024)
def _check_signature(x: str, signed: str, signature: str) -> None:
    """Raise unless the signature holds; the same texts hold for ever, so it is asked once."""
    try:
        _public_key(x).verify(unb64url(signature), signed.encode("ascii"))
    except InvalidSignature:
        raise InvalidStatement("the signature does not hold") from None


def peek(text: str) -> JsonObject:
    """Return the payload without verifying it, to find out whose keys to look up; never to act."""
    return _object(text.split(".")[1] if text.count(".") == 2 else "")


def header(text: str) -> JsonObject:
    """Return the header without verifying anything, to say what is wrong; never to act."""
    return _object(text.split(".")[0] if text.count(".") == 2 else "")


def _public_key(x: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(unb64url(x))
    except ValueError:
        raise InvalidStatement("the enrolled key is not an Ed25519 public key") from None


def _object(part: str) -> JsonObject:
    try:
        return parse_object(unb64url(part), _PAYLOAD_LIMITS)
    except BadInput:
        raise InvalidStatement("a part is not a JSON object") from None


def statement_digest(text: str) -> str:
    """Return H("statement", header.payload) of a compact string."""
    return digest("statement", text.rpartition(".")[0].encode("ascii"))
