"""Publishing this store's head: never over one that it cannot have come from.

Source: hub-protocol §9: an own published checkpoint larger than the store is a restored backup.
"""

from __future__ import annotations

from core.errors import Failed, Unreachable
from core.gateway.anchor import Register, keeps_registers, publish, read_register
from core.ledger import checkpoint, merkle
from core.ledger.event import instant
from core.ports import Clock, Ehr
from sync.store.ledger import StoreLedger
from sync.store.reads import AnchorRow


async def publish_head(ledger: StoreLedger, ehr: Ehr, name: str, clock: Clock) -> bool:
    """Publish the newest checkpoint to an EHR's register; False when the EHR does not take it.

    An EHR that keeps no registers holds up nothing: what is anchored nowhere `audit verify` counts.
    Raises Unreachable, or Failed when the register holds a head that this store does not extend.
    """
    note = ledger.head()
    if note is None:
        raise Failed("the ledger has no checkpoint")
    size = int(note.split("\n")[1])
    known = ledger.anchor(ehr.name)
    if known is None and not await keeps_registers(ehr):
        return True
    held = await read_register(ehr, name, None if known is None else known.reference)
    if held is None and known is not None:
        raise Failed(
            "the register with this ledger's published head is gone from the EHR",
            remedy="Find out who removed it before anything is written",
        )
    if held is not None:
        check_extends(ledger, held)
        if held.note == note:
            return True
    reference = await _publish(ehr, name, size, note, held)
    if reference is None:
        return False
    ledger.save_anchor(ehr.name, AnchorRow(size, note, instant(clock.now()), reference))
    return True


def check_extends(ledger: StoreLedger, held: Register) -> None:
    """Raise Failed unless this store's events begin with those that the register speaks of."""
    opening = ledger.entry(0)
    x = None if opening is None else opening.leaf["data"]["checkpoint"]["x"]
    head = checkpoint.verify(held.note, ledger.id, str(x))
    if head.size > ledger.size:
        raise Failed(
            f"the EHR holds a head over {head.size} events of this ledger; the store has "
            f"{ledger.size}: its tail was cut or an old backup restored",
            remedy="Nothing is written; run `countersign audit verify`",
        )
    if merkle.root_of(ledger.hashes(head.size)) != head.root:
        raise Failed(
            f"the EHR holds a head over other events than the store's first {head.size}",
            remedy="Nothing is written; run `countersign audit verify`",
        )


async def _publish(ehr: Ehr, name: str, size: int, note: str, held: Register | None) -> str | None:
    try:
        return await publish(ehr, name, size, note, held)
    except Unreachable:
        # A lost answer to our own publication looks like this; reading tells.
        again = await read_register(ehr, name, None if held is None else held.reference)
        if again is not None and again.note == note:
            return again.reference
        raise
