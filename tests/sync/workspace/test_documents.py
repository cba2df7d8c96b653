from __future__ import annotations

import tomllib

import pytest

from core.errors import BadInput
from core.policy import parse_policy
from core.roster import parse_roster
from sync.keys.ring import generate
from sync.profiles import NAMES, load_profile
from sync.workspace.documents import ROLES, starting_documents


def test_what_the_profiles_say_of_undoing() -> None:
    found = {name: tomllib.loads(load_profile(name))["correctable"] for name in NAMES}
    names = ("athenahealth", "eclinicalworks", "generic-r4", "oracle-health")
    unknown = dict.fromkeys(names, "unknown")
    undone = dict.fromkeys(("hapi", "medplum", "sandbox"), True)
    never = dict.fromkeys(("advancedmd", "epic", "veradigm"), False)
    assert found == {**undone, **never, **unknown}


@pytest.mark.parametrize("name", ["", "nothing", "../profiles/sandbox", "Sandbox"])
def test_an_unknown_profile_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_profile(name)
    assert caught.value.remedy is not None
    assert all(known in caught.value.remedy for known in NAMES)


@pytest.mark.parametrize("profile", NAMES)
def test_the_roster_lists_the_reviewer_with_every_role(profile: str) -> None:
    ring = generate()
    roster = parse_roster(starting_documents(profile, "dr-lee", ring).roster)
    assert roster.roles() == {"dr-lee": frozenset(ROLES)}
    own = {ring.signer("reviewer").kid: ring.public("reviewer")}
    assert roster.keys_for("decision") == roster.keys_for("adoption") == own
    assert roster.keys_for("admission") == {ring.signer("gateway").kid: ring.public("gateway")}
    assert list(roster.keys_for("proposal")) == [ring.signer("submitter").kid]


def test_only_the_sandbox_knows_agents() -> None:
    ring = generate()
    kid = ring.signer("submitter").kid
    for profile, known in (("sandbox", True), ("generic-r4", False)):
        roster = parse_roster(starting_documents(profile, "dr-lee", ring).roster)
        for agent in ("front-desk-1", "scribe-1"):
            assert roster.may_speak_for(kid, agent) is known
        assert not roster.may_speak_for(kid, "other")


def test_the_sandbox_policy_allows_and_the_starter_policy_nothing() -> None:
    ring = generate()
    sandbox = parse_policy(starting_documents("sandbox", "dr-lee", ring).policy)
    starter = parse_policy(starting_documents("generic-r4", "dr-lee", ring).policy)
    assert len(sandbox.allows) == 4
    assert starter.allows == ()


def test_the_rule_that_the_starter_policy_suggests_is_valid() -> None:
    text = starting_documents("generic-r4", "dr-lee", generate()).policy
    before, mark, rule = text.partition("# [[allow]]")
    uncommented = (mark + rule).replace("\n# ", "\n").removeprefix("# ")
    (allow,) = parse_policy(before + uncommented).allows
    assert ("ehr", frozenset({"generic-r4"})) in allow.match.words
