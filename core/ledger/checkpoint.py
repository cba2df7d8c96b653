"""Signed tree heads in the C2SP checkpoint and signed-note forms.

Source: hub-protocol §9; C2SP tlog-checkpoint and signed-note. The origin and the key name are the
ledger's id, which is the thumbprint of its first checkpoint key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.errors import CountersignError
from core.statement import Signer, unb64url

_ED25519 = b"\x01"


class InvalidCheckpoint(CountersignError):
    """A note that is malformed, of another ledger, or not signed by the ledger's key."""

    code = "invalid-checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: `size` leaves have this `root` in the ledger `origin`."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the signed text: origin, size and base64 root, one a line."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


def sign(head: Checkpoint, signer: Signer, public: bytes) -> str:
    """Return the signed note of `head`; `public` is the signer's raw public key."""
    body = head.body()
    signature = _key_id(head.origin, public) + signer.sign(body.encode("utf-8"))
    return f"{body}\n— {head.origin} {base64.b64encode(signature).decode('ascii')}\n"


def verify(note: str, origin: str, x: str) -> Checkpoint:
    """Return the head in `note` if the key with base64url coordinate `x` signed it."""
    text, mark, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not mark or len(lines) != 3 or lines[0] != origin or not _is_size(lines[1]):
        raise InvalidCheckpoint("not a checkpoint of this ledger")
    head = Checkpoint(origin, int(lines[1]), _unb64(lines[2]))
    if len(head.root) != hashlib.sha256().digest_size:
        raise InvalidCheckpoint("its root is not a hash")
    public = unb64url(x)
    wanted = _key_id(origin, public)
    blobs = [blob for name, blob in _signatures(signatures) if name == origin]
    if any(blob[:4] == wanted and _holds(public, blob[4:], head.body()) for blob in blobs):
        return head
    raise InvalidCheckpoint("no signature of this ledger's key holds")


def _signatures(text: str) -> list[tuple[str, bytes]]:
    """Return (key name, key id and signature) a line; one malformed line spoils the note."""
    *lines, rest = text.split("\n")
    if rest or not lines:
        raise InvalidCheckpoint("its signatures do not end with a newline")
    found = []
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not parts[1]:
            raise InvalidCheckpoint("a signature line is malformed")
        found.append((parts[1], _unb64(parts[2])))
    return found


def _holds(public: bytes, signature: bytes, body: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, body.encode("utf-8"))
    except InvalidSignature:
        return False
    return True


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or text[0] != "0")


def _unb64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCheckpoint("not base64") from None
    # The decoder ignores the spare bits of the last character; two spellings are one too many.
    if base64.b64encode(data).decode("ascii") != text:
        raise InvalidCheckpoint("not canonical base64")
    return data


@lru_cache(maxsize=32)
def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode("utf-8") + b"\n" + _ED25519 + public).digest()[:4]
