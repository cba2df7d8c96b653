"""The chart beside a write, read again in the send step: duplicates, recipients, reactions.

What the approvers did not see sends the change back to them. Source: design §5, §7, §9; ADR 0018.
"""

from __future__ import annotations

from dataclasses import replace

from core.beside import medication
from core.beside.message import NotTheirs, message
from core.canonical import JsonObject
from core.duplicates import appeared, look_again
from core.duplicates.search import NOT_CHECKED, in_chart
from core.errors import Unreachable
from core.gateway.guards import Stopped
from core.gateway.returned import Returned
from core.records import ChangeRow
from core.review.content import Content
from core.workspace import Workspace

APPEARED = "duplicate-appeared"
UNCHECKED = "duplicates-not-checked"
RECIPIENT = "recipient-not-theirs"
REACTION = "reaction-charted"


async def check_beside(
    workspace: Workspace, change: ChangeRow, content: Content, patient: str
) -> None:
    """Stop or return the write where the chart says beside it what nobody has seen yet.

    Raises Stopped, Returned, Unreachable or Refused.
    """
    await _check_recipients(workspace, change, content, patient)
    if change.op == "create":
        await _check_duplicates(workspace, change, content, patient)
    await _check_reactions(workspace, change, content, patient)


async def _check_recipients(
    workspace: Workspace, change: ChangeRow, content: Content, patient: str
) -> None:
    try:
        await message(workspace.ehr(change.ehr), patient, content.resource)
    except NotTheirs:
        raise Stopped(RECIPIENT, "void") from None


async def _check_duplicates(
    workspace: Workspace, change: ChangeRow, content: Content, patient: str
) -> None:
    shown: JsonObject = content.beside.get("duplicates") or {}
    now = await look_again(
        workspace.ehr(change.ehr), workspace.clock, patient, content.resource, change.operation
    )
    if now["why"] == "not-reached":
        raise Unreachable("the chart could not be searched for the same fact")
    if now["state"] == NOT_CHECKED:
        if shown.get("state") != NOT_CHECKED:
            raise Returned(UNCHECKED, _with(content, shown, now))
    elif appeared(shown, now):
        raise Returned(APPEARED, _with(content, shown, now))


async def _check_reactions(
    workspace: Workspace, change: ChangeRow, content: Content, patient: str
) -> None:
    shown = content.beside.get("medication")
    if shown is None:
        return
    ehr = workspace.ehr(change.ehr)
    read = await ehr.read(patient)
    if read is None:
        raise Stopped("patient-gone", "void")
    now = await medication.context(ehr, workspace.clock, read.resource, content.resource)
    if medication.conflicts_of(now) - medication.conflicts_of(shown):
        beside = {**content.beside, "medication": now}
        raise Returned(REACTION, replace(content, beside=beside))


def _with(content: Content, shown: JsonObject, now: JsonObject) -> Content:
    """Return the content with what the chart says now, and what was known of other proposals."""
    others = [item for item in shown.get("found") or [] if item not in in_chart(shown)]
    beside = {**content.beside, "duplicates": {**now, "found": [*now["found"], *others]}}
    return replace(content, beside=beside)
