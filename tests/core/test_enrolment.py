from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.adoption import adopt
from core.enrolment import (
    change_roster,
    read_public_key,
    with_agent_key,
    with_person_key,
    with_revoked,
)
from core.errors import BadInput, Conflict, NotFound, Refused
from core.roster import parse_roster
from core.statement import b64url
from sync.keys.ring import KeyRing, generate
from sync.workspace.documents import SAMPLE_AGENTS, roster_text
from tests.builders import Bench
from tests.core.duty.rosters import absent, person, shift, signer

RING = generate()
X = RING.public("checkpoint")
KID = RING.signer("checkpoint").kid
JWK = {"kty": "OKP", "crv": "Ed25519", "x": X}
TEXT = roster_text("dr-lee", RING, SAMPLE_AGENTS)


def other_key() -> tuple[str, str]:
    ring: KeyRing = generate()
    return ring.signer("checkpoint").kid, ring.public("checkpoint")


@pytest.mark.parametrize(
    "given",
    [json.dumps(JWK), json.dumps({**JWK, "kid": "mine", "use": "sig"}), X, f"  {X}\n"],
    ids=["jwk", "more-members", "x", "spaces"],
)
def test_a_public_key_is_read(given: str) -> None:
    assert read_public_key(given.encode()) == X


@pytest.mark.parametrize(
    "given",
    [
        json.dumps({**JWK, "d": X}),
        json.dumps({"keys": [{**JWK, "d": X}]}),
        json.dumps({"kty": "oct", "k": "c2VjcmV0"}),
        "-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n",
    ],
    ids=["jwk", "set", "secret", "pem", "openssh"],
)
def test_a_private_key_is_refused_and_said_to_be_exposed(given: str) -> None:
    with pytest.raises(BadInput, match=r"PRIVATE.*exposed.*make a new key") as caught:
        read_public_key(given.encode())
    assert X not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "zzz",
        "é" * 43,
        b64url(bytes(31)),
        json.dumps({"keys": [JWK]}),
        json.dumps({**JWK, "crv": "X25519"}),
        json.dumps({**JWK, "kty": "EC"}),
        json.dumps({**JWK, "use": "enc"}),
        json.dumps({"kty": "OKP", "crv": "Ed25519"}),
        '{"kty": "OKP", "kty": "OKP"}',
        "{",
    ],
    ids=map(str, range(11)),
)
def test_anything_else_is_no_key(given: str) -> None:
    with pytest.raises(BadInput):
        read_public_key(given.encode())


def test_enrolling_appends_and_keeps_every_word_of_the_document() -> None:
    text = with_agent_key(TEXT, "intake-2", X)
    assert text.startswith(TEXT)
    assert parse_roster(text).agent_keys("intake-2") == {KID: X}
    assert with_agent_key(text, "intake-2", X) == text


def test_a_second_key_goes_to_its_own_agent() -> None:
    text = with_agent_key(TEXT, "intake-2", X)
    text = with_agent_key(text, "zeta", other_key()[1]) + "\n# the last word\n"
    kid, x = other_key()
    more = with_agent_key(text, "intake-2", x)
    assert parse_roster(more).agent_keys("intake-2") == {KID: X, kid: x}
    assert len(parse_roster(more).agent_keys("zeta")) == 1
    assert set(text.splitlines()) < set(more.splitlines())
    assert more.endswith("# the last word\n")


def test_a_revoked_key_is_not_enrolled_again() -> None:
    text = with_revoked(with_agent_key(TEXT, "intake-2", X), KID)
    assert parse_roster(text).agent_keys("intake-2") == {}
    with pytest.raises(Conflict):
        with_agent_key(text, "intake-2", X)
    with pytest.raises(BadInput, match="share a key"):
        with_agent_key(text, "zeta", X)


@pytest.mark.parametrize("agent", ["a.b", "", "a b", "ä", "a" * 65, "scribe_1", "front-desk-I"])
def test_an_id_that_may_not_stand_there_is_refused(agent: str) -> None:
    with pytest.raises(BadInput):
        with_agent_key(TEXT, agent, X)


@pytest.mark.parametrize("party", ["reviewer", "submitter", "gateway"])
def test_the_key_of_another_party_is_refused(party: str) -> None:
    with pytest.raises(BadInput, match="agent's key"):
        with_agent_key(TEXT, "intake-2", RING.public(party))


@pytest.mark.parametrize("name", ["reviewer", "submitter", "gateway"])
def test_revoking_changes_one_key_and_no_other_word(name: str) -> None:
    kid = RING.signer(name).kid
    text = with_revoked(TEXT, kid)
    assert not parse_roster(text).knows(kid)
    assert all(parse_roster(text).knows(other) for other in _kids() - {kid})
    kept = [line for line in text.splitlines() if line != "revoked = true"]
    assert kept == TEXT.splitlines()
    assert with_revoked(text, kid) == text


