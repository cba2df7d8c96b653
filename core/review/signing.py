"""What a person signs about one change, besides a decision: the members that all such acts share.

Source: hub-protocol §2 (each payload has `v, team, id, at`).
"""

from __future__ import annotations

from core.canonical import JsonObject, Number, exact
from core.ledger.event import instant
from core.records import ChangeRow
from core.statement import Statement, sign
from core.workspace import Workspace


def sign_act(
    workspace: Workspace,
    kind: str,
    subject: str,
    change: ChangeRow,
    reviewer: str,
    words: JsonObject,
) -> Statement:
    """Sign an act of `kind` about a change as it stands; `words` are the act's own members.

    `subject` is what statements call the proposal (`ProposalRow.subject`).
    """
    payload: JsonObject = {
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(workspace.clock.now()),
        "task": subject,
        "index": exact(change.idx),
        "revision": exact(change.revision),
        "operation": change.operation,
        **words,
        "reviewer": reviewer,
    }
    return sign(kind, payload, workspace.keys.signer("reviewer"))
