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
from core.delta import Difference, disturbed, touched
from core.errors import BadInput
from core.grounding import belongs_to
from core.incident.freeze import Target, frozen_by
from core.intake import hardening, special
from core.intake.build import (
    Built,
    build_create,
    build_update,
    check_valid,
    narrative_of,
    reapply,
    stamp,
)
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
from core.proposal import Create, Proposal, Update
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


@dataclass(frozen=True, slots=True)
class Survey:
    """What a proposal rests on."""

    patient: JsonObject
    label: str
    evidence: tuple[JsonObject, ...]
    changes: tuple[Surveyed, ...]


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
    changes = [
        await _survey_change(workspace, ehr, proposal, index, evidence, consulted, patient.resource)
        for index in range(len(proposal.changes))
    ]
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


async def create_rung(ehr: Ehr, type_: str) -> str | None:
    """Return the safest way to create that the EHR says it has, or None (design §9)."""
    capability = await ehr.capability(type_)
    if capability.update_create:
        return "if-none-match"
    if capability.create and capability.conditional_create:
        return "if-none-exist"
    return None


async def update_rung(ehr: Ehr, type_: str) -> str | None:
    """Return `if-match` where the EHR says that it updates by version, else None."""
    capability = await ehr.capability(type_)
    return "if-match" if capability.update and capability.versioned else None


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


async def _survey_change(
    workspace: Workspace,
    ehr: Ehr,
    proposal: Proposal,
    index: int,
    evidence: tuple[JsonObject, ...],
    consulted: Consulted,
    patient: JsonObject,
) -> Surveyed:
    change, field = proposal.changes[index], f"changes[{index}]"
    operation = workspace.ids.uuid()
    base: Fetched | None = None
    stale = False
    if isinstance(change, Create):
        built = build_create(change, proposal.patient, field)
        rung = await create_rung(ehr, change.type)
    else:
        base, built, stale = await _build_update(ehr, change, proposal.patient, field)
        rung = await update_rung(ehr, change.type)
    beside = await around(
        workspace, proposal.ehr, patient, built.resource, f"{field}.resource",
        _siblings(proposal, index),
        giving_way(workspace.ledger, workspace.keys.pepper, proposal),
    )  # fmt: skip
    reads = workspace.ledger
    policy = policy_in_force(reads)
    before: Earlier = None
    if base is None:
        before = await earlier_or_unknown(ehr, policy, proposal.patient, built.resource)
    verdict = judge(
        policy,
        roster_in_force(reads),
        case_of(proposal),
        change.op,
        built.resource,
        built.delta,
        built.narrative,
        supports(evidence, index),
        Setting(
            phase_in_force(reads),
            workspace.clock.now(),
            before if base is None else (base.resource,),
        ),
        About(None if base is None else base.resource, patient, workspace.clock.now().date()),
        beside,
    )
    if is_certain(beside):
        verdict = deny(verdict, DUPLICATE)
    if rung is None:
        verdict = deny(verdict, NO_ROAD)
    if stale:
        verdict = deny(verdict, STALE_BASE)
    held_base = None if base is None else base.resource
    heard = consulted.about(change.type, change.op, held_base, built.resource)
    if denies(heard.answer):
        verdict = deny(verdict, CONSENT_DENIED)
    target = _target(workspace, proposal, change, built, verdict)
    if frozen_by(reads.freezes(), target) is not None:
        verdict = deny(verdict, FROZEN)
    where = proposal.ehr, proposal.patient, change.type
    quotes = supports(evidence, index)
    same = sameness(workspace.keys.pepper, where, change.target, built.delta, quotes)
    if policy_in_force(reads).rejected_again == "deny" and was_rejected(reads, same):
        verdict = deny(verdict, ALREADY_REJECTED)
    held = is_held(heard.answer, verdict)
    if held:
        verdict = for_a_person(verdict, heard.answer, policy_in_force(reads))
    return Surveyed(
        op=change.op,
        operation=operation,
        target=change.target,
        rung=rung or "none",
        base=base,
        resource=stamp(built.resource, operation, rung or "none", create=base is None),
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
    )


def _siblings(proposal: Proposal, index: int) -> dict[int, JsonObject] | None:
    """Return the other creates of the proposal by index, for a create; None for an update."""
    if not isinstance(proposal.changes[index], Create):
        return None
    return {
        place: change.resource
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


async def _build_update(
    ehr: Ehr, change: Update, patient: str, field: str
) -> tuple[Fetched, Built, bool]:
    """Build on the version that the agent read, then carry the change to the current one.

    The last member tells whether a touched or guard element moved in between.
    """
    current = await ehr.read(change.target)
    if current is None:
        raise BadInput("does not exist on this EHR", field=f"{field}.target", remedy="Check its id")
    if current.redacted:
        raise BadInput(
            "is shown redacted to us and cannot be the base of an update",
            field=f"{field}.target",
            remedy="Ask for access to the whole resource",
        )
    if not belongs_to(current.resource, patient, base=ehr.base_url):
        raise BadInput(
            "does not belong to the proposal's patient",
            field=f"{field}.target",
            remedy="Propose for one patient at a time",
        )
    if current.version == change.base_version:
        return current, build_update(change, current.resource, patient, field), False
    read = await ehr.read(change.target, change.base_version)
    if read is None:
        raise BadInput(
            "never existed",
            field=f"{field}.base_version",
            remedy="Name the version that the agent read (meta.versionId)",
        )
    if not belongs_to(read.resource, patient, base=ehr.base_url):
        raise BadInput(
            "did not belong to the proposal's patient then",
            field=f"{field}.base_version",
            remedy="Read the resource again and propose against its newest version",
        )
    built = build_update(change, read.resource, patient, field)
    moved = disturbed(read.resource, current.resource, built.delta)
    if moved:
        return read, built, True
    resource, found = reapply(current.resource, built.resource, built.delta)
    # The pieces were checked against the older version; together they are a new resource.
    check_valid(resource, current.resource, field)
    hardening.check_patient(resource, current.resource, patient, field)
    return current, Built(resource, found, narrative_of(current.resource, resource)), False
