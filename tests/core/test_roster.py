from __future__ import annotations

import pytest

from core.errors import BadInput, Refused
from core.roster import SIGNERS, Roster, parse_roster
from sync.keys.ring import KeyRing, generate
from sync.workspace.documents import ROLES, SAMPLE_AGENTS, roster_text


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    return generate()


@pytest.fixture
def text(ring: KeyRing) -> str:
    return roster_text("dr-lee", ring, SAMPLE_AGENTS)


@pytest.fixture
def roster(text: str) -> Roster:
    return parse_roster(text)


def test_the_starting_roster_lists_the_reviewer_with_every_role(
    roster: Roster, ring: KeyRing
) -> None:
    assert roster.roles() == {"dr-lee": frozenset(ROLES)}
    assert roster.person("dr-lee").keys[0].kid == ring.signer("reviewer").kid


def test_who_is_not_listed_is_refused(roster: Roster) -> None:
    with pytest.raises(Refused) as caught:
        roster.person("dr-no")
    assert caught.value.remedy


def test_each_kind_is_signed_by_its_own_part(roster: Roster, ring: KeyRing) -> None:
    signer = {"people": "reviewer", "submitters": "submitter", "gateways": "gateway",
              "admins": "reviewer"}  # fmt: skip
    for kind, part in SIGNERS.items():
        assert roster.keys_for(kind) == {ring.signer(signer[part]).kid: ring.public(signer[part])}


def test_no_submitter_or_gateway_key_decides(roster: Roster, ring: KeyRing) -> None:
    for name in ("submitter", "gateway", "checkpoint"):
        assert ring.signer(name).kid not in roster.keys_for("decision")
        assert roster.owner(ring.signer(name).kid) is None


def test_the_submitter_speaks_for_the_listed_agents_alone(roster: Roster, ring: KeyRing) -> None:
    kid = ring.signer("submitter").kid
    assert all(roster.may_speak_for(kid, agent) for agent in SAMPLE_AGENTS)
    assert not roster.may_speak_for(kid, "stranger")
    assert not roster.may_speak_for(ring.signer("reviewer").kid, SAMPLE_AGENTS[0])


def test_a_revoked_key_counts_for_nothing(text: str, ring: KeyRing) -> None:
    kid = ring.signer("reviewer").kid
    roster = parse_roster(text.replace(f'kid = "{kid}"', f'kid = "{kid}"\nrevoked = true'))
    assert roster.roles() == {}
    assert roster.owner(kid) is None
    assert kid not in roster.keys_for("decision") and kid not in roster.keys_for("adoption")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("version = 1", "version = ", None),
        ("version = 1", 'version = "1"', "roster.version"),
        ("version = 1", "", "roster.version"),
        ("version = 1", "version = 1\nzeal = 2", "roster.zeal"),
        ('id = "dr-lee"', 'id = "dr lee"', "roster.people.0.id"),
        ('id = "dr-lee"', "", "roster.people.0.id"),
        ('    "nurse",', "    5,", "roster.people.0.roles.1"),
        ("agents = [", "agents = [1, ", "roster.submitters.0.agents.0"),
    ],
)
def test_a_wrong_roster_names_its_field(text: str, old: str, new: str, field: str | None) -> None:
    with pytest.raises(BadInput) as caught:
        parse_roster(text.replace(old, new, 1))
    assert caught.value.field == field


def test_two_people_may_not_share_an_id_or_a_key(text: str, ring: KeyRing) -> None:
    own = f'kid = "{ring.signer("reviewer").kid}"\nx = "{ring.public("reviewer")}"'
    second = f'[[people]]\nid = "NAME"\nroles = []\n[[people.keys]]\n{own}\n'
    for name, words in (("dr-lee", "share an id"), ("dr-kim", "share a key")):
        with pytest.raises(BadInput, match=words):
            parse_roster(text + second.replace("NAME", name))


def test_a_kid_that_is_not_its_keys_thumbprint_is_refused(text: str, ring: KeyRing) -> None:
    for name in ("reviewer", "gateway"):
        other = ring.public("checkpoint")
        with pytest.raises(BadInput, match="thumbprint"):
            parse_roster(text.replace(ring.public(name), other))


def test_a_submitters_kid_is_checked_too(text: str, ring: KeyRing) -> None:
    with pytest.raises(BadInput, match="thumbprint"):
        parse_roster(text.replace(ring.public("submitter"), ring.public("checkpoint")))


@pytest.mark.parametrize("machine", ["submitter", "gateway"])
def test_no_key_of_a_machine_is_a_persons(text: str, ring: KeyRing, machine: str) -> None:
    own = f'kid = "{ring.signer(machine).kid}"\nx = "{ring.public(machine)}"'
    second = f'[[people]]\nid = "dr-kim"\nroles = []\n[[people.keys]]\n{own}\n'
    with pytest.raises(BadInput, match="person's key"):
        parse_roster(text + second)
