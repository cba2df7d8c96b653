"""Policy, consent and freezes asked about one built change; the same at intake and at sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from core.beside.around import flags
from core.canonical import JsonObject, exact
from core.delta import Difference, touched
from core.intake import special
from core.intake.evidence import badges
from core.policy import Policy, Reason, Request, RuleTrace, Touched, Verdict, evaluate
from core.policy.request import Operation
from core.roster import Roster

CONSENT_DENIED = Reason("consent-denied", "Consent does not permit this for the stated purpose.")
CONSENT_UNREADABLE = Reason(
    "consent-unreadable",
    "A Consent of this patient cannot be read or contradicts itself; it has to be settled first.",
)
FROZEN = Reason("frozen", "A freeze is in force for writes of this kind; propose again later.")
STALE_BASE = Reason(
    "stale-base", "The elements it touches have changed since the base version; read again."
)
DUPLICATE = Reason("duplicate", "The same fact is there already; leave the change out.")
NO_ROAD = Reason(
    "no-safe-write", "This EHR offers no safe way to persist it: no versioned or conditional write."
)


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of a proposal that policy looks at, whichever of its changes is judged."""

    agent: str
    model: str
    prompt: str
    ehr: str
    purpose: str
    workflow: str
    confidence: Decimal
    has_encounter: bool


def judge(
    policy: Policy,
    roster: Roster,
    case: Case,
    op: Operation,
    resource: JsonObject,
    delta: Sequence[Difference],
    narrative: str | None,
    evidence: Sequence[JsonObject],
    beside: JsonObject,
) -> Verdict:
    """Return the policy's verdict on one change; `resource` is the intended one.

    `beside` is what the chart says beside it (`core.beside.around`).
    """
    kept = {"narrative-kept"} if narrative == "kept" else set()
    request = Request(
        agent=case.agent,
        model=case.model,
        prompt=case.prompt,
        ehr=case.ehr,
        operation=op,
        type=str(resource["resourceType"]),
        touched=tuple(Touched(path, effect) for path, effect in touched(delta)),
        purpose=case.purpose,
        workflow=case.workflow,
        confidence=case.confidence,
        has_encounter=case.has_encounter,
        groundings=badges(evidence),
        flags=special.flags(delta, resource) | kept | flags(beside, resource),
        values=_codes(resource),
    )
    return evaluate(policy, request, roster.roles())


def deny(verdict: Verdict, reason: Reason) -> Verdict:
    """Return the verdict turned to a denial for a reason that policy does not know."""
    return replace(verdict, outcome="denied", route=None, reasons=(*verdict.reasons, reason))


def verdict_data(verdict: Verdict, policy: str, consent: str) -> JsonObject:
    """Return the leaf members of `change.evaluated`."""
    route = verdict.route
    members: JsonObject = {
        "outcome": verdict.outcome,
        "tier": verdict.tier,
        "rules": list(verdict.rules),
        "route": None if route is None else exact(route.as_json()),
        "reasons": [{"code": item.code, "text": item.text} for item in verdict.reasons],
        "verdict": verdict.digest(),
        "policy": policy,
        "consent": consent,
    }
    return members


def trace_data(trace: Sequence[RuleTrace]) -> tuple[JsonObject, ...]:
    """Return the trace as it is kept in the change's body."""
    return tuple(
        {
            "rule": item.rule,
            "kind": item.kind,
            "matched": item.matched,
            "missed": list(item.missed),
        }
        for item in trace
    )


def _codes(resource: JsonObject) -> dict[str, tuple[str, ...]]:
    return {
        key: (value,)
        for key, value in resource.items()
        if isinstance(value, str) and key not in ("resourceType", "id")
    }
