"""Policy, consent and freezes asked about one built change; the same at intake and at sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from core.beside.around import flags as beside_flags
from core.canonical import JsonObject, exact
from core.consent import denies, permits
from core.consent.answer import LOST, REFUSED
from core.delta import Difference, touched
from core.duplicates.search import NOT_CHECKED
from core.intake import special
from core.intake.earlier import Earlier
from core.intake.evidence import badges
from core.intake.person import person_flags
from core.intake.sensitive import label_flags
from core.ledger.event import instant
from core.policy import Policy, Reason, Request, RuleTrace, Source, Touched, Verdict, evaluate
from core.policy.request import NOT_CORRECTABLE, Operation
from core.roster import Roster

CONSENT_DENIED = Reason("consent-denied", "Consent does not permit this for the stated purpose.")
CONSENT_UNREADABLE = Reason(
    "consent-unreadable",
    "A Consent of this patient cannot be read or contradicts itself; it has to be settled first.",
)
CONSENT_UNREAD = Reason(
    "consent-unread",
    "The Consents of this patient could not be read; it is tried again, and held until then.",
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
    urgency: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """When and under what a change is judged; the defaults let through least.

    `phase` is the adoption phase in force, `now` the time, `earlier` what stood before the change.
    """

    phase: str = "1"
    now: datetime | None = None
    earlier: Earlier = None
    correctable: bool | None = False
    """Whether the EHR lets a write be undone through its API; None: its profile does not know."""


_STRICTEST = Setting()


@dataclass(frozen=True, slots=True)
class About:
    """What a change stands on: the resource it alters, the patient at intake, and the day then."""

    base: JsonObject | None
    patient: JsonObject | None
    on: date

    def flags(
        self, policy: Policy, resource: JsonObject, delta: Sequence[Difference]
    ) -> frozenset[str]:
        """Return what the patient's age, proxies and hidden contacts make of the change."""
        majority = policy.age_of_majority
        return person_flags(self.patient, self.base, resource, delta, self.on, majority)


_UNSEARCHED: JsonObject = {"duplicates": {"state": NOT_CHECKED}}
_UNKNOWN = About(None, None, date.min)


def judge(
    policy: Policy,
    roster: Roster,
    case: Case,
    op: Operation,
    resource: JsonObject,
    delta: Sequence[Difference],
    narrative: str | None,
    evidence: Sequence[JsonObject],
    setting: Setting = _STRICTEST,
    about: About = _UNKNOWN,
    beside: JsonObject = _UNSEARCHED,
) -> Verdict:
    """Return the policy's verdict on one change; `resource` is the intended one.

    `beside` is what the chart says beside it (`core.beside.around`).
    """
    labels = label_flags(about.base, resource, evidence)
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
        flags=special.flags(delta, resource)
        | kept
        | labels
        | about.flags(policy, resource, delta)
        | ({NOT_CORRECTABLE} if setting.correctable is False else set())
        | beside_flags(beside, resource),
        values=_codes(resource),
        urgency=case.urgency,
        intended=resource,
        earlier=setting.earlier,
        sources=tuple(map(_source, evidence)),
        now=setting.now,
    )
    return evaluate(policy, request, roster.roles(), setting.phase)


def deny(verdict: Verdict, reason: Reason) -> Verdict:
    """Return the verdict turned to a denial for a reason that policy does not know."""
    return replace(verdict, outcome="denied", route=None, reasons=(*verdict.reasons, reason))


def is_held(consent: str, verdict: Verdict) -> bool:
    """Tell whether a change waits for its Consents rather than being denied or admitted."""
    clear = permits(consent) or denies(consent)
    return verdict.outcome != "denied" and not clear


def for_a_person(verdict: Verdict, consent: str, policy: Policy) -> Verdict:
    """Return the verdict of a change whose Consents cannot be read: never automatic, and loud."""
    reason = CONSENT_UNREAD if consent in (LOST, REFUSED) else CONSENT_UNREADABLE
    reasons = (*verdict.reasons, reason)
    return replace(
        verdict, outcome="review", route=verdict.route or policy.highest_route, reasons=reasons
    )


def verdict_data(
    verdict: Verdict, policy: str, consent: str, consent_at: datetime | None = None
) -> JsonObject:
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
    if consent_at is not None:
        members["consent_at"] = instant(consent_at)
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


def _source(item: JsonObject) -> Source:
    reference, badge = str(item["source"]), item["grounding"]
    facts = item.get("facts")
    if not isinstance(facts, dict):
        return Source(reference, str(item["quote"]), badge)
    return Source(
        reference=reference,
        quote=str(item["quote"]),
        badge=badge,
        kind=reference.partition("/")[0],
        date=str(facts.get("date", "")),
        # Only a plain "false" says that somebody else wrote it.
        agent_written=facts.get("agent_written") is not False,
        patient_written=facts.get("patient_written") is not False,
    )
