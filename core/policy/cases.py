"""Trying out a policy's own cases against the engine, and which rules they reach.

`[people]` says how many hold which role meanwhile; without it every route is staffed.
Source: design §7 ("tested by cases in the same file (`policy test`, with rule coverage)").
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from core.errors import BadInput
from core.policy.case import Case, check_names, read_cases
from core.policy.engine import evaluate
from core.policy.limits import FULL
from core.policy.parse import parse_policy
from core.policy.policy import Policy
from core.policy.verdict import Verdict

REMEDY = "Correct the case or the rules; `policy test` shows every failure"
_STRICTNESS: dict[str, int] = {"auto": 0, "review": 1, "denied": 2}
People = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one case; `failures` holds a line for each thing that came out otherwise."""

    case: Case
    verdict: Verdict
    failures: tuple[str, ...]
    loosened: bool = False
    """The document lets more through than the case says, or asks for less before it."""


@dataclass(frozen=True, slots=True)
class Covered:
    """One rule: in how many cases it decided, and how many it matched."""

    rule: str
    kind: Literal["allow", "forbid"]
    decided: int
    matched: int


@dataclass(frozen=True, slots=True)
class Report:
    """What came of all cases of a document."""

    tried: tuple[Tried, ...]
    coverage: tuple[Covered, ...]

    @property
    def failed(self) -> tuple[Tried, ...]:
        """Return the cases that came out otherwise."""
        return tuple(one for one in self.tried if one.failures)

    @property
    def uncovered(self) -> tuple[Covered, ...]:
        """Return the rules that decided in no case."""
        return tuple(one for one in self.coverage if not one.decided)


def try_policy(text: str) -> Report:
    """Try every case of a document; BadInput for an invalid document or case."""
    policy = parse_policy(text)
    data = tomllib.loads(text, parse_float=Decimal)
    people = data.get("people")
    cases = read_cases(data)
    check_names(cases, policy)
    tried = tuple(_try(policy, case, people) for case in cases)
    return Report(tried, _coverage(policy, tried))


def check_own_cases(text: str, *, enforced: bool) -> None:
    """Raise BadInput for a malformed case, or a case beyond which the document lets through more.

    Without `enforced`, and where it lets through less than a case says, it is only doubtful.
    """
    for one in try_policy(text).failed:
        if not (enforced and one.loosened):
            continue
        raise BadInput(
            f"the case {one.case.name!r} fails: {'; '.join(one.failures)}",
            field=one.case.field,
            remedy=REMEDY,
        )


def _people(policy: Policy, counts: Mapping[str, int] | None) -> People:
    """Return that many people a role; without counts, enough people with every role."""
    if counts is None:
        roles = frozenset(role for route in policy.routes for role in route.roles)
        most = max(route.quorum for route in policy.routes)
        return {f"person-{number}": roles for number in range(most)}
    return {
        f"{role}-{number}": frozenset({role})
        for role, count in counts.items()
        for number in range(count)
    }


def _try(policy: Policy, case: Case, people: Mapping[str, int] | None) -> Tried:
    counts = people if case.people is None else case.people
    verdict = evaluate(policy, case.request, _people(policy, counts), FULL)
    route = None if verdict.route is None else verdict.route.id
    reasons = frozenset(reason.code for reason in verdict.reasons)
    pairs: Sequence[tuple[str, object, object]] = (
        ("outcome", case.outcome, verdict.outcome),
        ("tier", case.tier, verdict.tier),
        ("route", case.route, route),
        ("rules", case.rules, frozenset(verdict.rules)),
        ("reasons", case.reasons, reasons),
    )
    failures = tuple(
        f"{name} should be {_shown(wanted)}, but is {_shown(got)}"
        for name, wanted, got in pairs
        if wanted is not None and wanted != got
    )
    if failures and case.outcome != verdict.outcome and reasons:
        failures += (f"because of {_shown(reasons)}",)
    return Tried(case, verdict, failures, _is_loosened(policy, case, verdict))


def _is_loosened(policy: Policy, case: Case, verdict: Verdict) -> bool:
    wanted, got = _STRICTNESS[case.outcome], _STRICTNESS[verdict.outcome]
    if wanted != got:
        return got < wanted
    if case.tier is not None and case.tier in policy.tiers:
        return policy.tiers.index(verdict.tier) < policy.tiers.index(case.tier)
    route = next((one for one in policy.routes if one.id == case.route), None)
    return route is not None and verdict.route is not None and verdict.route.quorum < route.quorum


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(value)) or "none"
    return "none" if value is None else str(value)


def _coverage(policy: Policy, tried: Sequence[Tried]) -> tuple[Covered, ...]:
    decided = [rule for one in tried for rule in one.verdict.rules]
    matched = [trace.rule for one in tried for trace in one.verdict.trace if trace.matched]
    rules: list[tuple[str, Literal["allow", "forbid"]]] = [
        *((rule.id, "allow") for rule in policy.allows),
        *((rule.id, "forbid") for rule in policy.forbids),
    ]
    return tuple(
        Covered(rule, kind, decided.count(rule), matched.count(rule)) for rule, kind in rules
    )
