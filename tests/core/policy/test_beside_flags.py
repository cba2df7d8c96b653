"""What intake finds beside a change only tightens: duplicates by one tier, messages to the top."""

from __future__ import annotations

import pytest

from core.policy import Verdict, parse_policy
from tests.core.policy.builders import PEOPLE, allow, document, evaluate, request


def verdict(*flags: str, tier: str = "low", people: dict[str, frozenset[str]] = PEOPLE) -> Verdict:
    policy = parse_policy(document(allow(tier=f'"{tier}"')))
    return evaluate(policy, request(flags=frozenset(flags)), people)


@pytest.mark.parametrize(
    ("before", "after", "route"),
    [("low", "medium", "desk"), ("medium", "high", "pair"), ("high", "high", "desk")],
)
def test_a_possible_duplicate_raises_the_tier_by_one(before: str, after: str, route: str) -> None:
    found = verdict("duplicate-possible", tier=before)
    assert found.outcome == "review" and found.tier == after
    assert found.route is not None and found.route.id == route
    assert [reason.code for reason in found.reasons] == ["duplicate-possible"]


@pytest.mark.parametrize(("before", "after"), [("low", "medium"), ("medium", "high")])
def test_what_cannot_be_undone_raises_the_tier_by_one(before: str, after: str) -> None:
    found = verdict("not-correctable", tier=before)
    assert (found.outcome, found.tier) == ("review", after)
    assert [reason.code for reason in found.reasons] == ["not-correctable"]


def test_with_nobody_for_the_strictest_route_it_stays_with_the_rules_own() -> None:
    alone = {"ann": frozenset({"coordinator"})}
    found = verdict("duplicate-possible", tier="medium", people=alone)
    assert found.outcome == "review" and found.tier == "high"
    assert found.route is not None and found.route.id == "desk"


@pytest.mark.parametrize("tier", ["low", "medium", "high"])
def test_a_message_takes_the_strictest_route_whatever_the_rule_says(tier: str) -> None:
    found = verdict("outgoing-message", tier=tier)
    assert found.tier == "high" and found.route is not None and found.route.id == "pair"


def test_a_message_is_denied_where_nobody_holds_that_route() -> None:
    found = verdict("outgoing-message", people={"ann": frozenset({"coordinator"})})
    assert found.outcome == "denied"


def test_none_of_them_needs_a_name_in_a_rule_and_none_allows() -> None:
    policy = parse_policy(document(allow(agents='["other"]')))
    flags = frozenset({"duplicate-possible", "outgoing-message"})
    assert evaluate(policy, request(flags=flags), PEOPLE).outcome == "denied"
