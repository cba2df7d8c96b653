"""A proposal as people and scripts see it, read from the rows and bodies of the store.

Source: design §8 (order of evidence and change), §13 (`show --json`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.audit.trail import Line, trail
from core.canonical import RESPONSE, JsonObject, parse_object
from core.delta import Difference
from core.errors import CountersignError, Failed
from core.failure.say import Said
from core.failure.say import said as failed
from core.forms.told import form_of
from core.gateway.pausing import paused
from core.intake.person import MAJORITY
from core.intake.sameness import rejections
from core.ledger.event import moment
from core.lifecycle import State, derived
from core.ports import Reads
from core.prediction.predict import Prediction
from core.prediction.seen import expected
from core.reconcile.placed import shown_seq
from core.records import ChangeRow, DecisionRow, ExceptionRow, ProposalRow, WriteRow
from core.records_incident import GlassRow, ManualRow
from core.review.consult import Said as Consulted
from core.review.consult import said
from core.review.content import Content, read_content
from core.review.decide import shown_hash
from core.review.hidden import Hidden
from core.waiting import waits_for
from core.workspace import policy_in_force


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change; `content` is None once its body was erased."""

    row: ChangeRow
    content: Content | None
    moved: tuple[JsonObject, ...]
    """How the base moved since an approval that became void: both values."""
    decisions: tuple[DecisionRow, ...]
    write: WriteRow | None
    exceptions: tuple[ExceptionRow, ...]
    differences: tuple[JsonObject, ...]
    """What reconciliation found, with both values."""
    rejected_before: tuple[JsonObject, ...] = ()
    """`{at, reason}` of people's rejections of the same request, newest first."""
    glass: tuple[GlassRow, ...] = ()
    """Who broke the glass for this revision."""
    by_hand: ManualRow | None = None
    """The entry by hand that spent its operation."""
    hidden: Hidden = field(default_factory=Hidden)
    """What the labels hide of it (`core.veil`)."""
    failure: Said | None = None
    """What stands between it and the chart, where its write failed."""
    held_up: str | None = None
    """What keeps it from being sent although it is ready, in words."""
    prediction: Prediction | None = None
    """What this EHR is expected to make of it; None where its content or profile is unreadable."""
    scored: JsonObject | None = None
    """How the prediction of what was written came true (`core.prediction.score`)."""
    form: str | None = None
    """The form, with its version, that made it of values; None for what was written out."""


@dataclass(frozen=True, slots=True)
class ProposalView:
    """One proposal, whole."""

    row: ProposalRow
    state: State
    hash: str
    patient: JsonObject | None
    """The Patient as the EHR had it at intake; None once erased."""
    rationale: str | None
    evidence: tuple[JsonObject, ...]
    changes: tuple[ChangeView, ...]
    history: tuple[Line, ...]
    consults: tuple[Consulted, ...] = ()
    """What colleagues asked and answered, oldest first."""
    majority: int = MAJORITY
    """The age in years from which the policy in force calls nobody a minor."""
    hidden: frozenset[str] = frozenset()
    """The groups of labels for which anything is hidden; the agent's words then are, too."""


def view_proposal(reads: Reads, row: ProposalRow) -> ProposalView:
    """Return everything there is to see of a proposal."""
    changes = reads.changes(row.id)
    entry, entries = reads.entry(row.body_seq), reads.trail(row.id)
    body: JsonObject = {} if entry is None or entry.body is None else entry.body
    return ProposalView(
        row=row,
        state=derived(State(change.state) for change in changes),
        hash=shown_hash(reads, row),
        patient=body.get("patient_resource"),
        rationale=body.get("rationale"),
        evidence=tuple(body.get("evidence") or ()),
        changes=tuple(_change(reads, change, form_of(entries, change.idx)) for change in changes),
        history=tuple(trail(entries)),
        consults=tuple(said(entries)),
        majority=_majority(reads),
    )


def _majority(reads: Reads) -> int:
    try:
        return policy_in_force(reads).age_of_majority
    except CountersignError:
        return MAJORITY


def proposal_json(view: ProposalView) -> JsonObject:
    """Return the JSON of `show --json`; its keys are API."""
    return {
        "id": view.row.id,
        "correlation_id": view.row.correlation,
        "state": str(view.state),
        "hash": view.hash,
        "agent": view.row.agent,
        "ehr": view.row.ehr,
        "patient": view.row.patient,
        "rationale": view.rationale,
        "hidden": sorted(view.hidden),
        "changes": [_change_json(change) for change in view.changes],
        "evidence": [_evidence_json(item) for item in view.evidence],
        "consults": [one.as_json() for one in view.consults],
        "history": [line.as_json() for line in view.history],
    }


_EVIDENCE = ("source", "version", "quote", "supports", "grounding", "newer")


def _evidence_json(item: JsonObject) -> JsonObject:
    return {**{key: item.get(key) for key in _EVIDENCE}, "hidden": item.get("hidden") or []}


def _held_up(reads: Reads, row: ChangeRow) -> str | None:
    held_up = paused(reads, row) if row.state == State.READY else None
    return None if held_up is None else held_up.words


