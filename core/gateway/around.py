"""The last rung: a create that nothing fences, so that it is searched for before and after.

Only where the route of the change takes such writes (`unfenced`). The search after it is that of
reconciliation, which counts the copies; a lost answer is never followed by another request.
Source: design §9 (write ladder).
"""

from __future__ import annotations

from core.gateway.guards import Stopped
from core.intake.basing import UNFENCED
from core.records import ChangeRow
from core.stamps import search_for
from core.workspace import Workspace


async def search_before(workspace: Workspace, change: ChangeRow) -> None:
    """Stop where nothing fences the write and it is in the chart already, or no longer allowed.

    Raises Unreachable where the search does not answer.
    """
    if change.rung != UNFENCED:
        return
    if (change.route_json or {}).get("unfenced") is not True:
        raise Stopped("unfenced-not-allowed", "park")
    ehr = workspace.ehr(change.ehr)
    if await ehr.search(change.type, search_for(change.type, change.operation)):
        raise Stopped("found-before-sending", "park")
