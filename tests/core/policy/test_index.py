"""Rules found by words are the rules that match word for word, however many were asked before."""

from __future__ import annotations

from dataclasses import replace

from core.policy import index, parse_policy
from tests.core.policy.builders import PEOPLE, allow, document, evaluate, forbid, request


def test_what_is_remembered_stays_bounded_and_right() -> None:
    policy = parse_policy(document(allow(workflows='["*"]'), forbid(workflows='["w-7"]')))
    asked = request()

    for number in range(index._MOST_REMEMBERED + 10):
        found = policy.index.about(replace(asked, workflow=f"w-{number}"))
        assert len(found.allows) == 1
        assert len(found.forbids) == (number == 7)

    assert len(policy.index._known) <= index._MOST_REMEMBERED


def test_a_changed_policy_does_not_remember_the_former_one() -> None:
    policy = parse_policy(document(allow()))
    assert evaluate(policy, request(), PEOPLE).outcome == "review"

    assert evaluate(replace(policy, allows=()), request(), PEOPLE).outcome == "denied"


def test_a_verdict_explains_every_rule_when_it_is_asked_to() -> None:
    policy = parse_policy(document(allow(), allow(id='"other"', agents='["scribe"]'), forbid()))

    verdict = evaluate(policy, request(), PEOPLE)

    assert verdict.outcome == "denied"
    assert [(line.rule, line.matched) for line in verdict.trace] == [
        ("stop", True),
        ("contact", True),
        ("other", False),
    ]
