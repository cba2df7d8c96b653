"""What is doubtful in a valid policy: wildcards, rules that never decide, routes nobody can walk.

A doubt never stops an adoption, except automatic approval for whoever asks. "Never decides" is said
only where it is proved: by comparing word sets, paths and effects, and by asking the engine which
of two rules wins. A rule may be unreachable without being found. Source: design §7, docs/adr/0012.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.policy.policy import Policy
from core.policy.route import Route
from core.policy.rules import AUTO, Allow
from core.policy.shadow import forbidding, stricter

Grade: TypeAlias = Literal["refused", "warning", "info"]

_RISKY = ("agent", "ehr", "type", "operation", "purpose")
_CLAIMED = ("model", "prompt", "workflow")
_IDENTIFYING = ("agent", "ehr", "type")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing to look at: `field` is such as `allow[2].agents`."""

    grade: Grade
    field: str
    problem: str
    remedy: str


def doubts(policy: Policy, people: Mapping[str, frozenset[str]] | None) -> tuple[Doubt, ...]:
    """Return what is doubtful, in document order; `people` are the roster's roles, if known."""
    found: list[Doubt] = []
    if people is not None:
        for index, route in enumerate(policy.routes):
            found += _staffing(route, f"route[{index}]", people)
    for index, rule in enumerate(policy.allows):
        field = f"allow[{index}]"
        found += _wildcards(rule, field)
        found += _never(policy, rule, field)
    return tuple(found)


def _staffing(route: Route, field: str, people: Mapping[str, frozenset[str]]) -> Iterator[Doubt]:
    held = {role for roles in people.values() for role in roles}
    holders = sum(not roles.isdisjoint(route.roles) for roles in people.values())
    if holders < route.quorum:
        yield Doubt(
            "warning",
            f"{field}.quorum",
            f"the route {route.id} wants {route.quorum} of {', '.join(route.roles)}, "
            f"and the roster has {holders}: it is disabled",
            "Add people to the roster, or name roles that it has",
        )
    for key, roles in (("escalate_to", route.escalate_to), ("reassign_by", route.reassign_by)):
        for role in roles:
            if role not in held:
                yield Doubt(
                    "warning",
                    f"{field}.{key}",
                    f"nobody in the roster is {role}, whom the route {route.id} names",
                    "Add somebody to the roster, or name a role that it has",
                )


def _wildcards(rule: Allow, field: str) -> Iterator[Doubt]:
    named = {word for word, _ in rule.match.words}
    auto = rule.route == AUTO
    for word in (*_RISKY, *_CLAIMED):
        if word in named:
            continue
        grade: Grade = "info" if word in _CLAIMED and not auto else "warning"
        if auto and word in _IDENTIFYING:
            grade = "refused"
        yield Doubt(
            grade,
            f"{field}.{word}s",
            f"the rule {rule.id} allows any {word}" + (" without a person looking" if auto else ""),
            f"Name the {word}s that it is for",
        )


def _never(policy: Policy, rule: Allow, field: str) -> Iterator[Doubt]:
    forbid = next((one for one in policy.forbids if forbidding(one, rule)), None)
    if forbid is not None:
        yield Doubt(
            "warning",
            field,
            f"the rule {rule.id} never decides: {forbid.id} forbids all that it allows",
            "Remove one of them, or narrow the forbid",
        )
        return
    other = next((one for one in policy.allows if stricter(policy, one, rule)), None)
    if other is not None:
        yield Doubt(
            "warning",
            field,
            f"the rule {rule.id} never decides: {other.id} matches whatever it matches, "
            "and is stricter",
            "Remove one of them, or narrow the stricter one",
        )
