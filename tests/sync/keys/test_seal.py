from __future__ import annotations

import pytest

from core.errors import Failed
from sync.keys import seal

KEY = seal.seal_key(bytes(range(32)))


def test_what_is_sealed_under_a_name_opens_under_it() -> None:
    blob = seal.seal(KEY, "reviewer", b"secret")
    assert seal.unseal(KEY, "reviewer", blob) == b"secret"
    assert b"secret" not in blob


def test_a_blob_cannot_be_moved_to_another_name() -> None:
    blob = seal.seal(KEY, "submitter", b"secret")
    with pytest.raises(Failed, match="gateway"):
        seal.unseal(KEY, "gateway", blob)


def test_control_without_the_name_it_could_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "_associated", lambda _name: b"")
    assert seal.unseal(KEY, "gateway", seal.seal(KEY, "submitter", b"secret")) == b"secret"


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    blob = bytearray(seal.seal(KEY, "reviewer", b"secret"))
    blob[at] ^= 1
    with pytest.raises(Failed):
        seal.unseal(KEY, "reviewer", bytes(blob))


@pytest.mark.parametrize("length", [0, 12, 27])
def test_a_cut_blob_is_noticed(length: int) -> None:
    with pytest.raises(Failed):
        seal.unseal(KEY, "reviewer", seal.seal(KEY, "reviewer", b"")[:length])


def test_another_workspace_key_does_not_open_it() -> None:
    other = seal.seal_key(seal.new_workspace_key())
    with pytest.raises(Failed):
        seal.unseal(other, "reviewer", seal.seal(KEY, "reviewer", b"secret"))


def test_each_seal_has_its_own_nonce() -> None:
    blobs = {seal.seal(KEY, "reviewer", b"secret")[: seal.NONCE_BYTES] for _ in range(50)}
    assert len(blobs) == 50


def test_the_derived_keys_are_independent_and_stay_the_same() -> None:
    workspace_key = bytes(range(32))
    store, sealing = seal.store_key(workspace_key), seal.seal_key(workspace_key)
    assert len({workspace_key, store, sealing}) == 3
    # Fixed: another derivation would lock every existing workspace.
    assert store.hex() == "667429eabc9b782e84543b1ae18dc005996f5771322102c5d39ec94936daa7c0"
    assert sealing.hex() == "3cce5e052d5af12ab173a9c94001662ccf334815597aa18fa58633e9f4ec2bea"


def test_a_short_workspace_key_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal.store_key(b"short")