def _change(reads: Reads, row: ChangeRow, form: str | None) -> ChangeView:
    try:
        content: Content | None = read_content(reads, row)
    except Failed:
        content = None
    entry = reads.entry(row.body_seq)
    moved = () if entry is None or entry.body is None else entry.body.get("moved", ())
    written = reads.write(row.operation)
    return ChangeView(
        row=row,
        content=content,
        moved=tuple(moved),
        decisions=tuple(reads.decisions(row.proposal, row.idx)),
        write=written,
        exceptions=tuple(reads.exceptions(row.proposal, row.idx)),
        differences=_differences(reads, row),
        rejected_before=tuple(rejections(reads, row)),
        glass=tuple(
            one for one in reads.broken_glass(row.proposal, row.idx) if one.revision == row.revision
        ),
        by_hand=reads.manual(row.operation),
        failure=failed(reads, row),
        held_up=_held_up(reads, row),
        form=form,
        prediction=None if content is None else expected(reads, row, content.resource),
        scored=_scored(reads, written),
    )


def differences_of(reads: Reads, row: ChangeRow) -> tuple[JsonObject, ...]:
    """Return what the last reconciliation of a change found, with intended and persisted."""
    return _differences(reads, row)


def submitted_of(reads: Reads, row: ChangeRow) -> JsonObject | None:
    """Return the resource whose bytes were sent; None where none were, or they were erased."""
    written = reads.write(row.operation)
    entry = None if written is None else reads.entry(written.intent_seq)
    if entry is None or entry.body is None:
        return None
    return parse_object(str(entry.body["text"]).encode("utf-8"), RESPONSE)


def _scored(reads: Reads, written: WriteRow | None) -> JsonObject | None:
    if written is None or written.reconciled_seq is None:
        return None
    entry = reads.entry(written.reconciled_seq)
    found = None if entry is None else entry.leaf["data"].get("prediction")
    return found if isinstance(found, dict) else None


def _prediction_json(view: ChangeView) -> JsonObject | None:
    if view.prediction is None:
        return None
    told = view.prediction.as_json(values=not view.hidden.values)
    return {**told, "scored": view.scored}


def _differences(reads: Reads, row: ChangeRow) -> tuple[JsonObject, ...]:
    seq = shown_seq(reads, row)
    entry = None if seq is None else reads.entry(seq)
    return () if entry is None or entry.body is None else tuple(entry.body["differences"])


def _change_json(view: ChangeView) -> JsonObject:
    row, content = view.row, view.content
    written = view.write
    return {
        "index": row.idx,
        "revision": row.revision,
        "op": row.op,
        "type": row.type,
        "form": view.form,
        "target": row.target if written is None else written.location or row.target,
        "paths": [path for path, _ in row.touched],
        "state": row.state,
        "waits_for": view.held_up or waits_for(row.state, row.rung),
        "hash": row.change_digest,
        "void": row.void,
        "expires": row.expires,
        "consent": consent_words(row.consent),
        "consent_read": row.consent_at,
        "verdict": {
            "outcome": row.outcome,
            "tier": row.tier,
            "reasons": row.reason_list,
            "route": row.route_json,
        },
        "delta": [] if content is None else [_effect(item) for item in content.delta],
        "resource": None if content is None or view.hidden.values else content.resource,
        "hidden": sorted(view.hidden.groups),
        "unverified_displays": [] if content is None else list(content.displays),
        "moved": list(view.moved),
        "context": None if content is None else content.beside,
        "version": None if written is None else written.version,
        "differences": list(view.differences),
        "rejected_before": list(view.rejected_before),
        "glass": [
            {"by": one.reviewer, "role": one.role, "bypasses": one.bypassed, "at": one.at}
            for one in view.glass
        ],
        "by_hand": None if view.by_hand is None else view.by_hand.reviewer,
        "prediction": _prediction_json(view),
        "failure": None if view.failure is None else view.failure.as_json(),
    }


def consent_read(row: ChangeRow, now: datetime) -> str | None:
    """Return how old the answer about consent is: `read 3 min ago`; None where it was not read."""
    if row.consent_at is None:
        return None
    minutes = int((now - moment(row.consent_at)).total_seconds()) // 60
    if minutes < 1:
        return "read just now"
    if minutes < 120:
        return f"read {minutes} min ago"
    hours = minutes // 60
    return f"read {hours} h ago" if hours < 48 else f"read {hours // 24} days ago"


def _effect(item: Difference) -> JsonObject:
    return {**item.as_json(), "effect": item.effect}


def consent_words(consent: str | None) -> str | None:
    """Return what to say of consent: what holds, and which provision says so."""
    if consent is None:
        return None
    word, _, source = consent.partition(" ")
    kind, _, default = word.partition(":")
    if kind == "unread":
        return "consent could not be read; it is tried again"
    if kind == "not-read":
        return f"consent not read; the workspace's default says {default}"
    if kind == "default":
        return f"no consent applies; the workspace's default says {default}"
    return f"consent: {word}, by {source}" if source else consent


def rejected_words(earlier: Sequence[JsonObject]) -> str:
    """Return how often a person rejected the same request, and why last."""
    times = "once" if len(earlier) == 1 else f"{len(earlier)} times"
    return f"the same was rejected {times} before, last {earlier[0]['reason']}"
