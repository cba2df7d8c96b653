"""The evaluation of one request: default deny, forbids win, the strictest matching rule counts.

Order of strictness among matching rules, each with its own confidence minimum applied: the higher
tier; then the larger quorum (automatic approval counts as none); then the highest tier's route;
then fewer roles, longer hold, no rebase, shorter expiry, shorter reach; last the route's id, so
that the order is total. Rules equal in tier and route decide together. Source: design §7, §14.10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from core.policy.matching import (
    Miss,
    allow_misses,
    flag_code,
    is_named,
    special_flags,
    trace_forbid,
)
from core.policy.request import NARRATIVE_KEPT, Request, is_complete
from core.policy.rules import Allow, Forbid, Policy
from core.policy.verdict import REASONS, Outcome, Reason, Route, RuleTrace, Verdict

_Considered: TypeAlias = tuple[tuple[Allow, tuple[Miss, ...]], ...]
_NO_LIMIT = 10**12


@dataclass(frozen=True, slots=True)
class _Grant:
    """A tier and route (None: automatic) on the way to a verdict, with what tightened it."""

    tier: str
    route: Route | None
    rules: tuple[str, ...]
    codes: tuple[str, ...] = ()


def evaluate(policy: Policy, request: Request, people: Mapping[str, frozenset[str]]) -> Verdict:
    """Return what the policy says of the request.

    `people` maps each reviewer of the roster to their roles: a route that wants more distinct
    people than hold its roles denies, and is never replaced by a weaker one.
    """
    if not is_complete(request):
        return _denied(policy, _reasons("request-incomplete"))
    if not request.touched:
        return _denied(policy, _reasons("nothing-changed"))
    forbids = tuple(trace_forbid(rule, request) for rule in policy.forbids)
    considered = tuple((rule, allow_misses(rule, request)) for rule in policy.allows)
    trace = (*forbids, *_allow_traces(considered))
    if forbidding := _forbidding(policy, forbids):
        reasons = tuple(Reason("forbidden", rule.reason) for rule in forbidding)
        return _denied(policy, reasons, tuple(rule.id for rule in forbidding), trace)
    matching = tuple(rule for rule, misses in considered if not misses)
    if not matching:
        return _denied(policy, _reasons(*_uncovered(considered, request)), (), trace)
    grant = _tightened(policy, _strictest(policy, matching, request), request)
    return _concluded(policy, grant, request, people, trace)


def _forbidding(policy: Policy, traces: Sequence[RuleTrace]) -> tuple[Forbid, ...]:
    return tuple(rule for rule, trace in zip(policy.forbids, traces, strict=True) if trace.matched)


def _allow_traces(considered: _Considered) -> tuple[RuleTrace, ...]:
    return tuple(
        RuleTrace(rule.id, "allow", not misses, tuple(miss.words for miss in misses))
        for rule, misses in considered
    )


def _uncovered(considered: _Considered, request: Request) -> tuple[str, ...]:
    """Return `no-rule` and what parts the request from the nearest rule that is about it."""
    about = [misses for _, misses in considered if all(m.code != "no-rule" for m in misses)]
    nearest = min(about, key=len, default=())
    unnamed = (
        flag_code(flag)
        for flag in sorted(special_flags(request))
        if not any(is_named(flag, rule) for rule, _ in considered)
    )
    codes = {*(miss.code for miss in nearest), *unnamed}
    return ("no-rule", *(code for code in REASONS if code in codes))


def _strictest(policy: Policy, matching: Sequence[Allow], request: Request) -> _Grant:
    grants = [_granted(policy, rule, request) for rule in matching]
    top = max(_strictness(policy, grant) for grant in grants)
    deciding = [grant for grant in grants if _strictness(policy, grant) == top]
    rules = sorted(rule for grant in deciding for rule in grant.rules)
    codes = {code for grant in deciding for code in grant.codes}
    return _Grant(deciding[0].tier, deciding[0].route, tuple(rules), tuple(sorted(codes)))


def _granted(policy: Policy, rule: Allow, request: Request) -> _Grant:
    grant = _Grant(rule.tier, policy.route(rule.route), (rule.id,))
    if rule.min_confidence is not None and request.confidence < rule.min_confidence:
        return _highest(policy, grant, "confidence-below-minimum")
    return grant


def _strictness(policy: Policy, grant: _Grant) -> tuple[int | bool | str, ...]:
    tier, route = policy.tiers.index(grant.tier), grant.route
    if route is None:
        return (tier, 0)
    return (
        tier,
        route.quorum,
        route.id == policy.highest_route.id,
        -len(route.roles),
        route.hold_s,
        not route.rebase,
        -route.expiry_s,
        -_NO_LIMIT if route.reach_by_s is None else -route.reach_by_s,
        route.id,
    )


def _tightened(policy: Policy, grant: _Grant, request: Request) -> _Grant:
    """Apply what evidence and a kept narrative say; each step only tightens."""
    if NARRATIVE_KEPT in request.flags:
        grant = _raised(policy, grant)
    if not {"not-found", "unavailable"}.isdisjoint(request.groundings):
        grant = _highest(policy, grant, "evidence-not-grounded")
    return grant


def _raised(policy: Policy, grant: _Grant) -> _Grant:
    index = min(policy.tiers.index(grant.tier) + 1, len(policy.tiers) - 1)
    tier = policy.tiers[index]
    stays = grant.route is not None and (tier != policy.highest_tier or tier == grant.tier)
    route = grant.route if stays else policy.highest_route
    return _Grant(tier, route, grant.rules, (*grant.codes, "narrative-kept"))


def _highest(policy: Policy, grant: _Grant, code: str) -> _Grant:
    codes = (*grant.codes, code)
    return _Grant(policy.highest_tier, policy.highest_route, grant.rules, codes)


def _concluded(
    policy: Policy,
    grant: _Grant,
    request: Request,
    people: Mapping[str, frozenset[str]],
    trace: tuple[RuleTrace, ...],
) -> Verdict:
    if policy.not_found == "deny" and "not-found" in request.groundings:
        return _denied(policy, _reasons("evidence-not-grounded"), grant.rules, trace)
    if grant.route is not None and not _is_staffed(grant.route, people):
        return _denied(policy, _reasons("route-disabled", *grant.codes), grant.rules, trace)
    outcome: Outcome = "auto" if grant.route is None else "review"
    return Verdict(outcome, grant.tier, grant.rules, grant.route, _reasons(*grant.codes), trace)


def _is_staffed(route: Route, people: Mapping[str, frozenset[str]]) -> bool:
    holders = sum(not roles.isdisjoint(route.roles) for roles in people.values())
    return holders >= route.quorum


def _reasons(*codes: str) -> tuple[Reason, ...]:
    return tuple(Reason(code, REASONS[code]) for code in codes)


def _denied(
    policy: Policy,
    reasons: tuple[Reason, ...],
    rules: tuple[str, ...] = (),
    trace: tuple[RuleTrace, ...] = (),
) -> Verdict:
    return Verdict("denied", policy.highest_tier, tuple(sorted(rules)), None, reasons, trace)
