from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.errors import BadInput, Failed
from core.ports import Keys
from core.statement import sign, thumbprint, unb64url, verify
from sync.keys import ring as rings
from sync.keys.ring import KeyRing, generate, load, save
from sync.keys.seal import seal_key

SEAL = seal_key(bytes(range(32)))


def _row(connection: Any, name: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] = connection.execute(
        "SELECT kid, public, sealed FROM sealed WHERE name = ?", (name,)
    ).fetchone()
    return found


def _secrets(ring: KeyRing) -> list[bytes]:
    private = [signer.secret() for signer in ring.signers.values()]
    return [*private, ring.pepper, *(jwk["d"].encode() for jwk in ring.clients.values())]


def test_a_ring_signs_what_its_public_keys_verify() -> None:
    ring: Keys = generate()
    for name in rings.NAMES:
        key = Ed25519PublicKey.from_public_bytes(unb64url(ring.public(name)))
        key.verify(ring.signer(name).sign(b"data"), b"data")
        assert ring.signer(name).kid == thumbprint(ring.public(name))
    statement = sign("note", {"v": "1"}, ring.signer("reviewer"))
    keys = {ring.signer("reviewer").kid: ring.public("reviewer")}
    assert verify(statement.text, "note", keys).payload == {"v": "1"}


def test_every_key_is_another_and_every_ring() -> None:
    kids = {generate().signer(name).kid for name in rings.NAMES for _ in range(2)}
    assert len(kids) == 2 * len(rings.NAMES)
    ring = generate()
    assert len({ring.signer(name).kid for name in rings.NAMES}) == len(rings.NAMES)
    assert len(ring.pepper) == 32


def test_a_saved_ring_loads_whole(connection: Any, jwk: dict[str, Any]) -> None:
    ring = generate({("north.ehr", "read"): jwk, ("north.ehr", "write"): jwk})
    save(connection, ring, SEAL)
    found = load(connection, SEAL)
    assert {name: found.signer(name).kid for name in rings.NAMES} == {
        name: ring.signer(name).kid for name in rings.NAMES
    }
    assert found.signer("gateway").sign(b"x") == ring.signer("gateway").sign(b"x")
    assert found.pepper == ring.pepper
    assert found.clients == ring.clients
    assert found.client_jwk("read") == ring.clients["north.ehr", "read"]
    assert found.client_jwk("read", "north.ehr") == found.client_jwk("read")
    assert found.client_jwk("approve") is None
    assert found.client_jwk("read", "south") is None


def test_without_client_keys_there_is_none() -> None:
    assert generate().client_jwk("read") is None


def test_with_several_ehrs_one_must_be_named(jwk: dict[str, Any]) -> None:
    ring = generate({("north", "read"): jwk, ("south", "read"): jwk})
    with pytest.raises(BadInput) as caught:
        ring.client_jwk("read")
    assert caught.value.field == "ehr"


def test_nothing_secret_is_in_a_repr(jwk: dict[str, Any]) -> None:
    ring = generate({("north", "read"): jwk})
    shown = (
        repr(ring)
        + repr(ring.signers)
        + repr(ring.checkpoint_key)
        + repr(vars(ring.signers["gateway"]))
    )
    for secret in _secrets(ring):
        for form in (repr(secret), secret.hex(), base64.b64encode(secret).decode()):
            assert form not in shown
    assert jwk["d"] not in repr(ring)


def test_no_secret_stands_in_the_table_in_clear(connection: Any, jwk: dict[str, Any]) -> None:
    ring = generate({("north", "read"): jwk})
    save(connection, ring, SEAL)
    stored = repr(connection.execute("SELECT * FROM sealed").fetchall()).encode()
    for secret in _secrets(ring):
        assert secret not in stored
        assert repr(secret)[2:-1].encode() not in stored
    assert json.loads(_row(connection, "client.north.read")[1]).keys() == {
        "kty", "crv", "x", "y", "kid", "alg",
    }  # fmt: skip


def test_control_unsealed_it_would_be_found(
    connection: Any, jwk: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rings, "seal", lambda _key, _name, plaintext: plaintext)
    ring = generate({("north", "read"): jwk})
    save(connection, ring, SEAL)
    stored = repr(connection.execute("SELECT * FROM sealed").fetchall()).encode()
    assert jwk["d"].encode() in stored
    assert repr(ring.pepper)[2:-1].encode() in stored


def test_a_sealed_key_in_the_place_of_another_is_noticed(connection: Any) -> None:
    save(connection, generate(), SEAL)
    connection.execute(
        "UPDATE sealed SET sealed = (SELECT sealed FROM sealed WHERE name = 'submitter')"
        " WHERE name = 'gateway'"
    )
    with pytest.raises(Failed, match="gateway"):
        load(connection, SEAL)


@pytest.mark.parametrize("column", ["kid", "public"])
def test_a_row_that_names_another_key_is_noticed(connection: Any, column: str) -> None:
    save(connection, generate(), SEAL)
    connection.execute(f"UPDATE sealed SET {column} = 'other' WHERE name = 'reviewer'")  # noqa: S608
    with pytest.raises(Failed, match="reviewer"):
        load(connection, SEAL)


@pytest.mark.parametrize("name", [*rings.NAMES, rings.PEPPER])
def test_a_missing_key_is_named(connection: Any, name: str) -> None:
    save(connection, generate(), SEAL)
    connection.execute("DELETE FROM sealed WHERE name = ?", (name,))
    with pytest.raises(Failed, match=name):
        load(connection, SEAL)


def test_saving_is_all_or_nothing(connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = generate()
    save(connection, first, SEAL)
    second = generate()
    monkeypatch.setattr(rings, "seal", lambda _key, name, _text: None if name == "pepper" else b"x")
    with pytest.raises(Exception, match="NOT NULL"):
        save(connection, second, SEAL)
    monkeypatch.undo()
    assert load(connection, SEAL).signer("reviewer").kid == first.signer("reviewer").kid
