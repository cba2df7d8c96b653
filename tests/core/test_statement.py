"""Signed statements: what is accepted, and every way to be refused."""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core import statement
from core.canonical import Number
from core.statement import (
    InvalidStatement,
    b64url,
    peek,
    sign,
    statement_digest,
    thumbprint,
    unb64url,
    verify,
)
from sync.keys.ring import Ed25519Signer

SIGNER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
KEYS = {SIGNER.kid: SIGNER.x}
PAYLOAD = {"v": Number("1"), "dose": Number("1.10"), "name": "é"}
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def made(header: object, payload: bytes = b'{"v":1}', signer: Ed25519Signer = SIGNER) -> str:
    """Return a compact string with any header, correctly signed."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    signed = f"{b64url(head)}.{b64url(payload)}"
    return f"{signed}.{b64url(signer.sign(signed.encode()))}"


def header(**members: Any) -> dict[str, Any]:
    found = {"alg": "Ed25519", "kid": SIGNER.kid, "typ": "countersign.decision.v1", **members}
    return {key: value for key, value in found.items() if value is not ...}


def refused(text: str, kind: str = "decision", keys: Mapping[str, str] = KEYS) -> None:
    with pytest.raises(InvalidStatement):
        verify(text, kind, keys)


def test_what_is_signed_verifies_with_its_number_texts() -> None:
    text = sign("decision", PAYLOAD, SIGNER).text
    found = verify(text, "decision", KEYS)
    assert (found.kind, found.kid, found.payload) == ("decision", SIGNER.kid, PAYLOAD)
    assert found.text == text and b'"dose":1.10' in unb64url(text.split(".")[1])


def test_header_has_exactly_three_members() -> None:
    written = json.loads(unb64url(sign("decision", PAYLOAD, SIGNER).text.split(".")[0]))
    assert written == {
        "alg": "Ed25519", "kid": SIGNER.kid, "typ": "countersign.decision.v1",
    }  # fmt: skip


def test_signing_is_plain_jws() -> None:
    """Anybody with RFC 7515 and an Ed25519 implementation can check a statement."""
    text = sign("decision", PAYLOAD, SIGNER).text
    signed, _, signature = text.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().verify(raw, signed.encode())


@pytest.mark.parametrize("algorithm", ["Ed25519", "EdDSA"])
def test_both_names_of_the_algorithm_are_accepted(algorithm: str) -> None:
    assert verify(made(header(alg=algorithm)), "decision", KEYS).payload == {"v": Number("1")}


@pytest.mark.parametrize(
    "members",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ed25519"},
        {"alg": ["Ed25519"]},
        {"alg": None},
        {"alg": ...},
        {"kid": ...},
        {"kid": None},
        {"kid": ["x"]},
        {"kid": {"x": 1}},
        {"kid": ""},
        {"kid": OTHER.kid},
        {"typ": ...},
        {"typ": "JWT"},
        {"typ": "countersign.decision.v2"},
        {"typ": "countersign.Decision.v1"},
        {"typ": "countersign.recall.v1"},
        {"typ": ["countersign.decision.v1"]},
        {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": SIGNER.x}},
        {"jku": "https://keys.example/"},
        {"crit": ["exp"]},
        {"b64": False},
    ],
    ids=str,
)
def test_other_headers_are_refused_though_correctly_signed(members: dict[str, Any]) -> None:
    refused(made(header(**members)))


@pytest.mark.parametrize("raw", [b"[]", b"null", b"x", b'"alg"', b"", b"\xff{}"])
def test_header_that_is_no_object_is_refused(raw: bytes) -> None:
    refused(made(raw))


def test_header_with_a_member_twice_is_refused() -> None:
    text = json.dumps(header())
    refused(made(text.replace("{", '{"alg":"none",', 1).encode()))


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"1", b'{"v":1,"v":2}', b'{"v":NaN}', b'"\xff"', b'{"a":"\\ud800"}'],
)
def test_payload_that_is_no_exact_object_is_refused(payload: bytes) -> None:
    refused(made(header(), payload))


def test_every_flipped_byte_is_refused() -> None:
    """At every position, another letter of the alphabet and what lies outside it."""
    text = sign("decision", PAYLOAD, SIGNER).text
    for place, letter in enumerate(text):
        near = ALPHABET[(ALPHABET.find(letter) + 1) % len(ALPHABET)]
        last = ALPHABET[ALPHABET.find(letter) ^ 1] if letter in ALPHABET else "A"
        for other in {near, last, ".", "=", "+", "/", " ", "\n", "\x00", "é"} - {letter}:
            refused(text[:place] + other + text[place + 1 :])


def test_every_cut_or_longer_text_is_refused() -> None:
    text = sign("decision", PAYLOAD, SIGNER).text
    for place in range(len(text)):
        refused(text[:place])
        refused(text[:place] + text[place + 1 :])
    for extra in ("A", "=", ".", "\n", " ", ".A"):
        refused(text + extra)
        refused(extra + text)


def test_control_with_a_lenient_decoder_a_flipped_byte_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lenient(text: str) -> bytes:
        try:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise InvalidStatement("not base64url") from None

    monkeypatch.setattr(statement, "unb64url", lenient)
    with pytest.raises(pytest.fail.Exception):
        test_every_flipped_byte_is_refused()


@pytest.mark.parametrize(
    "text",
    ["AA==", "AA=", "A", "AB", "AAB", "A A", "A\nA", "+/+/", "AA+/", "é", "\u212a", "AA\n"],
)
def test_other_spellings_of_base64url_are_refused(text: str) -> None:
    with pytest.raises(InvalidStatement):
        unb64url(text)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xfb\xff", b"abc", bytes(range(256))])
def test_base64url_round_trip(data: bytes) -> None:
    assert unb64url(b64url(data)) == data and not set(b64url(data)) - set(ALPHABET)


def test_statement_of_another_kind_is_refused() -> None:
    text = sign("recall", PAYLOAD, SIGNER).text
    refused(text, "decision")
    assert verify(text, "recall", KEYS).kind == "recall"


def test_key_comes_from_the_roster_alone() -> None:
    text = sign("decision", PAYLOAD, OTHER).text
    refused(text, keys={})
    refused(text, keys=KEYS)
    assert verify(text, "decision", {OTHER.kid: OTHER.x}).kid == OTHER.kid


def test_a_kid_does_not_lend_its_name_to_another_key() -> None:
    refused(made(header(kid=SIGNER.kid), signer=OTHER))
    refused(made(header(kid=OTHER.kid)), keys={SIGNER.kid: SIGNER.x, OTHER.kid: OTHER.x})


@pytest.mark.parametrize("x", ["", "AA", "not base64!", b64url(bytes(33)), "é"])
def test_unusable_enrolled_key_refuses_and_does_not_crash(x: str) -> None:
    refused(sign("decision", PAYLOAD, SIGNER).text, keys={SIGNER.kid: x})


@pytest.mark.parametrize("signature", ["", b64url(bytes(63)), b64url(bytes(65)), b64url(bytes(64))])
def test_signature_of_another_length_is_refused(signature: str) -> None:
    signed = sign("decision", PAYLOAD, SIGNER).text.rpartition(".")[0]
    refused(f"{signed}.{signature}")


def test_signature_of_another_statement_is_refused() -> None:
    one, other = (sign("decision", {"n": Number(text)}, SIGNER).text for text in "12")
    refused(f"{one.rpartition('.')[0]}.{other.rpartition('.')[2]}")
    refused(".".join([one.split(".")[0], *other.split(".")[1:2], one.split(".")[2]]))


def test_size_is_limited() -> None:
    largest = {"a" * 100 + str(key): "x" * 60_000 for key in range(6)}
    verify(sign("decision", largest, SIGNER).text, "decision", KEYS)
    refused(sign("decision", {**largest, "b": "x" * 60_000}, SIGNER).text)


def test_thumbprint_is_that_of_rfc_8037() -> None:
    """Source: RFC 8037 appendix A.3."""
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert thumbprint(x) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert SIGNER.kid == thumbprint(SIGNER.x)


def test_digest_covers_header_and_payload_but_not_the_signature() -> None:
    found = sign("decision", PAYLOAD, SIGNER)
    signed = found.text.rpartition(".")[0]
    assert found.digest == statement_digest(f"{signed}.AAAA")
    assert found.digest != sign("recall", PAYLOAD, SIGNER).digest
    assert found.digest != sign("decision", {**PAYLOAD, "v": Number("2")}, SIGNER).digest


def test_peek_reads_without_verifying_and_refuses_what_it_cannot_read() -> None:
    assert peek(made(header(alg="none"))) == {"v": Number("1")}
    for text in ("", "a.b", "a.!.c", "a.é.c", f"a.{b64url(b'[]')}.c"):
        with pytest.raises(InvalidStatement):
            peek(text)
