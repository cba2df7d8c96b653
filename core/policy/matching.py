"""Which conditions of one rule a request misses, in codes for agents and words for people.

Source: design §7 ("`policy explain` shows every rule that matched or missed and why").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.policy.request import BUILT_IN, Request
from core.policy.rules import Allow, Forbid, Match
from core.policy.verdict import REASONS, RuleTrace

_NARRATIVE_WORD = "text"


@dataclass(frozen=True, slots=True)
class Miss:
    """One condition that was not met: a code of `REASONS`, and words that may quote the request."""

    code: str
    words: str


def allow_misses(rule: Allow, request: Request) -> tuple[Miss, ...]:
    """Return every condition of an allow rule that the request misses; none means it matches."""
    return (
        *(Miss("no-rule", words) for words in _word_misses(rule.match, request)),
        *own_misses(rule, request),
    )


def allows(rule: Allow, request: Request) -> bool:
    """Return whether an allow rule whose words are met has nothing else against the request."""
    return next(_own_misses(rule, request), None) is None


def allow_traces(rules: Iterable[Allow], request: Request) -> tuple[RuleTrace, ...]:
    """Return what each allow rule made of the request."""
    missed = ((rule, allow_misses(rule, request)) for rule in rules)
    return tuple(
        RuleTrace(rule.id, "allow", not misses, tuple(miss.words for miss in misses))
        for rule, misses in missed
    )


def own_misses(rule: Allow, request: Request) -> tuple[Miss, ...]:
    """Return the conditions, other than words, that the request misses."""
    return tuple(dict.fromkeys(_own_misses(rule, request)))


def concerns(rule: Forbid, request: Request) -> bool:
    """Return whether a forbid whose words are met reaches any touched element."""
    return any(_is_met(rule.match, request))


def trace_forbid(rule: Forbid, request: Request) -> RuleTrace:
    """Return whether a forbid concerns the request: every word, and any one touched element."""
    missed = tuple(_word_misses(rule.match, request))
    if not any(_is_met(rule.match, request)):
        missed += ("no touched element is under its paths with one of its effects",)
    return RuleTrace(rule.id, "forbid", not missed, missed)


def special_flags(request: Request) -> frozenset[str]:
    """Return the flags that only a rule that names them allows."""
    return request.flags - BUILT_IN


def is_named(flag: str, named: frozenset[str]) -> bool:
    """Return whether this special content is among the named (narrative is named as `text`)."""
    return (_NARRATIVE_WORD if flag == "narrative" else flag) in named


def flag_code(flag: str) -> str:
    """Return the reason code of special content that no rule names; no part of a URL is in it."""
    code = f"{flag.partition(':')[0]}-not-named"
    return code if code in REASONS else "flag-not-named"


def _word_misses(match: Match, request: Request) -> Iterator[str]:
    for field, accepted in match.words:
        value = getattr(request, field)
        if value not in accepted:
            yield f"{field} {value} is not in {field}s"


def _own_misses(rule: Allow, request: Request) -> Iterator[Miss]:
    yield from _path_misses(rule.match, request)
    yield from _value_misses(rule, request)
    yield from _need_misses(rule, request)
    for flag in sorted(special_flags(request)):
        if not is_named(flag, rule.named):
            yield Miss(flag_code(flag), f"{flag} is not in named")


def _path_misses(match: Match, request: Request) -> Iterator[Miss]:
    for touched in request.touched:
        segments = tuple(touched.path.split("."))
        if not any(path.covers(segments) for path in match.paths):
            yield Miss("path-not-covered", f"path {touched.path} is not covered")
        elif touched.effect not in match.effects:
            words = f"effect {touched.effect} on {touched.path} is not allowed"
            yield Miss("effect-not-allowed", words)


def _is_met(match: Match, request: Request) -> Iterator[bool]:
    for touched in request.touched:
        segments = tuple(touched.path.split("."))
        under = not match.paths or any(path.meets(segments) for path in match.paths)
        yield under and touched.effect in match.effects


def _value_misses(rule: Allow, request: Request) -> Iterator[Miss]:
    for element, accepted in rule.where:
        values = request.values.get(element, ())
        if not values:
            yield Miss("value-not-allowed", f"{element} has no value")
        for value in values:
            if value not in accepted:
                yield Miss("value-not-allowed", f"{element} {value} is not in where.{element}")
    if request.type == "MedicationRequest" and not rule.medication_orders and _is_order(request):
        words = "the medication request has neither status draft nor intent proposal or plan"
        yield Miss("medication-order", words)


def _is_order(request: Request) -> bool:
    status, intent = request.values.get("status"), request.values.get("intent")
    return status != ("draft",) and intent not in {("proposal",), ("plan",)}


def _need_misses(rule: Allow, request: Request) -> Iterator[Miss]:
    if "encounter" in rule.needs and not request.has_encounter:
        yield Miss("encounter-required", "no encounter is named")
    if "evidence" in rule.needs and "verified" not in request.groundings:
        if request.groundings:
            yield Miss("evidence-not-grounded", "no quote is verified")
        else:
            yield Miss("evidence-required", "no quote supports the change")
