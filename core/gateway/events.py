"""The events that the gateway appends, each in one place."""

from __future__ import annotations

from dataclasses import replace

from core.canonical import JsonObject, exact
from core.delta import Difference
from core.errors import Failed
from core.failure.dialect import Dialect
from core.gateway import failing
from core.gateway.receipt import Outcome
from core.gateway.refresh import Fresh, judge_again, rebase_statement
from core.gateway.returned import Returned
from core.intake.admit import admit, consent_at
from core.intake.readmit import append_readmitted
from core.ledger.event import Actor, Event
from core.lifecycle import State
from core.ports import Reads, Request, Response, Transaction
from core.probe.measured import TRANSACTION
from core.reconcile.levels import due_text
from core.records import ChangeRow, ProposalRow
from core.review.content import Erased
from core.review.decide import about, send_back_dependents, void
from core.workspace import Workspace


def actor(workspace: Workspace) -> Actor:
    """Return the gateway as an actor."""
    return Actor("gateway", "gateway", workspace.keys.signer("gateway").kid)


def intend(
    workspace: Workspace,
    transaction: Transaction,
    change: ChangeRow,
    fresh: Fresh,
    request: Request,
) -> None:
    """Record the intent and the exact bytes; when this commits, the operation counts as spent."""
    earlier = transaction.write(change.operation)
    if fresh.rebased:
        subject = proposal_of(transaction, change).subject
        statement = rebase_statement(workspace, subject, change, fresh.content)
        transaction.append(
            Event(
                "write.rebased",
                actor(workspace),
                about(change),
                data={"statement": statement.text, "bytes": statement.payload["new"]},
                refs=({"kind": "rebase", "digest": statement.digest},),
                body={"base": fresh.content.base, "resource": fresh.content.resource},
            )
        )
    transaction.append(
        Event(
            "write.intended",
            actor(workspace),
            about(change),
            data={
                "attempt": exact(1 if earlier is None else earlier.attempt + 1),
                "rung": change.rung,
                **({} if request.beside is None else {"carrier": TRANSACTION}),
            },
            before=State.READY,
            after=State.SENDING,
            body={
                "method": request.method,
                "type": request.type,
                "id": request.id,
                "headers": dict(request.headers),
                "text": request.body.decode("utf-8"),
                "base_version": None if fresh.content.held is None else fresh.content.held.version,
                **_beside(request.beside),
            },
        )
    )


def _beside(request: Request | None) -> JsonObject:
    return {} if request is None else {"beside": request.body.decode("utf-8")}


def proposal_of(reads: Reads, change: ChangeRow) -> ProposalRow:
    """Return the proposal that a change belongs to."""
    found = reads.proposal(change.proposal)
    if found is None:
        raise Failed("a change without its proposal cannot be sent")
    return found


def receipt(
    workspace: Workspace,
    change: ChangeRow,
    outcome: Outcome,
    response: Response | None,
    dialect: Dialect | None = None,
    with_it: Event | None = None,
) -> State:
    """Record what the EHR answered, or that nothing is known, durably; return the new state.

    `with_it` is what became known with it, kept where the write is there.
    """
    data: JsonObject = {"failure": outcome.failure}
    body: JsonObject = {"location": None, "resource": None, "issues": []}
    if response is not None:
        data |= {"status": exact(response.status), "version": response.version}
        body = {
            "location": response.location,
            "resource": response.resource,
            "issues": list(response.issues),
        }
    with workspace.ledger.transaction() as transaction:
        weighed = failing.weigh(
            workspace, transaction, change, outcome, transaction.clock.hi, response, dialect
        )
        state = outcome.state if weighed is None else weighed.outcome.state
        transaction.append(
            Event(
                "write.receipt",
                actor(workspace),
                about(change),
                data={key: value for key, value in data.items() if value is not None},
                before=State.SENDING,
                after=state,
                body=body,
            )
        )
        if with_it is not None and state == State.PERSISTED:
            transaction.append(with_it)
        if weighed is not None:
            failing.record(workspace, transaction, change, weighed.data)
        if state == State.DEAD_LETTER:
            open_exception(workspace, transaction, change, "dead-letter", outcome.failure)
        if state == State.REFUSED:
            open_exception(workspace, transaction, change, "refused", outcome.failure)
            send_back_dependents(workspace, transaction, change, "dependency-refused")
    return state


def resolve(
    workspace: Workspace,
    change: ChangeRow,
    state: State,
    how: str,
    version: str | None = None,
    location: str | None = None,
    *,
    before: State = State.AMBIGUOUS,
) -> None:
    """Record what reading back told about an ambiguous or held write."""
    data: JsonObject = {"how": how}
    if version is not None:
        data["version"] = version
    with workspace.ledger.transaction() as transaction:
        transaction.append(
            Event(
                "write.resolved",
                actor(workspace),
                about(change),
                data=data,
                before=before,
                after=state,
                body={"location": location},
            )
        )
        if state == State.DEAD_LETTER:
            open_exception(workspace, transaction, change, "dead-letter", how)
        if state == State.EXCEPTION:
            open_exception(workspace, transaction, change, "ambiguous", how)


def send_back(
    workspace: Workspace, proposal: ProposalRow, seen: ChangeRow, returned: Returned
) -> None:
    """Void the approvals and re-admit the change as it stands now, judged anew."""
    content = replace(returned.content, nonce=workspace.ids.nonce())
    verdict = judge_again(workspace.ledger, proposal, seen, content, workspace.clock.now())
    with workspace.ledger.transaction() as transaction:
        if transaction.change(seen.proposal, seen.idx) != seen:
            return
        shown = [_shown(item) for item in returned.moved]
        void(workspace, transaction, seen, returned.why, {"moved": shown})
        one, digests = append_readmitted(
            workspace, transaction, proposal, seen, content, verdict, returned.why, shown
        )
        admit(
            workspace, transaction, one, digests, verdict, seen.consent or "",
            before=State.PENDING, consent_at=consent_at(seen),
        )  # fmt: skip
        why = "dependency-denied" if verdict.outcome == "denied" else "dependency-changed"
        send_back_dependents(workspace, transaction, seen, why)


def open_exception(
    workspace: Workspace,
    transaction: Transaction,
    change: ChangeRow,
    kind: str,
    class_: str | None,
    body: JsonObject | None = None,
    incident: str | None = None,
) -> None:
    """Open an exception for a person to look at, by the time that its class asks for."""
    data: JsonObject = {"kind": kind, "due": due_text(transaction, class_, transaction.clock.lo)}
    if class_ is not None:
        data["class"] = class_
    if incident is not None:
        data["incident"] = incident
    transaction.append(
        Event("exception.opened", actor(workspace), about(change), data=data, body=body)
    )


def intent_of(reads: Reads, change: ChangeRow) -> JsonObject:
    """Return the body of the newest intent of a change: what was sent, or may have been."""
    written = reads.write(change.operation)
    entry = None if written is None else reads.entry(written.intent_seq)
    if entry is None or entry.body is None:
        raise Erased("the record of what was sent is gone; a person must look at the chart")
    return entry.body


def _shown(item: Difference) -> JsonObject:
    return {**item.as_json(), "effect": item.effect}
