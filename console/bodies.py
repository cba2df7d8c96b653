"""Whether an event's stored body may be shown to who sits here; screens and commands ask alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.audit.events import leaf_of
from core.errors import CountersignError
from core.intake.sensitive import GROUPS
from core.veil import body_groups

if TYPE_CHECKING:
    from core.audit.events import StoredDetail
    from core.ports import Reads
    from core.workspace import Workspace


def hidden_body(workspace: Workspace, reads: Reads, detail: StoredDetail) -> frozenset[str]:
    """Return the groups for which it is hidden; all of them where that cannot be told.

    An audit opens a store that was tampered with: what cannot be read as a body is no chart's
    content that labels could be found in, and is judged by its proposal alone.
    """
    leaf = leaf_of(detail.leaf)
    if detail.body is None or leaf is None:
        return frozenset()
    try:
        entry = reads.entry(detail.seq)
    except CountersignError:
        entry = None
    try:
        return body_groups(workspace, reads, leaf, None if entry is None else entry.body)
    except (CountersignError, KeyError, TypeError, ValueError):
        return frozenset(GROUPS)
