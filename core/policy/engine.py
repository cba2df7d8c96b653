"""The evaluation of one request: default deny, forbids win, the strictest matching rule counts.

Order of strictness among matching rules, each with its own confidence minimum applied: the higher
tier; then the larger quorum (automatic approval counts as none); then the highest tier's route;
then more attestations, fewer roles, longer hold, no rebase, no unfenced write, shorter expiry,
shorter reach; last the route's id, so that the order is total. Rules equal in tier and route
decide together. Source: design §7, §14.10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from core.policy.limits import capped, reached, unregistered
from core.policy.matching import (
    allow_traces,
    allows,
    concerns,
    flag_code,
    is_named,
    own_misses,
    special_flags,
    trace_forbid,
    unmet_codes,
)
from core.policy.policy import Policy
from core.policy.request import (
    DUPLICATE_POSSIBLE,
    KEPT_FROM_AUTO,
    NARRATIVE_KEPT,
    NOT_CORRECTABLE,
    OUTGOING_MESSAGE,
    URGENCIES,
    Request,
    is_complete,
)
from core.policy.route import Route
from core.policy.rules import Allow
from core.policy.verdict import REASONS, Outcome, Reason, RuleTrace, Verdict

_Explain: TypeAlias = Callable[[], tuple[RuleTrace, ...]]
_NO_LIMIT = 10**12


@dataclass(frozen=True, slots=True)
class _Grant:
    """A tier and route (None: automatic) on the way to a verdict, with what tightened it."""

    tier: str
    route: Route | None
    rules: tuple[str, ...]
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request with what it is judged under."""

    policy: Policy
    request: Request
    people: Mapping[str, frozenset[str]]
    phase: str
    explain: _Explain


def evaluate(
    policy: Policy, request: Request, people: Mapping[str, frozenset[str]], phase: str
) -> Verdict:
    """Return what the policy says of the request in an adoption phase.

    `people` maps each reviewer of the roster to their roles: a route that wants more distinct
    people than hold its roles denies, and is never replaced by a weaker one. An urgency above what
    the agent may claim counts as its highest; a forbid is asked about the claimed one as well.
    """
    if not is_complete(request) or (policy.asks_urgency and request.urgency not in URGENCIES):
        return _denied(policy, _reasons("request-incomplete"))
    if not request.touched:
        return _denied(policy, _reasons("nothing-changed"))
    agent = policy.agents.get(request.agent)
    if agent is not None and (codes := unregistered(agent, request)):
        return _denied(policy, _reasons(*codes))
    counted = request if agent is None else capped(agent, request)
    asked = _Asked(policy, counted, people, phase, partial(_explained, policy, counted))
    if (stopped := _forbidden(asked, request)) is not None:
        return stopped
    verdict = _allowed(asked)
    if counted is not request:
        verdict = replace(verdict, reasons=(*verdict.reasons, *_reasons("urgency-capped")))
    return verdict


def _forbidden(asked: _Asked, claimed: Request) -> Verdict | None:
    requests = (asked.request,) if claimed is asked.request else (asked.request, claimed)
    forbidding = {
        rule.id: rule
        for one in requests
        for rule in asked.policy.index.about(one).forbids
        if concerns(rule, one)
    }
    if not forbidding:
        return None
    reasons = tuple(Reason("forbidden", rule.reason) for rule in forbidding.values())
    return _denied(asked.policy, reasons, tuple(forbidding), asked.explain)


def _allowed(asked: _Asked) -> Verdict:
    policy, request = asked.policy, asked.request
    about = policy.index.about(request)
    matching = tuple(rule for rule in about.allows if allows(rule, request))
    if not matching:
        codes = _uncovered(policy, about.allows, request)
        return _denied(policy, _reasons(*codes), (), asked.explain)
    if denying := [rule for rule in matching if unmet_codes(rule, request, "deny")]:
        unmet = (code for rule in denying for code in unmet_codes(rule, request, "deny"))
        rules = tuple(rule.id for rule in denying)
        return _denied(policy, _reasons(*unmet), rules, asked.explain)
    grant = _tightened(policy, _strictest(policy, matching, request), request, asked.people)
    return _concluded(asked, grant)


def _explained(policy: Policy, request: Request) -> tuple[RuleTrace, ...]:
    forbids = (trace_forbid(rule, request) for rule in policy.forbids)
    return (*forbids, *allow_traces(policy.allows, request))


