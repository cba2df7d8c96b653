"""How long a write whose answer never came may still be stored.

A request that was sent may lie in a queue or a network for as long as the servers on its way wait;
until then an unchanged chart is no proof that it was not applied. Without this a late write would
change a chart whose change people have rejected meanwhile. Source: design §9 (ambiguity).
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import lru_cache

from core.adoption import PROFILE_PREFIX
from core.ledger.event import moment
from core.ports import Reads
from core.records import ChangeRow
from core.workspace import Workspace

USUAL_S = 120
"""How many seconds, where the EHR's profile does not say (`settles_s`)."""


def may_still_land(workspace: Workspace, change: ChangeRow) -> bool:
    """Tell whether the newest attempt to write a change may still reach the chart."""
    written = workspace.ledger.write(change.operation)
    if written is None:
        return False
    over = moment(written.intent_at) + _settles(workspace.ledger, change.ehr)
    return workspace.ledger.interval().lo < over


def _settles(reads: Reads, ehr: str) -> timedelta:
    row = reads.config(PROFILE_PREFIX + ehr)
    return timedelta(seconds=USUAL_S if row is None else _said(row.document))


@lru_cache(maxsize=16)
def _said(profile: str) -> int:
    found = tomllib.loads(profile).get("settles_s")
    return found if isinstance(found, int) and found >= 0 else USUAL_S
