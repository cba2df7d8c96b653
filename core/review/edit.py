"""Correcting a proposed change before deciding it. Source: design §8 (edit).

An edit goes through the same checks as what an agent proposes, becomes a new revision of the same
change, and approves nothing: earlier votes are void, and it is decided anew.
"""

from __future__ import annotations

import hmac
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime

from core import stamps
from core.beside.around import after_edit
from core.canonical import JsonObject, encode, exact
from core.errors import BadInput, Conflict, Refused
from core.gateway.refresh import judge_again, proposal_body
from core.intake import special
from core.intake.admit import admit, consent_at, revision_data
from core.intake.build import Built, build_create, build_update, stamp
from core.intake.earlier import keeps_meaning
from core.intake.judge import trace_data
from core.ledger.event import Actor, Event
from core.lifecycle import State
from core.policy import Verdict
from core.ports import Reads, Transaction
from core.proposal import Create, Update
from core.records import ChangeRow, ProposalRow
from core.review.content import Content, read_content
from core.review.decide import about, reviewer_of, send_back_dependents, void
from core.review.hidden import check_not_hidden
from core.review.signing import sign_act
from core.review.voting import find_change
from core.roster import Person
from core.statement import Statement
from core.workspace import Workspace

EDITED = "edited"
MAX_RESOURCE = 256 * 1024
FIELD = "resource"


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit that is sound, not yet recorded: what would be decided, and what policy says."""

    content: Content
    verdict: Verdict


def editable(change: ChangeRow, content: Content) -> JsonObject:
    """Return a copy of the intended resource to edit: without the gateway's own stamps."""
    return deepcopy(stamps.bare(content.resource, content.base, change.operation))


def check_edit(
    reads: Reads, proposal: str, index: int, resource: JsonObject, now: datetime
) -> Draft:
    """Check an edited resource and judge it as of `now`; nothing is recorded.

    An edit works without the EHR: a create is compared with what stood before it when it was last
    read, or with nothing known where the edit made another code of it.

    Raises BadInput naming the element, Conflict when it changes nothing, Refused when policy
    denies it, NotFound, Erased.
    """
    row, change = find_change(reads, proposal, index)
    content = read_content(reads, change)
    if len(encode(resource)) > MAX_RESOURCE:
        raise BadInput(f"is larger than {MAX_RESOURCE:,} bytes", field=FIELD)
    built = _built(change, content, resource, str(proposal_body(reads, row)["patient"]))
    edited = stamp(built.resource, change.operation, change.rung, create=content.base is None)
    if edited == content.resource:
        raise Conflict("this edit changes nothing", remedy="Change a value, or leave it as it is")
    if not built.delta:
        raise Conflict("nothing of the proposal is left", remedy="Reject the change instead")
    again = replace(
        content,
        resource=edited,
        delta=built.delta,
        narrative=built.narrative,
        displays=special.displays(built.delta),
        beside=after_edit(content.beside, content.resource, edited),
    )
    if not keeps_meaning(content.resource, edited):
        again = replace(again, earlier=None)
    verdict = judge_again(reads, row, change, again, now)
    if verdict.outcome == "denied":
        codes = ", ".join(reason.code for reason in verdict.reasons) or "no rule allows it"
        raise Refused(f"policy denies the edited change ({codes})", remedy="See `policy explain`")
    return Draft(replace(again, trace=trace_data(verdict.trace)), verdict)


def edit(workspace: Workspace, proposal: str, index: int, resource: JsonObject, seen: str) -> str:
    """Record an edit durably as a new revision, signed; return the hash of what waits now.

    `seen` is the change's hash that the editor looked at. Raises what `check_edit` raises,
    Conflict for another hash or state, Refused for who may not decide this change.
    """
    _, seen_now = find_change(workspace.ledger, proposal, index)
    reviewer_of(workspace, workspace.ledger, "edit", seen_now, workspace.clock.now())
    check_not_hidden(workspace, workspace.ledger, seen_now)
    draft = check_edit(workspace.ledger, proposal, index, resource, workspace.clock.now())
    with workspace.ledger.transaction() as transaction:
        row, change = find_change(transaction, proposal, index)
        person, role = reviewer_of(workspace, transaction, "edit", change, transaction.clock.hi)
        if not hmac.compare_digest(change.change_digest, seen):
            raise Conflict(
                "the hash is not that of what is waiting now",
                field="hash",
                remedy="Look at it again with `countersign show` and edit what you see",
            )
        _record(workspace, transaction, row, change, draft, person, role)
        after = transaction.change(proposal, index)
    return "" if after is None else after.change_digest


def _built(change: ChangeRow, content: Content, resource: JsonObject, patient: str) -> Built:
    """Build as intake does; a create is given without its stamps, an update with the base's."""
    given = stamps.bare(resource, content.base, change.operation)
    if given.get("resourceType") != change.type:
        raise BadInput("is not of this change's type", field=f"{FIELD}.resourceType")
    if content.base is None or content.held is None or content.target is None:
        return build_create(Create.model_construct(op="create", resource=given), patient, "edit")
    update = Update.model_construct(
        op="update", target=content.target, base_version=content.held.version, resource=given
    )
    return build_update(update, content.base, patient, "edit")


def _record(
    workspace: Workspace,
    transaction: Transaction,
    row: ProposalRow,
    change: ChangeRow,
    draft: Draft,
    person: Person,
    role: str,
) -> None:
    content = replace(draft.content, nonce=workspace.ids.nonce())
    one = replace(about(change), revision=change.revision + 1)
    digests = content.digests(
        row,
        replace(change, revision=change.revision + 1),
        workspace.base_url(change.ehr),
        draft.verdict.digest(),
        workspace.team,
    )
    statement = _signed(workspace, row, change, digests, person, role)
    void(workspace, transaction, change, EDITED)
    transaction.append(
        Event(
            "change.edited",
            Actor("reviewer", person.id, statement.kid),
            one,
            data={
                "void": EDITED,
                "reviewer": person.id,
                "role": role,
                "statement": statement.text,
                **revision_data(content, digests),
            },
            refs=({"kind": "edit", "digest": statement.digest},),
            body=content.as_json(change.patient_label) | {"moved": []},
        )
    )
    admit(
        workspace, transaction, one, digests, draft.verdict, change.consent or "",
        before=State.PENDING, consent_at=consent_at(change),
    )  # fmt: skip
    send_back_dependents(workspace, transaction, change, "dependency-edited")


def _signed(
    workspace: Workspace,
    row: ProposalRow,
    change: ChangeRow,
    digests: tuple[str, str],
    person: Person,
    role: str,
) -> Statement:
    words: JsonObject = {
        "revision": exact(change.revision + 1),
        "before": change.change_digest,
        "change": digests[0],
        "bytes": digests[1],
        "role": role,
    }
    return sign_act(workspace, "edit", row.subject, change, person.id, words)
