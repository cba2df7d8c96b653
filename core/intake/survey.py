"""Reading everything a proposal rests on, and judging each change by it; nothing is stored here.

Source: design §5; hub-protocol §8 (one patient, fetch). Reads use the read credential and only what
the proposal names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.beside.around import around, is_certain
from core.canonical import JsonObject
from core.consent import denies
from core.consent.consult import Case as ConsentCase
from core.consent.consult import Consulted, Heard, consult_or_hold
from core.delta import Difference, touched
from core.errors import BadInput
from core.grounding import belongs_to
from core.incident.freeze import Target, frozen_by
from core.intake import special
from core.intake.basing import Based, based_on, unfenced_rung
from core.intake.build import Built, stamp
from core.intake.by_hand import UNFENCED_UPDATE, by_hand
from core.intake.earlier import Earlier, earlier_or_unknown
from core.intake.evidence import gather
from core.intake.judge import (
    CONSENT_DENIED,
    DUPLICATE,
    FROZEN,
    NO_ROAD,
    STALE_BASE,
    About,
    Case,
    Setting,
    deny,
    for_a_person,
    is_held,
    judge,
)
from core.intake.label import patient_label
from core.intake.sameness import ALREADY_REJECTED, Sameness, sameness, was_rejected
from core.intake.supersede import giving_way
from core.ledger.event import patient_tag
from core.policy import Verdict
from core.ports import Ehr, Fetched
from core.probe.measured import refused
from core.profile.asked import advertised_now, answer_for, undone_by_api
from core.proposal import Create, Proposal, Update
from core.records import BY_HAND
from core.review.content import supports
from core.workspace import Workspace, phase_in_force, policy_in_force, roster_in_force


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One change, built on its base and judged."""

    op: Literal["create", "update"]
    operation: str
    target: str | None
    rung: str
    base: Fetched | None
    resource: JsonObject
    """Intended resource with stamps."""
    delta: tuple[Difference, ...]
    displays: tuple[str, ...]
    narrative: str | None
    depends_on: tuple[int, ...]
    verdict: Verdict
    heard: Heard
    held: bool
    """Its Consents cannot be read: it waits for them instead of being admitted."""
    beside: JsonObject
    """What the chart says beside it (`core.beside.around`)."""
    same: Sameness
    earlier: Earlier = None
    """What stood before a create, where a rule asked."""
    form: str | None = None
    """The form, with its version, that made it of values."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a proposal rests on."""

    patient: JsonObject
    label: str
    evidence: tuple[JsonObject, ...]
    changes: tuple[Surveyed, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """What every change of a proposal is surveyed with."""

    workspace: Workspace
    ehr: Ehr
    proposal: Proposal
    evidence: tuple[JsonObject, ...]
    consulted: Consulted
    patient: JsonObject
    """The Patient as the EHR holds it now."""


async def survey(workspace: Workspace, proposal: Proposal) -> Survey:
    """Read patient, encounter, sources and bases; build and judge every change.

    Raises BadInput naming the field, or Unreachable.
    """
    ehr = workspace.ehr(proposal.ehr)
    patient = await ehr.read(proposal.patient)
    if patient is None:
        raise BadInput(
            "does not exist on this EHR", field="patient", remedy="Check the patient's id"
        )
    await _check_encounter(ehr, proposal)
    evidence = tuple(await gather(ehr, proposal))
    case = ConsentCase(proposal.ehr, proposal.patient, proposal.agent.id, proposal.purpose)
    consulted = await consult_or_hold(workspace, case, fresh=False)
    given = _Given(workspace, ehr, proposal, evidence, consulted, patient.resource)
    changes = [await _survey_change(given, index) for index in range(len(proposal.changes))]
    return Survey(patient.resource, patient_label(patient.resource), evidence, tuple(changes))


def case_of(proposal: Proposal) -> Case:
    """Return the facts of a proposal that policy looks at."""
    return Case(
        agent=proposal.agent.id,
        model=proposal.agent.model,
        prompt=proposal.agent.prompt,
        ehr=proposal.ehr,
        purpose=proposal.purpose,
        workflow=proposal.workflow,
        confidence=proposal.confidence,
        has_encounter=proposal.encounter is not None,
        urgency=proposal.urgency,
    )


async def _check_encounter(ehr: Ehr, proposal: Proposal) -> None:
    if proposal.encounter is None:
        return
    encounter = await ehr.read(proposal.encounter)
    if encounter is None:
        raise BadInput("does not exist on this EHR", field="encounter", remedy="Check its id")
    if not belongs_to(encounter.resource, proposal.patient, base=ehr.base_url):
        raise BadInput(
            "does not belong to the proposal's patient",
            field="encounter",
            remedy="Name an encounter of that patient",
        )


async def _survey_change(given: _Given, index: int) -> Surveyed:
    workspace, proposal, ehr = given.workspace, given.proposal, given.ehr
    change, field = proposal.changes[index], f"changes[{index}]"
    operation = workspace.ids.uuid()
    failed = refused(workspace.ledger, proposal.ehr)
    on = await based_on(ehr, change, proposal.patient, field, failed)
    built, policy = on.built, policy_in_force(workspace.ledger)
    beside = await around(
        workspace, proposal.ehr, given.patient, built.resource, f"{field}.resource",
        _siblings(proposal, index),
        giving_way(workspace.ledger, workspace.keys.pepper, proposal),
    )  # fmt: skip
    before: Earlier = None
    if on.base is None:
        before = await earlier_or_unknown(ehr, policy, proposal.patient, built.resource)
    heard = given.consulted.about(change.type, change.op, on.resource, built.resource)
    same = sameness(
        workspace.keys.pepper, (proposal.ehr, proposal.patient, change.type), change.target,
        built.delta, supports(given.evidence, index),
    )  # fmt: skip
    verdict = _judged(given, index, on, before, beside)
    rung, verdict = await _road(given, change, on, verdict)
    for stops, reason in (
        (is_certain(beside), DUPLICATE),
        (rung is None, NO_ROAD),
        (on.stale, STALE_BASE),
        (denies(heard.answer), CONSENT_DENIED),
        (_is_frozen(given, change, built, verdict), FROZEN),
        (_is_repeated(given, same), ALREADY_REJECTED),
    ):
        verdict = deny(verdict, reason) if stops else verdict
    held = is_held(heard.answer, verdict)
    if held:
        verdict = for_a_person(verdict, heard.answer, policy)
    return Surveyed(
        op=change.op,
        operation=operation,
        target=change.target,
        rung=rung or "none",
        base=on.base,
        resource=stamp(built.resource, operation, rung or "none", create=on.base is None),
        delta=built.delta,
        displays=special.displays(built.delta),
        narrative=built.narrative,
        depends_on=change.depends_on,
        verdict=verdict,
        heard=heard,
        held=held,
        beside=beside,
        same=same,
        earlier=before,
        form=change.form,
    )


async def _road(
    given: _Given, change: Create | Update, on: Based, verdict: Verdict
) -> tuple[str | None, Verdict]:
    """Return how it can be written, and the verdict: a person's where it is by hand."""
    workspace = given.workspace
    live = advertised_now(on.capability, change.op, workspace.clock.now().date())
    asked = answer_for(workspace.ledger, given.proposal.ehr, change.type, change.op, live)
    refusing = asked.refusing
    if refusing is None and on.rung is None and change.op == "update":
        # No policy opens another rung for an update: a person who reads and types is the fence.
        refusing = UNFENCED_UPDATE
    if refusing is None:
        return on.rung or await _unfenced(given.ehr, change, verdict), verdict
    return BY_HAND, by_hand(verdict, policy_in_force(workspace.ledger), refusing)


async def _unfenced(ehr: Ehr, change: Create | Update, verdict: Verdict) -> str | None:
    """Return the rung that nothing fences, for a create whose route takes such writes."""
    if not isinstance(change, Create) or verdict.route is None or not verdict.route.unfenced:
        return None
    return await unfenced_rung(ehr, change.type)


def _judged(given: _Given, index: int, on: Based, before: Earlier, beside: JsonObject) -> Verdict:
    reads, now = given.workspace.ledger, given.workspace.clock.now()
    earlier = before if on.resource is None else (on.resource,)
    change = given.proposal.changes[index]
    undone = undone_by_api(reads, given.proposal.ehr, change.type)
    return judge(
        policy_in_force(reads),
        roster_in_force(reads),
        case_of(given.proposal),
        change.op,
        on.built.resource,
        on.built.delta,
        on.built.narrative,
        supports(given.evidence, index),
        Setting(phase_in_force(reads), now, earlier, undone),
        About(on.resource, given.patient, now.date()),
        beside,
    )


def _is_frozen(given: _Given, change: Create | Update, built: Built, verdict: Verdict) -> bool:
    target = _target(given.workspace, given.proposal, change, built, verdict)
    return frozen_by(given.workspace.ledger.freezes(), target) is not None


def _is_repeated(given: _Given, same: Sameness) -> bool:
    reads = given.workspace.ledger
    return policy_in_force(reads).rejected_again == "deny" and was_rejected(reads, same)


def _siblings(proposal: Proposal, index: int) -> dict[int, JsonObject] | None:
    """Return the other creates of the proposal by index, for a create; None for an update."""
    if not isinstance(proposal.changes[index], Create):
        return None
    return {
        place: change.body
        for place, change in enumerate(proposal.changes)
        if place != index and isinstance(change, Create)
    }


def _target(
    workspace: Workspace,
    proposal: Proposal,
    change: Create | Update,
    built: Built,
    verdict: Verdict,
) -> Target:
    return Target(
        {
            "agent": proposal.agent.id,
            "model": proposal.agent.model,
            "prompt": proposal.agent.prompt,
            "type": change.type,
            "op": change.op,
            "route": "" if verdict.route is None else verdict.route.id,
            "workflow": proposal.workflow,
            "ehr": proposal.ehr,
            "patient": patient_tag(workspace.keys.pepper, proposal.ehr, proposal.patient),
        },
        tuple(path for path, _ in touched(built.delta)),
    )
