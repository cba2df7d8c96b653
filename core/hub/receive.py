"""Taking in what a Task holds: admitted, a twin, quarantined, or kept waiting.

Source: hub-protocol §6 step 2, §7. Only the holder of the gateway's lease does this.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import JsonObject, exact
from core.errors import BadInput, Conflict, NotFound, Refused, Unreachable
from core.hub.outcome import answer, answer_duplicate, answer_quarantined
from core.intake.documents import Document
from core.intake.stage import Origin, Staged, stage_signed
from core.ledger.event import About, Actor, Event
from core.ledger.hub_events import ALARMED, CLOSED, QUARANTINED
from core.ports import Transaction
from core.review.asking import check
from core.statement import Statement
from core.workspace import Workspace

# Nothing is written to a Task that is too large to be replaced.
UNANSWERED = frozenset({"size"})


@dataclass(frozen=True, slots=True)
class Received:
    """`state` is `admitted`, `twin`, `quarantined` or `waiting`; `proposal` its local id."""

    state: str
    proposal: str | None = None
    unreachable: bool = False


async def receive(
    workspace: Workspace, item: Document, statement: Statement, origin: Origin
) -> Received:
    """Admit one fresh proposal, or say durably why not; what cannot be read now stays waiting."""
    try:
        staged = await stage_signed(workspace, item, statement, origin)
    except BadInput:
        return _refused(workspace, origin, "intake", statement, item)
    except Conflict:
        if _reuses_correlation(workspace, item):
            return _refused(workspace, origin, "correlation-reused", statement, item)
        return Received("waiting")
    except (Unreachable, Refused):
        return Received("waiting", unreachable=True)
    return _admitted(workspace, staged, origin)


def quarantine(
    workspace: Workspace,
    transaction: Transaction,
    origin: Origin,
    code: str,
    *,
    agent: str | None = None,
    statement: str | None = None,
    answered: bool = True,
) -> None:
    """Record that a Task is not believed, once a code; the agent gets the code, nothing more.

    A Provenance is recorded alike, but not `answered`: it has no outputs.
    """
    if transaction.found(origin.task, code):
        return
    transaction.append(_event(workspace, QUARANTINED, origin, code, agent, statement))
    if answered and code not in UNANSWERED:
        answer_quarantined(workspace, transaction, origin.task, code)


def alarm(
    workspace: Workspace,
    transaction: Transaction,
    origin: Origin,
    code: str,
    proposal: str | None = None,
) -> bool:
    """Record something that should never happen; False when it is known already."""
    if transaction.found(origin.task, code):
        return False
    transaction.append(_event(workspace, ALARMED, origin, code, None, None, proposal))
    return True


def dismiss(workspace: Workspace, finding: int) -> None:
    """Record that the person at this terminal has seen to a finding.

    Raises Refused by role, NotFound for another id.
    """
    signer = workspace.keys.signer("reviewer")
    with workspace.ledger.transaction() as transaction:
        check(workspace, transaction, "dismiss", None, transaction.clock.hi)
        if finding not in {row.id for row in transaction.open_findings()}:
            raise NotFound(
                f"there is no open finding {finding}", remedy="See `countersign exceptions`"
            )
        transaction.append(
            Event(
                CLOSED,
                Actor("reviewer", workspace.reviewer, signer.kid),
                data={"finding": exact(finding)},
            )
        )


def _admitted(workspace: Workspace, staged: Staged, origin: Origin) -> Received:
    proposal = staged.proposal
    twin = proposal.task != origin.task
    with workspace.ledger.transaction() as transaction:
        if not twin:
            answer(workspace, transaction, proposal)
        elif not transaction.outputs(origin.task):
            answer_duplicate(workspace, transaction, origin.task, proposal)
    return Received("twin" if twin else "admitted", proposal.id)


def _refused(
    workspace: Workspace, origin: Origin, code: str, statement: Statement, item: Document
) -> Received:
    agent = None if item.proposal is None else item.proposal.agent.id
    with workspace.ledger.transaction() as transaction:
        quarantine(workspace, transaction, origin, code, agent=agent, statement=statement.text)
    return Received("quarantined")


def _reuses_correlation(workspace: Workspace, item: Document) -> bool:
    proposal = item.proposal
    return (
        proposal is not None
        and workspace.ledger.same_proposal(proposal.agent.id, proposal.correlation_id) is not None
    )


def _event(
    workspace: Workspace,
    type_: str,
    origin: Origin,
    code: str,
    agent: str | None,
    statement: str | None,
    proposal: str | None = None,
) -> Event:
    data: JsonObject = {"code": code}
    if agent is not None:
        data["agent"] = agent
    return Event(
        type_,
        Actor("gateway", "gateway", workspace.keys.signer("gateway").kid),
        About(proposal=proposal),
        data=data,
        refs=({"kind": "task", "task": origin.task, "version": origin.version},),
        body=None if statement is None else {"statement": statement},
    )
