"""Publishing this store's head: never over one that it cannot have come from.

Source: hub-protocol §9: an own published checkpoint larger than the store is a restored backup.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import Failed, Unreachable
from core.gateway.anchor import Register, keeps_registers, publish, read_register
from core.gateway.restored import LostHead
from core.ledger import checkpoint, merkle
from core.ledger.event import instant
from core.ledger.recovery_events import given_up
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
        raise _gone()
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
    """Raise Failed unless this store's events begin with those that the register speaks of.

    A head that an admin has given up in a recovery holds nothing up.
    """
    head = signed_head(ledger, held.note)
    if held.note in given_up(ledger) or extends(ledger, head):
        return
    told = f"the EHR holds a head over other events than the store's first {head.size}"
    if head.size > ledger.size:
        told = (
            f"the EHR holds a head over {head.size} events of this ledger; the store has "
            f"{ledger.size}: its tail was cut or an old backup restored"
        )
    raise Failed(
        told,
        remedy="Nothing is written; run `countersign audit verify`, then `countersign recover`",
    )


def signed_head(ledger: StoreLedger, note: str) -> checkpoint.Checkpoint:
    """Return the head in a note that this ledger's own key signed; raises InvalidCheckpoint."""
    opening = ledger.entry(0)
    x = None if opening is None else opening.leaf["data"]["checkpoint"]["x"]
    return checkpoint.verify(note, ledger.id, str(x))


def extends(ledger: StoreLedger, head: checkpoint.Checkpoint) -> bool:
    """Tell whether the store's events begin with those that a head was signed over."""
    if head.size > ledger.size:
        return False
    return merkle.root_of(ledger.hashes(head.size)) == head.root


async def lost_heads(
    ledger: StoreLedger, ehrs: Mapping[str, Ehr], name: str, kept: str | None
) -> list[LostHead]:
    """Return the heads outside the store that it does not extend and nobody gave up yet.

    `kept` is the one in the head file. Raises Unreachable where an EHR cannot be asked for its
    register, Failed where that is gone, InvalidCheckpoint for a head that this ledger's key did not
    sign.
    """
    notes = [] if kept is None else [("head file", kept)]
    for ehr_name, ehr in ehrs.items():
        known = ledger.anchor(ehr_name)
        held = await read_register(ehr, name, None if known is None else known.reference)
        if held is None and known is not None:
            raise _gone()
        notes += [] if held is None else [(ehr_name, held.note)]
    known_lost = given_up(ledger)
    heads = [(place, note, signed_head(ledger, note)) for place, note in notes]
    return [
        LostHead(place, head.size, note)
        for place, note, head in heads
        if note not in known_lost and not extends(ledger, head)
    ]


def _gone() -> Failed:
    return Failed(
        "the register with this ledger's published head is gone from the EHR",
        remedy="Find out who removed it before anything is written",
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
