"""Signed tree heads: the C2SP form, and every way to be refused."""

from __future__ import annotations

import base64
import hashlib
import string

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.errors import CountersignError
from core.ledger import checkpoint
from core.ledger.checkpoint import Checkpoint, InvalidCheckpoint, sign, verify
from core.statement import unb64url
from sync.keys.ring import Ed25519Signer

KEY = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
PUBLIC = unb64url(KEY.x)
HEAD = Checkpoint(KEY.kid, 17, hashlib.sha256(b"root").digest())
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
NOTE = sign(HEAD, KEY, PUBLIC)


def refused(note: str, origin: str = KEY.kid, x: str = KEY.x) -> None:
    with pytest.raises(CountersignError):
        verify(note, origin, x)


def test_what_is_signed_verifies() -> None:
    assert verify(NOTE, KEY.kid, KEY.x) == HEAD


def test_form_is_that_of_c2sp() -> None:
    """Source: C2SP tlog-checkpoint and signed-note: key id = SHA-256(name LF 0x01 key)[:4]."""
    root = base64.b64encode(HEAD.root).decode()
    text, _, rest = NOTE.partition("\n\n")
    assert text == f"{KEY.kid}\n17\n{root}"
    dash, name, encoded = rest.removesuffix("\n").split(" ")
    assert (dash, name) == ("\u2014", KEY.kid) and rest.count("\n") == 1
    blob = base64.b64decode(encoded)
    assert blob[:4] == hashlib.sha256(f"{KEY.kid}\n".encode() + b"\x01" + PUBLIC).digest()[:4]
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    key.verify(blob[4:], f"{text}\n".encode())


@pytest.mark.parametrize("size", [0, 1, 9, 10, 2**40])
def test_sizes(size: int) -> None:
    head = Checkpoint(KEY.kid, size, HEAD.root)
    assert verify(sign(head, KEY, PUBLIC), KEY.kid, KEY.x) == head


def test_every_changed_character_is_refused() -> None:
    for place, letter in enumerate(NOTE):
        near = ALPHABET[ALPHABET.find(letter) ^ 1] if letter in ALPHABET else "A"
        for other in {near, "A", chr(ord(letter) ^ 1), "0", " ", "\n", "=", "é"} - {letter}:
            refused(NOTE[:place] + other + NOTE[place + 1 :])
        refused(NOTE[:place] + NOTE[place + 1 :])
        refused(NOTE[:place])


def test_control_with_a_lenient_decoder_a_changed_character_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Spare bits of the last base64 character carry nothing, so a lenient decoder ignores them."""

    def lenient(text: str) -> bytes:
        try:
            return base64.b64decode(text)
        except ValueError:
            raise InvalidCheckpoint("not base64") from None

    monkeypatch.setattr(checkpoint, "_unb64", lenient)
    with pytest.raises(pytest.fail.Exception):
        test_every_changed_character_is_refused()


@pytest.mark.parametrize("text", ["017", "+17", "-17", "17 ", "1_7", "\u0661\u0667", "", "1e1"])
def test_other_spellings_of_a_size_are_refused(text: str) -> None:
    body = f"{KEY.kid}\n{text}\n{base64.b64encode(HEAD.root).decode()}\n"
    blob = hashlib.sha256(f"{KEY.kid}\n".encode() + b"\x01" + PUBLIC).digest()[:4]
    encoded = base64.b64encode(blob + KEY.sign(body.encode())).decode()
    refused(f"{body}\n\u2014 {KEY.kid} {encoded}\n")


def test_root_of_another_length_is_refused() -> None:
    for root in (b"", b"x" * 31, b"x" * 33):
        refused(sign(Checkpoint(KEY.kid, 17, root), KEY, PUBLIC))


def test_another_ledger_or_key_is_refused() -> None:
    refused(NOTE, origin=OTHER.kid)
    refused(NOTE, x=OTHER.x)
    refused(sign(HEAD, OTHER, unb64url(OTHER.x)))
    refused(sign(HEAD, OTHER, PUBLIC))
    refused(sign(Checkpoint(OTHER.kid, 17, HEAD.root), KEY, PUBLIC))


def test_signature_of_another_head_is_refused() -> None:
    other = sign(Checkpoint(KEY.kid, 18, HEAD.root), KEY, PUBLIC)
    refused(HEAD.body() + "\n" + other.partition("\n\n")[2])


def test_cosignatures_of_other_keys_do_not_matter_but_must_be_well_formed() -> None:
    cosigned = f"{NOTE}\u2014 witness.example {base64.b64encode(b'x' * 68).decode()}\n"
    assert verify(cosigned, KEY.kid, KEY.x) == HEAD
    first, _, own = NOTE.rpartition("\n\n")
    line = f"\u2014 witness.example {base64.b64encode(b'x' * 68).decode()}\n"
    assert verify(f"{first}\n\n{line}{own}", KEY.kid, KEY.x) == HEAD
    for junk in ("junk\n", "\n", "\u2014 name\n", "\u2014 a b c\n", "- a AAAA\n", "\u2014  AAAA\n"):
        refused(NOTE + junk)


def test_a_key_rotation_note_signed_by_both_keys_verifies_with_either() -> None:
    """Source: hub-protocol §9 (rotation)."""
    second = sign(HEAD, OTHER, unb64url(OTHER.x)).partition("\n\n")[2]
    assert verify(NOTE + second, KEY.kid, KEY.x) == verify(NOTE + second, KEY.kid, OTHER.x) == HEAD


@pytest.mark.parametrize("note", ["", "\n", "\n\n", "\n\n\n", "a\nb\nc\n\nd", KEY.kid])
def test_what_is_no_note_is_refused(note: str) -> None:
    refused(note)
    refused(note.replace("a", KEY.kid))
