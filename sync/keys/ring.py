"""The keys of one workspace in memory, and their way into and out of the `sealed` table.

Source: design §11, hub-protocol §2, §9. Implements `core.ports.Keys`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import BadInput, Failed
from core.statement import b64url, thumbprint
from sync.keys.clients import Jwk, client_key, public_part
from sync.keys.seal import seal, unseal
from sync.store.connection import Connection
from sync.store.ledger import CheckpointKey

NAMES = ("reviewer", "submitter", "gateway", "checkpoint")
PEPPER = "pepper"
PEPPER_BYTES = 32
_CLIENT = "client."


class Ed25519Signer:
    """An Ed25519 private key held in memory. Implements `core.statement.Signer`."""

    def __init__(self, private: Ed25519PrivateKey):
        self._private = private
        self.x = b64url(private.public_key().public_bytes_raw())
        """base64url of the public key."""
        self._kid = thumbprint(self.x)

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the public key."""
        return self._kid

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature over `data`."""
        return self._private.sign(data)

    def secret(self) -> bytes:
        """Return the 32 private bytes, to seal them."""
        return self._private.private_bytes_raw()

    def __repr__(self) -> str:
        return f"Ed25519Signer(kid={self._kid!r})"


@dataclass(eq=False)
class KeyRing:
    """The signers by name, the pepper, and the client keys by (EHR, plane)."""

    signers: Mapping[str, Ed25519Signer] = field(repr=False)
    pepper: bytes = field(repr=False)
    clients: Mapping[tuple[str, str], Jwk] = field(default_factory=dict, repr=False)

    def signer(self, name: str) -> Ed25519Signer:
        """Return the signer called `reviewer`, `submitter`, `gateway` or `checkpoint`."""
        return self.signers[name]

    def public(self, name: str) -> str:
        """Return its base64url public key."""
        return self.signers[name].x

    @property
    def checkpoint_key(self) -> CheckpointKey:
        """What `StoreLedger` signs its tree heads with."""
        return CheckpointKey(self.signers["checkpoint"], self.public("checkpoint"))

    def client_jwk(self, plane: str, ehr: str | None = None) -> Jwk | None:
        """Return the private JWK of a plane (`read`, `propose`, `approve`, `write`), or None.

        `ehr` may be left out where client keys of only one EHR are held; BadInput otherwise.
        """
        if ehr is None:
            known = {name for name, _ in self.clients}
            if len(known) > 1:
                raise BadInput("several EHRs have client keys", field="ehr", remedy="Name one")
            ehr = next(iter(known), "")
        return self.clients.get((ehr, plane))


def generate(clients: Mapping[tuple[str, str], Mapping[str, str]] | None = None) -> KeyRing:
    """Return new signers and pepper, with the given client keys; nothing is written.

    `clients` maps (EHR name, plane) to a private JWK; BadInput for one that is no client key.
    """
    checked = {
        (ehr, plane): client_key(jwk, f"clients.{plane}")
        for (ehr, plane), jwk in (clients or {}).items()
    }
    signers = {name: Ed25519Signer(Ed25519PrivateKey.generate()) for name in NAMES}
    return KeyRing(signers, secrets.token_bytes(PEPPER_BYTES), checked)


def save(connection: Connection, ring: KeyRing, seal_key: bytes) -> None:
    """Seal every key of `ring` into the store, in one transaction."""
    rows = [
        (name, signer.kid, signer.x, seal(seal_key, name, signer.secret()))
        for name, signer in ring.signers.items()
    ]
    rows.append((PEPPER, "", "", seal(seal_key, PEPPER, ring.pepper)))
    for (ehr, plane), jwk in ring.clients.items():
        name = f"{_CLIENT}{ehr}.{plane}"
        shown = json.dumps(public_part(jwk))
        sealed = seal(seal_key, name, json.dumps(jwk).encode("utf-8"))
        rows.append((name, jwk.get("kid", ""), shown, sealed))
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(
            "INSERT OR REPLACE INTO sealed (name, kid, public, sealed) VALUES (?, ?, ?, ?)", rows
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def load(connection: Connection, seal_key: bytes) -> KeyRing:
    """Return the keys in the store; Failed when one is missing, damaged or not its row's."""
    signers: dict[str, Ed25519Signer] = {}
    clients: dict[tuple[str, str], Jwk] = {}
    pepper: bytes | None = None
    for name, kid, public, blob in connection.execute(
        "SELECT name, kid, public, sealed FROM sealed ORDER BY name"
    ).fetchall():
        secret = unseal(seal_key, name, blob)
        if name == PEPPER:
            pepper = secret
        elif name.startswith(_CLIENT):
            ehr, _, plane = name.removeprefix(_CLIENT).rpartition(".")
            clients[ehr, plane] = json.loads(secret)
        else:
            signers[name] = _signer(name, kid, public, secret)
    missing = [name for name in NAMES if name not in signers]
    if missing or pepper is None:
        raise Failed(
            f"the store lacks the keys {', '.join(missing or [PEPPER])}",
            remedy="Restore the workspace from a backup",
        )
    return KeyRing(signers, pepper, clients)


def _signer(name: str, kid: str, public: str, secret: bytes) -> Ed25519Signer:
    found = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(secret))
    if (found.kid, found.x) != (kid, public):
        raise Failed(f"the key {name} is not the one that its row names")
    return found
