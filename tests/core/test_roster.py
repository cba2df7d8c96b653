from __future__ import annotations

import pytest

from core.errors import BadInput, Refused
from core.roster import SIGNERS, Roster, parse_roster
from core.statement import thumbprint
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
    signer = {"people": "reviewer", "proposers": "submitter", "gateways": "gateway",
              "admins": "reviewer", "deciders": "reviewer gateway"}  # fmt: skip
    for kind, part in SIGNERS.items():
        names = signer[part].split()
        assert roster.keys_for(kind) == {ring.signer(n).kid: ring.public(n) for n in names}


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


def agent_entry(ring: KeyRing, agent: str = "scribe-9", key: str = "checkpoint") -> str:
    own = f'kid = "{ring.signer(key).kid}"\nx = "{ring.public(key)}"'
    return f'\n[[agents]]\nid = "{agent}"\n\n[[agents.keys]]\n{own}\n'


def test_an_enrolled_agents_key_proposes_for_that_agent_and_does_nothing_else(
    text: str, ring: KeyRing
) -> None:
    roster = parse_roster(text + agent_entry(ring))
    kid = ring.signer("checkpoint").kid
    assert roster.agent_keys("scribe-9") == {kid: ring.public("checkpoint")}
    assert set(roster.keys_for("proposal")) == {kid, ring.signer("submitter").kid}
    assert roster.may_speak_for(kid, "scribe-9") and roster.knows(kid)
    assert not roster.may_speak_for(kid, SAMPLE_AGENTS[0])
    assert not roster.agent_keys(SAMPLE_AGENTS[0])
    assert roster.owner(kid) is None
    for kind in set(SIGNERS) - {"proposal", "withdraw"}:
        assert kid not in roster.keys_for(kind)


def test_a_revoked_agents_key_speaks_for_nobody(text: str, ring: KeyRing) -> None:
    roster = parse_roster(text + agent_entry(ring) + "revoked = true\n")
    kid = ring.signer("checkpoint").kid
    assert roster.agent_keys("scribe-9") == {}
    assert kid not in roster.keys_for("proposal")
    assert not roster.may_speak_for(kid, "scribe-9") and not roster.knows(kid)


def test_a_revoked_submitter_speaks_for_nobody(text: str, ring: KeyRing) -> None:
    kid = ring.signer("submitter").kid
    roster = parse_roster(text.replace(f'kid = "{kid}"', f'kid = "{kid}"\nrevoked = true'))
    assert kid not in roster.keys_for("proposal") and not roster.knows(kid)
    assert not any(roster.may_speak_for(kid, agent) for agent in SAMPLE_AGENTS)


@pytest.mark.parametrize("party", ["reviewer", "submitter", "gateway"])
def test_no_key_of_an_agent_is_anybody_elses(text: str, ring: KeyRing, party: str) -> None:
    with pytest.raises(BadInput, match="agent's key"):
        parse_roster(text + agent_entry(ring, key=party))


def test_no_key_of_an_agent_adopts(text: str, ring: KeyRing) -> None:
    own = f'kid = "{ring.signer("checkpoint").kid}"\nx = "{ring.public("checkpoint")}"'
    with pytest.raises(BadInput, match="agent's key"):
        parse_roster(f"{text}{agent_entry(ring)}\n[[admins]]\n{own}\n")


def test_two_agents_share_neither_id_nor_key(text: str, ring: KeyRing) -> None:
    other = generate()
    with pytest.raises(BadInput, match="agents share a key"):
        parse_roster(text + agent_entry(ring) + agent_entry(ring, "intake-2"))
    with pytest.raises(BadInput, match="agents share an id"):
        parse_roster(text + agent_entry(ring) + agent_entry(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("intake-1", "intake_1"),
        ("intake-1", "intake-l"),
        ("intake-1", "intake-I"),
        ("intake-1", "Intake-1"),
        ("Ida", "ida"),
        ("desk-0", "desk-O"),
        ("modern", "modem"),
    ],
)
def test_agents_that_look_alike_are_refused(text: str, ring: KeyRing, one: str, other: str) -> None:
    with pytest.raises(BadInput, match="look alike"):
        parse_roster(text + agent_entry(ring, one) + agent_entry(generate(), other))


def test_an_agent_may_not_look_like_one_that_the_submitter_speaks_for(
    text: str, ring: KeyRing
) -> None:
    assert "scribe-1" in SAMPLE_AGENTS
    parse_roster(text + agent_entry(ring, "scribe-1"))
    with pytest.raises(BadInput, match="scribe-1"):
        parse_roster(text + agent_entry(ring, "scribe_1"))


def test_without_the_look_a_double_would_pass(
    text: str, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.roster._looks", lambda name: {name})
    # A comment of its own, since rosters are remembered by their text.
    assert parse_roster(f"{text}{agent_entry(ring, 'scribe_1')}# unguarded\n").agents


@pytest.mark.parametrize("agent", ["a.b", "", "a b", "a|b", "a" * 65])
def test_an_agent_id_holds_no_dot(text: str, ring: KeyRing, agent: str) -> None:
    with pytest.raises(BadInput):
        parse_roster(text + agent_entry(ring, agent))


def test_an_agents_key_is_32_canonical_bytes(text: str) -> None:
    for x in ("AAAA", "A" * 42 + "B"):
        entry = f'[[agents]]\nid = "a"\nkeys = [{{kid = "{thumbprint(x)}", x = "{x}"}}]\n'
        with pytest.raises(BadInput, match="Ed25519"):
            parse_roster(f"{text}\n{entry}")


def test_without_the_check_an_agents_key_would_decide(
    text: str, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.roster._check_owners", lambda _: None)
    roster = parse_roster(f"{text}{agent_entry(ring, key='reviewer')}# unguarded\n")
    shared = set(roster.agent_keys("scribe-9"))
    assert shared & set(roster.keys_for("decision"))