def test_revoking_replaces_what_the_document_says() -> None:
    said = with_agent_key(TEXT, "intake-2", X) + "revoked = false  # for now\n"
    text = with_revoked(said, KID)
    assert text.count(KID) == said.count(KID) and "revoked = false" not in text
    assert not parse_roster(text).knows(KID)


def test_an_unknown_kid_is_not_found() -> None:
    with pytest.raises(NotFound):
        with_revoked(TEXT, KID)


def test_a_document_in_another_form_is_left_to_its_author() -> None:
    inline = f'{TEXT}\n[[agents]]\nid = "zeta"\nkeys = [{{kid = "{KID}", x = "{X}"}}]\n'
    with pytest.raises(BadInput, match="by hand"):
        with_revoked(inline, KID)
    with pytest.raises(BadInput, match="by hand"):
        with_agent_key(inline, "zeta", other_key()[1])
    closed = TEXT.replace("version = 1", "version = 1\nagents = []")
    with pytest.raises(BadInput, match="by hand"):
        with_agent_key(closed, "zeta", X)


def test_a_header_inside_a_text_does_not_mislead() -> None:
    decoy = TEXT.replace("[[people]]", "people = []\n[[people]]")
    with pytest.raises(BadInput):
        with_agent_key(decoy, "zeta", X)


def test_the_change_is_adopted_in_one_transaction(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    held = bench.ledger.config("roster").document
    row = change_roster(bench.workspace, held, lambda text: with_agent_key(text, "intake-2", X))
    assert row == bench.ledger.config("roster") and row.number == 2
    again = change_roster(bench.workspace, row.document, lambda text: text)
    assert again == row


@pytest.mark.parametrize("on_disk", [None, TEXT], ids=["none", "other"])
def test_a_file_that_is_not_in_force_stops_it(tmp_path: Path, on_disk: str | None) -> None:
    bench = Bench(tmp_path)
    before = bench.ledger.config("roster")
    with pytest.raises(Conflict, match="roster diff"):
        change_roster(bench.workspace, on_disk, lambda text: with_agent_key(text, "intake-2", X))
    assert bench.ledger.config("roster") == before


def test_who_is_no_admin_changes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    held = bench.ledger.config("roster").document
    head, _, tail = held.partition("[[admins]]")
    kid, x = other_key()
    taken = f'{head}[[admins]]\nkid = "{kid}"\nx = "{x}"\n'
    assert tail
    adopt(bench.workspace, "roster", taken)
    with pytest.raises(Refused):
        change_roster(bench.workspace, taken, lambda text: with_agent_key(text, "intake-2", X))


def _kids() -> set[str]:
    return {RING.signer(name).kid for name in ("reviewer", "submitter", "gateway")}


def test_a_person_is_enrolled_and_gets_a_second_key() -> None:
    one, two = signer("kim"), signer("kim-2")
    before = "version = 1  # ours\n" + person("lea", ["nurse"], shift("08:00", "16:00"))
    made = with_person_key(before, "kim", one.x, ["nurse", "physician"])
    assert made.startswith(before.rstrip("\n"))
    assert parse_roster(made).person("kim").roles == ["nurse", "physician"]
    assert with_person_key(made, "kim", one.x, []) == made
    both = with_person_key(made, "kim", two.x, [])
    assert [key.kid for key in parse_roster(both).person("kim").keys] == [one.kid, two.kid]
    revoked = parse_roster(with_revoked(both, one.kid))
    assert [key.revoked for key in revoked.person("kim").keys] == [True, False]
    with pytest.raises(Conflict):
        with_person_key(with_revoked(both, one.kid), "kim", one.x, [])
    wrong = [("kim", ["nurse"], "--role"), ("mia", [], "--role"), ("m a", ["x"], "ID")]
    for name, roles, field in wrong:
        with pytest.raises(BadInput) as caught:
            with_person_key(both, name, signer("mia").x, roles)
        assert caught.value.field == field and caught.value.remedy


def test_a_key_of_somebody_else_is_not_enrolled() -> None:
    before = "version = 1\n" + person("lea", ["nurse"])
    with pytest.raises(BadInput):
        with_person_key(before, "kim", signer("lea").x, ["nurse"])


def test_shifts_and_absences_outlive_a_revocation() -> None:
    rest = absent("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z") + shift("22:00", "06:00")
    text = person("lea", ["nurse"]).split("keys = [")[0] + rest
    text = with_person_key(f"version = 1{text}", "lea", signer("lea").x, [])
    after = parse_roster(with_revoked(text, signer("lea").kid)).person("lea")
    assert after.keys[0].revoked and after.shifts[0].begins == "22:00" and after.absent
