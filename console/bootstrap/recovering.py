"""Going on after an older state of the store was put back: asking, carrying out, publishing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import Conflict, Failed
from core.gateway.restored import LostHead, Recovered, Searched, recover, search_witnesses
from core.ledger.checkpoint import InvalidCheckpoint
from core.ledger.event import moment
from core.ledger.recovery_events import given_up
from core.workspace import Workspace
from sync.store.anchor import lost_heads, signed_head

if TYPE_CHECKING:
    from console.bootstrap.opening import Opened


async def lost(opened: Opened) -> list[LostHead]:
    """Return what every EHR's register and the head file say that this store has lost.

    Raises Unreachable where an EHR cannot be asked.
    """
    async with opened.connected() as workspace:
        return await _lost(opened, workspace)


async def carry_out(
    opened: Opened, size: int, reason: str
) -> tuple[Recovered, Searched, Sequence[LostHead], bool]:
    """Recover from the heads over `size` events at the most, holding the gateway's lease.

    The last of what is returned tells whether the new head was published everywhere. Raises
    Conflict where another number of events is lost, and what `core.gateway.restored` raises.
    """
    async with opened.connected() as workspace:
        heads = await _lost(opened, workspace)
        most = max((one.size for one in heads), default=0)
        if most != size:
            told = f"the largest head is over {most} events" if heads else "nothing is lost"
            raise Conflict(told, field="--lost", remedy="Run `countersign recover` and look again")
        searched = await search_witnesses(workspace, moment(_known_at(opened)))
        # An older state is in use on purpose now, and what follows goes into the ledger.
        opened.ledger.locked = False
        done = recover(workspace, heads, searched, reason)
        mend_head_file(opened)
        published = await opened.publish(workspace)
    return done, searched, heads, published


def mend_head_file(opened: Opened) -> bool:
    """Put the store's own head into the head file where that holds one that was given up."""
    kept, own = opened.folder.head.read(), opened.ledger.head()
    if kept is None or own is None or kept not in given_up(opened.ledger):
        return False
    opened.folder.head.give_up(own)
    return True


async def _lost(opened: Opened, workspace: Workspace) -> list[LostHead]:
    kept = opened.folder.head.read()
    try:
        if kept is not None:
            signed_head(opened.ledger, kept)
    except InvalidCheckpoint:
        raise Failed(
            "the head file holds nothing that this ledger's key signed",
            remedy="Keep a copy of the file `head`, remove it, and run this again",
        ) from None
    return await lost_heads(opened.ledger, workspace.ehrs, opened.register, kept)


def _known_at(opened: Opened) -> str:
    """Return when the last event was appended that was published, else when the ledger began."""
    entry = opened.ledger.entry(max(0, opened.anchored_size(None) - 1))
    entry = entry or opened.ledger.entry(0)
    return "" if entry is None else str(entry.leaf["at"])
