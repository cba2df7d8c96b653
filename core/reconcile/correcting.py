"""Proposing the corrections that people asked for: what was approved, once more, on today's chart.

A correction is a proposal in the name of the same agent with the same evidence, and passes the same
gate: policy, review, approval. Who asked for it has authored nothing. Source: design §12.
"""

from __future__ import annotations

from core import stamps
from core.canonical import JsonObject, Number, encode, exact
from core.delta import element_path
from core.errors import BadInput, CountersignError, Unreachable
from core.gateway.events import actor, proposal_of
from core.gateway.refresh import proposal_body
from core.intake.documents import documents
from core.intake.stage import stage
from core.ledger.event import Event
from core.ledger.recheck_events import CORRECTION_FAILED, CORRECTION_PROPOSED
from core.lifecycle import State
from core.ports import Fetched
from core.reconcile.placed import placed, shown_seq
from core.reconcile.restore import restored
from core.records import ChangeRow
from core.records_recheck import CorrectionRow
from core.review.content import Content, read_content
from core.review.voiding import about
from core.workspace import Workspace

RATIONALE = "Correction, asked for by a reviewer: puts back what was approved before."
UNVERSIONED = "unversioned"
"""What stands for the version where an EHR names none; what is there now is then the base."""
GRAVE = ("lossy", "changed", "critical")


async def propose_corrections(workspace: Workspace) -> int:
    """Propose every correction that is asked for; return how many were proposed.

    One for which the EHR cannot be read stays asked for. Raises Unreachable after the others.
    """
    done = 0
    unreachable: Unreachable | None = None
    for row in workspace.ledger.open_corrections():
        try:
            done += await _one(workspace, row)
        except Unreachable as error:
            unreachable = error
    if unreachable is not None:
        raise unreachable
    return done


async def _one(workspace: Workspace, row: CorrectionRow) -> bool:
    change = workspace.ledger.change(row.proposal, row.idx)
    if change is None or change.state != State.EXCEPTION:
        _end(workspace, row, change, "settled-meanwhile")
        return False
    known = workspace.ledger.same_proposal(change.agent, _correlation(row))
    if known is not None:
        # It was proposed by a round that ended before it could say so.
        _end(workspace, row, change, None, (known.id, "review"))
        return True
    try:
        wanted = await _document(workspace, change, row)
        if isinstance(wanted, str):
            _end(workspace, row, change, wanted)
            return False
        (item,) = documents(encode(wanted))
        staged = await stage(workspace, item)
    except Unreachable:
        raise
    except CountersignError as error:
        _end(workspace, row, change, error.code)
        return False
    _end(workspace, row, change, None, (staged.proposal.id, staged.outcome))
    return True


async def _document(
    workspace: Workspace, change: ChangeRow, row: CorrectionRow
) -> JsonObject | str:
    """Return the proposal, or why there is none, as a static code."""
    reads = workspace.ledger
    proposal, content = proposal_of(reads, change), read_content(reads, change)
    body = proposal_body(reads, proposal)
    written = placed(reads, change)
    if written is None:
        return "never-written"
    current = await workspace.ehr(change.ehr).read(written.location)
    if current is not None and current.redacted:
        raise Unreachable("the record is redacted for this client; it is tried again")
    made = _change(change, content, current, _differences(workspace, change))
    if isinstance(made, str):
        return made
    evidence = [{**_quote(item), "supports": [Number("0")]} for item in content.evidence]
    found: JsonObject = {
        "agent": {"id": proposal.agent, "model": proposal.model, "prompt": proposal.prompt},
        "ehr": proposal.ehr,
        "patient": body["patient"],
        "purpose": proposal.purpose,
        "workflow": proposal.workflow,
        "urgency": proposal.urgency,
        "confidence": Number(proposal.confidence),
        "rationale": RATIONALE,
        "correlation_id": _correlation(row),
        "changes": [made],
        "evidence": list(evidence),
    }
    if body.get("encounter") is not None:
        found["encounter"] = body["encounter"]
    return found


def _change(
    change: ChangeRow,
    content: Content,
    current: Fetched | None,
    differences: list[JsonObject],
) -> JsonObject | str:
    if current is None:
        if change.op != "create":
            return "target-gone"
        return {"op": "create", "resource": stamps.bare(content.resource, None, change.operation)}
    if not differences:
        return "nothing-to-put-back"
    return {
        "op": "update",
        "target": current.reference,
        "base_version": current.version or UNVERSIONED,
        "resource": restored(current.resource, content.resource, differences),
    }


def _differences(workspace: Workspace, change: ChangeRow) -> list[JsonObject]:
    """Return what differs from what was approved and a proposal can put back.

    `meta` is left alone: its labels are put on every write anyway.
    """
    seq = shown_seq(workspace.ledger, change)
    entry = None if seq is None else workspace.ledger.entry(seq)
    listed = [] if entry is None or entry.body is None else entry.body.get("differences") or []
    touched = {path.split(".")[1] for path, _ in change.touched if "." in path}
    return [
        one
        for one in listed
        if one.get("class") in GRAVE
        and not one.get("side")
        and _is_ours(change, touched, element_path(str(one["path"])))
    ]


def _is_ours(change: ChangeRow, touched: set[str], element: str) -> bool:
    root, _, rest = element.partition(".")
    name = rest.partition(".")[0]
    if root != change.type or not name or name in ("meta", "text", "id"):
        return False
    return change.op == "create" or name in touched


def _correlation(row: CorrectionRow) -> str:
    return f"correct-{row.id}-{row.operation[:8]}"


def _quote(item: JsonObject) -> JsonObject:
    found: JsonObject = {"source": item["source"], "quote": item["quote"]}
    return found | ({} if item.get("version") is None else {"version": item["version"]})


def _end(
    workspace: Workspace,
    row: CorrectionRow,
    change: ChangeRow | None,
    why: str | None,
    proposed: tuple[str, str] | None = None,
) -> None:
    if change is None:
        raise BadInput("a correction names no change that is known")
    data: JsonObject = {"correction": exact(row.id)}
    if proposed is not None:
        data |= {"proposed": proposed[0], "outcome": proposed[1]}
    if why is not None:
        data["why"] = why
    type_ = CORRECTION_FAILED if proposed is None else CORRECTION_PROPOSED
    with workspace.ledger.transaction() as transaction:
        transaction.append(Event(type_, actor(workspace), about(change), data=data))
