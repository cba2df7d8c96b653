"""Whether one rule always stands in another's way: proved, or not said.

Source: design §7 ("forbids win; of several matching rules the strictest route counts").
"""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from core.policy.engine import evaluate
from core.policy.limits import FULL
from core.policy.paths import ElementPath, element_path
from core.policy.policy import Policy
from core.policy.request import Request, Touched
from core.policy.rules import Allow, Forbid, Match

_FORBID = frozenset({"id", "match", "reason"})
_ALLOW = frozenset(
    {
        "id", "match", "tier", "route", "where", "needs", "min_confidence", "named",
        "medication_orders",
    }
)  # fmt: skip
_MATCH = frozenset({"words", "paths", "effects"})
_CONFIRMED = Decimal(1)


def forbidding(forbid: Forbid, rule: Allow) -> bool:
    """Return whether the forbid concerns every request that the rule allows.

    Each touched element of such a request is under one of the rule's paths with one of its
    effects; the forbid must meet all of those. A condition that is unknown here proves nothing.
    """
    if _conditions(forbid, _FORBID) or _conditions(forbid.match, _MATCH):
        return False
    return (
        _words_within(rule.match, forbid.match)
        and rule.match.effects <= forbid.match.effects
        and all(_is_met(path, forbid.match.paths) for path in rule.match.paths)
    )


def stricter(policy: Policy, other: Allow, rule: Allow) -> bool:
    """Return whether `other` matches whatever `rule` matches, and then always beats it.

    A rule with a confidence minimum may be raised to the highest route, so nothing is proved of it.
    """
    if other.id == rule.id or rule.min_confidence is not None:
        return False
    if _conditions(other, _ALLOW) != _conditions(rule, _ALLOW):
        return False
    if _conditions(other.match, _MATCH) != _conditions(rule.match, _MATCH):
        return False
    return _matches_all(other, rule) and _wins(policy, other, rule)


def _conditions(part: Any, known: frozenset[str]) -> dict[str, object]:
    """Return the members of a rule that are unknown here and set."""
    found = {}
    for item in fields(part):
        value = getattr(part, item.name)
        if item.name not in known and value and value != item.default:
            found[item.name] = value
    return found


def _matches_all(other: Allow, rule: Allow) -> bool:
    where = dict(rule.where)
    return (
        _words_within(rule.match, other.match)
        and rule.match.effects <= other.match.effects
        and all(_is_covered(path, other.match.paths) for path in rule.match.paths)
        and all(element in where and where[element] <= taken for element, taken in other.where)
        and other.needs <= rule.needs
        and rule.named <= other.named
        and (other.medication_orders or not rule.medication_orders)
    )


def _words_within(inner: Match, outer: Match) -> bool:
    words = dict(inner.words)
    return all(field in words and words[field] <= taken for field, taken in outer.words)


def _is_met(path: ElementPath, forbidden: tuple[ElementPath, ...]) -> bool:
    """Return whether a forbid with those paths meets all that `path` covers; none: any element."""
    return not forbidden or any(
        len(one.segments) <= len(path.segments) and one.meets(path.segments) for one in forbidden
    )


def _is_covered(path: ElementPath, by: tuple[ElementPath, ...]) -> bool:
    return any(path.text == one.text or path.within(one) for one in by)


def _wins(policy: Policy, other: Allow, rule: Allow) -> bool:
    """Ask the engine: two rules that differ in tier, route and nothing else, one request."""
    path = element_path("Patient.telecom")
    assert path is not None  # noqa: S101 - constant
    match = Match((), (path,), frozenset({"changed"}))
    pair = tuple(
        Allow(one.id, match, one.tier, one.route, (), frozenset(), None, frozenset(), False)
        for one in (other, rule)
    )
    asked = Request(
        agent="a", model="m", prompt="p", ehr="e", operation="update", type="Patient",
        touched=(Touched("Patient.telecom", "changed"),), purpose="TREAT", workflow="w",
        confidence=_CONFIRMED, has_encounter=True, groundings=("verified",), flags=frozenset(),
        values={},
    )  # fmt: skip
    roles = frozenset(role for route in policy.routes for role in route.roles)
    most = max(route.quorum for route in policy.routes)
    people = {f"person-{number}": roles for number in range(most)}
    verdict = evaluate(replace(policy, allows=pair, forbids=()), asked, people, FULL)
    return verdict.rules == (other.id,)
