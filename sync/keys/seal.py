"""The workspace key, what is derived from it, and blobs sealed under a name.

Source: design §11; HKDF-SHA256 (RFC 5869), AES-256-GCM (NIST SP 800-38D).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Failed

KEY_BYTES = 32
NONCE_BYTES = 12
_TAG_BYTES = 16


def new_workspace_key() -> bytes:
    """Return 32 random bytes: the one secret that the others are derived from or sealed with."""
    return secrets.token_bytes(KEY_BYTES)


def store_key(workspace_key: bytes) -> bytes:
    """Return the raw 32-byte key that the store is encrypted with."""
    return _derive(workspace_key, b"store")


def seal_key(workspace_key: bytes) -> bytes:
    """Return the 32-byte key that private keys and secrets in the store are sealed with."""
    return _derive(workspace_key, b"seal")


def seal(key: bytes, name: str, plaintext: bytes) -> bytes:
    """Return nonce and ciphertext of a secret; it opens only under the same `name`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, _associated(name))


def unseal(key: bytes, name: str, blob: bytes) -> bytes:
    """Return the secret sealed as `name`; Failed when key, name or blob is another one."""
    if len(blob) < NONCE_BYTES + _TAG_BYTES:
        raise _damaged(name)
    try:
        return AESGCM(key).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _associated(name))
    except InvalidTag:
        raise _damaged(name) from None


@dataclass(frozen=True, slots=True)
class Sealer:
    """The key that seals, with its two operations; never shown."""

    key: bytes = field(repr=False)

    def seal(self, name: str, plaintext: bytes) -> bytes:
        """Return the value sealed under a name."""
        return seal(self.key, name, plaintext)

    def unseal(self, name: str, blob: bytes) -> bytes:
        """Return the value; Failed when it does not open."""
        return unseal(self.key, name, blob)


def _damaged(name: str) -> Failed:
    return Failed(
        f"the sealed key {name} does not open: it was changed, moved or is another workspace's",
        remedy="Restore the store and the key file from one backup",
    )


def _associated(name: str) -> bytes:
    return b"countersign/v1/sealed\x00" + name.encode("utf-8")


def _derive(workspace_key: bytes, purpose: bytes) -> bytes:
    if len(workspace_key) != KEY_BYTES:
        raise ValueError(f"a workspace key has {KEY_BYTES} bytes")
    # No salt: the input is uniformly random already (RFC 5869 §3.1).
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"countersign/v1/" + purpose).derive(
        workspace_key
    )
