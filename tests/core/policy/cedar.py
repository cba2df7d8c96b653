"""The same policies in Cedar: an oracle for allow and deny that shares no code with ours.

A Cedar policy cannot say "every", so the elements and special content that a rule takes are
written out over a finite vocabulary (`UNIVERSE`, `FLAGS`) by the plain reading of design §7 below.
A route that the roster cannot staff is a Cedar forbid: under the condition that this grant matches
and no stricter one does. Any diagnostic counts as deny.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import cedarpy

from core.policy import Allow, Forbid, Policy, Request, Route
from tests.core.policy import cedar_facts as facts

UNIVERSE = (
    "Patient.telecom", "Patient.telecom.value", "Patient.telecom.rank", "Patient.telecom.extension",
    "Patient.name.family", "Patient.active", "Patient.link.other", "Patient.deceasedBoolean",
    "Patient.extension", "Patient.text", "Patient.meta.tag", "Patient.birthDate",
    "Observation.status", "Observation.valueQuantity.value", "Observation.valueSet",
    "Observation.value", "Observation.code.text", "Observation.modifierExtension",
    "MedicationRequest.status", "MedicationRequest.intent", "MedicationRequest.dosageInstruction",
)  # fmt: skip
"""Every element that a random request may touch."""

EFFECTS = ("added", "changed", "removed")
FLAGS = ("contained", "modifier-extension", "extension:http://e", "absolute-reference",
         "attachment-url", "narrative", "meta-profile:http://p")  # fmt: skip
_APART = {"text", "contained", "extension", "modifierExtension", "meta"}
_WHO = {"link", "active", "identifier", "deceasedBoolean", "deceasedDateTime"}
_FIELDS = ("agent", "ehr", "type", "operation", "purpose", "workflow", "model", "prompt")
_UNSURE = '(context.badges.contains("not-found") || context.badges.contains("unavailable"))'
_KEPT = 'context.flags.contains("narrative-kept")'


def translate(policy: Policy, people: Mapping[str, frozenset[str]], phase: str = "3") -> str:
    """Return the Cedar text of a policy under a roster in an adoption phase."""
    texts = [_completeness(), *_agents(policy)]
    if any("urgency" in dict(rule.match.words) for rule in (*policy.allows, *policy.forbids)) or (
        any(agent.max_urgency != "stat" for agent in policy.agents.values())
    ):
        known = _set(("routine", "urgent", "stat"))
        texts.append(_rule("forbid", f"!({known}.contains(context.claimed))"))
    texts += [
        _rule("forbid", f"{_takes(rule)} && !({facts.holds(demand)})")
        for rule in policy.allows
        for demand in rule.demands
        if demand.otherwise == "deny"
    ]
    if phase == "1":
        texts.append(_rule("forbid", f'context.operation == "update" || !({facts.DRAFT})'))
    texts += [f"permit(principal, action, resource) when {{ {_takes(r)} }};" for r in policy.allows]
    texts += [
        f"forbid(principal, action, resource) when {{ {_stops(r)} }};" for r in policy.forbids
    ]
    if policy.not_found == "deny":
        texts.append(_rule("forbid", 'context.badges.contains("not-found")'))
    return "\n".join([*texts, *_unstaffed(policy, people, phase)])


def _agents(policy: Policy) -> list[str]:
    return [
        _rule("forbid", f"context.agent == {json.dumps(name)} && !{_set(known)}.contains({claim})")
        for name, agent in policy.agents.items()
        for known, claim in ((agent.models, "context.model"), (agent.prompts, "context.prompt"))
        if known is not None
    ]


def ask(
    policies: cedarpy.PolicySet, requests: Sequence[Request], policy: Policy | None = None
) -> list[bool]:
    """Return for each request whether Cedar allows it without any diagnostic error."""
    caps = {} if policy is None else {name: a.max_urgency for name, a in policy.agents.items()}
    asked = [as_cedar(one, caps.get(one.agent, "stat")) for one in requests]
    found = cedarpy.is_authorized_batch(asked, policies, "[]")
    return [one.allowed and not one.diagnostics.errors for one in found]


def as_cedar(request: Request, cap: str = "stat") -> dict[str, Any]:
    """Return a request as Cedar takes it; a blank word is an absent attribute.

    `cap` is the agent's highest urgency: `urgency` is what counts, `claimed` what it said.
    """
    context: dict[str, Any] = {
        name: getattr(request, name) for name in _FIELDS if getattr(request, name).strip()
    }
    context |= {
        "touched": sorted(f"{one.path}|{one.effect}" for one in request.touched),
        "flags": sorted(request.flags),
        "badges": sorted(request.groundings),
        "encounter": request.has_encounter,
        "values": {key: sorted(values) for key, values in request.values.items() if values},
        "claimed": request.urgency,
        "urgency": "routine" if "routine" in (cap, request.urgency) else request.urgency,
        **facts.of(request),
    }
    if (cap, request.urgency) == ("urgent", "stat"):
        context["urgency"] = "urgent"
    if request.confidence.is_finite() and abs(request.confidence) < 1000:
        text = f"{request.confidence:.4f}"
        context["confidence"] = {"__extn": {"fn": "decimal", "arg": text}}
    return {
        "principal": f"Agent::{json.dumps(request.agent)}",
        "action": 'Action::"propose"',
        "resource": 'Chart::"one"',
        "context": context,
    }


def _rule(effect: str, condition: str) -> str:
    return f"{effect}(principal, action, resource) when {{ {condition} }};"


def _completeness() -> str:
    there = " && ".join(f"context has {name}" for name in (*_FIELDS, "confidence"))
    bounds = (
        'context.confidence.greaterThanOrEqual(decimal("0.0")) && '
        'context.confidence.lessThanOrEqual(decimal("1.0"))'
    )
    known = f"{_set(('create', 'update'))}.contains(context.operation)"
    badges = f"{_set(('verified', 'weak', 'not-found', 'unavailable'))}.containsAll(context.badges)"
    elements = [f"{path}|{effect}" for path in UNIVERSE for effect in EFFECTS]
    of_type = " || ".join(
        f'(context.type == "{name}" && '
        f"{_set([one for one in elements if one.startswith(name + '.')])}"
        ".containsAll(context.touched))"
        for name in sorted({path.split(".")[0] for path in UNIVERSE})
    )
    conditions = f"{there} && {bounds} && {known} && {badges} && !context.touched.isEmpty()"
    return f"forbid(principal, action, resource) unless {{ {conditions} && ({of_type}) }};"


def _takes(rule: Allow) -> str:
    reached = [
        f"{path}|{effect}"
        for path in UNIVERSE
        for effect in rule.match.effects
        if any(_covers(written.text, path) for written in rule.match.paths)
    ]
    named = [flag for flag in FLAGS if ("text" if flag == "narrative" else flag) in rule.named]
    parts = [*_words(rule.match.words)]
    parts += [f"{_set(reached)}.containsAll(context.touched)"]
    parts += [f"{_set([*named, 'narrative-kept'])}.containsAll(context.flags)"]
    for element, accepted in rule.where:
        parts.append(
            f"context.values has {element} && "
            f"{_set(accepted)}.containsAll(context.values.{element})"
        )
    if "encounter" in rule.needs:
        parts.append("context.encounter")
    if "evidence" in rule.needs:
        parts.append('context.badges.contains("verified")')
    if rule.independent:
        parts.append("context.independent")
    parts += [facts.holds(one) for one in rule.demands if one.otherwise == "no-match"]
    if not rule.medication_orders:
        parts.append(
            '(context.type != "MedicationRequest" || '
            '(context.values has status && context.values.status == ["draft"]) || '
            '(context.values has intent && (context.values.intent == ["proposal"] || '
            'context.values.intent == ["plan"])))'
        )
    return " && ".join(parts)


def _stops(rule: Forbid) -> str:
    reached = [
        f"{path}|{effect}"
        for path in UNIVERSE
        for effect in rule.match.effects
        if not rule.match.paths or any(_meets(one.text, path) for one in rule.match.paths)
    ]
    words = [
        part.replace("context.urgency", "context.claimed") for part in _words(rule.match.words)
    ]
    counted = f"(({_and(words)}) || ({_and(_words(rule.match.words))}))"
    parts = [counted, f"{_set(reached)}.containsAny(context.touched)"]
    if rule.unless:
        about = [f'(context.type == "{check.path.text.split(".")[0]}")' for check in rule.unless]
        met = [
            f"(!{of_type} || {facts.holds(check)})"
            for of_type, check in zip(about, rule.unless, strict=True)
        ]
        parts.append(f"!(({' || '.join(about)}) && {_and(met)})")
    return _and(parts)


def _and(parts: Sequence[str]) -> str:
    return " && ".join(parts) or "true"


def _words(words: tuple[tuple[str, frozenset[str]], ...]) -> list[str]:
    return [f"{_set(accepted)}.contains(context.{field})" for field, accepted in words]


def _unstaffed(policy: Policy, people: Mapping[str, frozenset[str]], phase: str) -> list[str]:
    """Return a forbid for each grant that cannot be unless a stricter one decides.

    Too few people for its route; no person, or an update above the lowest tier, before phase 3.
    """
    grants: list[tuple[tuple[Any, ...], str, str, Route | None]] = []
    for rule in policy.allows:
        asked = policy.route(rule.route)
        doubts = [
            f"!({facts.holds(one)})" for one in rule.demands if one.otherwise == "highest-tier"
        ]
        if rule.min_confidence is not None:
            least = f"{Decimal(rule.min_confidence):.4f}"
            doubts.append(f'context.confidence.lessThan(decimal("{least}"))')
        if not doubts:
            grants.append((_rank(policy, rule.tier, asked), _takes(rule), rule.tier, asked))
            continue
        low = f"({' || '.join(doubts)})"
        top, highest = policy.tiers[-1], policy.highest_route
        grants.append(
            (_rank(policy, rule.tier, asked), f"{_takes(rule)} && !{low}", rule.tier, asked)
        )
        grants.append((_rank(policy, top, highest), f"{_takes(rule)} && {low}", top, highest))
    found = []
    for rank, condition, tier, route in grants:
        stricter = "".join(f" && !({other})" for above, other, _, _ in grants if above > rank)
        for kept in (False, True):
            for unsure in (False, True):
                final = _tightened(policy, tier, route, kept=kept, unsure=unsure)
                cases = f"{'' if kept else '!'}{_KEPT} && {'' if unsure else '!'}{_UNSURE}"
                this = f"{condition} && {cases}{stricter}"
                if (final is None and phase != "3") or (final and not _can(final, people)):
                    found.append(_rule("forbid", this))
                raised = kept or unsure or tier != policy.tiers[0]
                if phase == "2" and raised:
                    found.append(_rule("forbid", f'{this} && context.operation == "update"'))
    return found


def _tightened(
    policy: Policy, tier: str, route: Route | None, *, kept: bool, unsure: bool
) -> Route | None:
    if unsure:
        return policy.highest_route
    if not kept:
        return route
    at = policy.tiers.index(tier)
    last = len(policy.tiers) - 1
    becomes_highest = at + 1 >= last and at != last
    return policy.highest_route if route is None or becomes_highest else route


def _rank(policy: Policy, tier: str, route: Route | None) -> tuple[Any, ...]:
    """Strictness as the engine's documentation orders it."""
    if route is None:
        return (policy.tiers.index(tier), 0)
    reach = float("inf") if route.reach_by_s is None else route.reach_by_s
    highest = route.id == policy.highest_route.id
    sizes = (-len(route.roles), route.hold_s, not route.rebase, not route.unfenced)
    times = (-route.expiry_s, -reach, route.id)
    asked = len(route.attestation)
    return (policy.tiers.index(tier), route.quorum, highest, asked, *sizes, *times)


