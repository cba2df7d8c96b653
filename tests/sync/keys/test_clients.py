from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from core.errors import BadInput
from sync.keys.clients import client_key, public_part


def test_a_private_p384_key_is_taken_with_the_members_that_count(jwk: dict[str, Any]) -> None:
    kept = client_key({**jwk, "key_ops": ["sign"], "note": "secret"}, "clients.read")
    assert kept == jwk


def test_the_public_part_has_no_private_member() -> None:
    key = client_key(RSAKey.generate_key(2048).as_dict(private=True), "clients.read")
    assert "d" in key
    assert set(public_part(key)) <= {"kty", "n", "e", "kid"}


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "EC"},
        {"kty": "none"},
        ECKey.generate_key("P-384").as_dict(private=False),
        ECKey.generate_key("P-256").as_dict(private=True),
        OKPKey.generate_key("Ed25519").as_dict(private=True),
        OctKey.generate_key(256).as_dict(private=True),
    ],
)
def test_any_other_key_is_refused_by_field(jwk: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        client_key(jwk, "clients.write")
    assert caught.value.field == "clients.write"
    assert str(jwk.get("d", "no private part")) not in str(caught.value)