def _uncovered(policy: Policy, about: Sequence[Allow], request: Request) -> tuple[str, ...]:
    """Return `no-rule` and what parts the request from the nearest rule that is about it."""
    nearest = min((own_misses(rule, request) for rule in about), key=len, default=())
    unnamed = (
        flag_code(flag) for flag in special_flags(request) if not is_named(flag, policy.named)
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
    for code in unmet_codes(rule, request, "highest-tier"):
        grant = _highest(policy, grant, code)
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
        len(route.attestation),
        -len(route.roles),
        route.hold_s,
        not route.rebase,
        not route.unfenced,
        -route.expiry_s,
        -_NO_LIMIT if route.reach_by_s is None else -route.reach_by_s,
        route.id,
    )


def _tightened(
    policy: Policy, grant: _Grant, request: Request, people: Mapping[str, frozenset[str]]
) -> _Grant:
    """Apply what evidence and built-in flags say; each step only tightens."""
    if NARRATIVE_KEPT in request.flags:
        grant = _raised(policy, grant, NARRATIVE_KEPT)
    if any(flag.startswith("label:") for flag in request.flags):
        grant = _raised(policy, grant, "sensitive-label")
    grant = _kept_from_auto(policy, grant, request)
    for flag in (DUPLICATE_POSSIBLE, NOT_CORRECTABLE):
        if flag in request.flags:
            raised = _raised(policy, grant, flag)
            if grant.route and raised.route and not _is_staffed(raised.route, people):
                # It is shown to whom the rule asks; by itself it blocks nothing.
                raised = replace(raised, route=grant.route)
            grant = raised
    if OUTGOING_MESSAGE in request.flags:
        grant = _highest(policy, grant, OUTGOING_MESSAGE)
    if not {"not-found", "unavailable"}.isdisjoint(request.groundings):
        grant = _highest(policy, grant, "evidence-not-grounded")
    return grant


def _kept_from_auto(policy: Policy, grant: _Grant, request: Request) -> _Grant:
    """Say what about the patient asks for a person, and give an automatic grant to people."""
    for flag in KEPT_FROM_AUTO:
        if flag in request.flags:
            raised = _raised(policy, grant, flag)
            grant = raised if grant.route is None else replace(grant, codes=raised.codes)
    return grant


def _raised(policy: Policy, grant: _Grant, code: str) -> _Grant:
    index = min(policy.tiers.index(grant.tier) + 1, len(policy.tiers) - 1)
    tier = policy.tiers[index]
    stays = grant.route is not None and (tier != policy.highest_tier or tier == grant.tier)
    route = grant.route if stays else policy.highest_route
    return _Grant(tier, route, grant.rules, (*grant.codes, code))


def _highest(policy: Policy, grant: _Grant, code: str) -> _Grant:
    codes = (*grant.codes, code)
    return _Grant(policy.highest_tier, policy.highest_route, grant.rules, codes)


def _concluded(asked: _Asked, grant: _Grant) -> Verdict:
    policy, request, explain = asked.policy, asked.request, asked.explain
    if policy.not_found == "deny" and "not-found" in request.groundings:
        return _denied(policy, _reasons("evidence-not-grounded"), grant.rules, explain)
    auto, lowest = grant.route is None, grant.tier == policy.tiers[0]
    if not reached(asked.phase, request, auto=auto, lowest=lowest):
        codes = ("phase-not-reached", *grant.codes)
        return _denied(policy, _reasons(*codes), grant.rules, explain)
    if grant.route is not None and not _is_staffed(grant.route, asked.people):
        return _denied(policy, _reasons("route-disabled", *grant.codes), grant.rules, explain)
    outcome: Outcome = "auto" if grant.route is None else "review"
    return Verdict(outcome, grant.tier, grant.rules, grant.route, _reasons(*grant.codes), explain)


def _is_staffed(route: Route, people: Mapping[str, frozenset[str]]) -> bool:
    holders = sum(not roles.isdisjoint(route.roles) for roles in people.values())
    return holders >= route.quorum


def _reasons(*codes: str) -> tuple[Reason, ...]:
    return tuple(Reason(code, REASONS[code]) for code in dict.fromkeys(codes))


def _denied(
    policy: Policy,
    reasons: tuple[Reason, ...],
    rules: tuple[str, ...] = (),
    explain: _Explain = tuple,
) -> Verdict:
    return Verdict("denied", policy.highest_tier, tuple(sorted(rules)), None, reasons, explain)
