"""A write and its Provenance as one transaction, where the EHR was seen to roll back.

Only for a PUT: its condition fences the whole transaction, so that one that is delivered twice or
late stores neither. A POST that finds its resource stored already does not fail, and a second
Provenance would be kept beside it. Source: design §9 (write ladder, stamps), ADR 33.
"""

from __future__ import annotations

from core.failure.classes import Failure
from core.gateway import provenance
from core.gateway.receipt import Outcome
from core.gateway.request import with_provenance
from core.ledger.event import instant
from core.lifecycle import State
from core.ports import Request, Response
from core.probe.measured import TRANSACTION, proven
from core.records import ChangeRow, ProposalRow
from core.workspace import Workspace

_CONTENT = frozenset({Failure.VALIDATION, Failure.BUSINESS_RULE, Failure.AUTHORIZATION})
"""What may be about the Provenance and not about the write."""
_FENCED = frozenset({"if-match", "if-none-match"})


async def may_go_together(workspace: Workspace, change: ChangeRow) -> bool:
    """Tell whether a change may be written in one transaction with its Provenance."""
    if change.rung not in _FENCED or not proven(workspace.ledger, change.ehr, TRANSACTION):
        return False
    return (await workspace.ehr(change.ehr).capability("Provenance")).create


def accompanied(
    workspace: Workspace, proposal: ProposalRow, change: ChangeRow, request: Request
) -> Request:
    """Return the request with its Provenance beside it."""
    document = provenance.build(
        proposal,
        change,
        [f"{request.type}/{request.id}"],
        instant(workspace.clock.now()),
        provenance.approvals(workspace.ledger, change),
    )
    return with_provenance(request, document)


def parted(request: Request, outcome: Outcome) -> bool:
    """Tell whether a refused transaction is to be sent again as a write alone.

    Nothing of it was stored, and which of the two was refused is not told by every server.
    """
    return (
        request.beside is not None
        and outcome.state == State.REFUSED
        and outcome.failure in _CONTENT
    )


ALONE = Outcome(State.READY, "transaction-refused")
"""The receipt of such a transaction."""


def both_stored(request: Request, response: Response) -> bool:
    """Tell whether the answer says that the Provenance was stored with the write."""
    beside = response.beside
    return request.beside is not None and beside is not None and 200 <= beside < 300