def _can(route: Route, people: Mapping[str, frozenset[str]]) -> bool:
    return len([name for name, roles in people.items() if roles & set(route.roles)]) >= route.quorum


def _starts(written: str, path: str) -> bool:
    wanted, there = written.removesuffix(".*").split("."), path.split(".")
    if len(there) < len(wanted):
        return False
    for want, have in zip(wanted, there, strict=False):
        stem = want.removesuffix("[x]")
        tail = have[len(stem) :] if have.startswith(stem) else None
        choice = want.endswith("[x]") and tail is not None and (tail == "" or tail[0].isupper())
        if want != have and not choice:
            return False
    return True


def _covers(written: str, path: str) -> bool:
    if not _starts(written, path):
        return False
    below = path.split(".")[len(written.removesuffix(".*").split(".")) :]
    apart = _APART | (_WHO if written == "Patient.*" else set())
    if written.endswith(".*") and (not below or below[0] in apart):
        return False
    extending = {"extension", "modifierExtension"}
    return not (extending & set(below)) or bool(extending & set(written.split(".")))


def _meets(written: str, path: str) -> bool:
    wanted = written.removesuffix(".*").split(".")
    shorter = ".".join(wanted[: len(path.split("."))])
    return _starts(shorter, path)


def _set(words: Iterable[str]) -> str:
    return "[" + ", ".join(json.dumps(word) for word in sorted(words)) + "]"
