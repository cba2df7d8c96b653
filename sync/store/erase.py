"""Erasing what an event only showed: its body and the salt that committed to it.

Source: design §4, hub-protocol §9. The leaf and the tree stay; what decided is still provable.
"""

from __future__ import annotations

import re

from core.canonical import Number
from core.errors import BadInput, NotFound
from core.ledger.event import ERASED, About, Actor, Entry, Event
from sync.store.ledger import StoreLedger

_REASON = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def erase_body(ledger: StoreLedger, seq: int, actor: Actor, reason_code: str) -> Entry:
    """Delete the body and salt of event `seq`, and record who did so and why; returns that event.

    The freed pages are overwritten and the write-ahead log is emptied, as far as no other process
    is reading just then. `reason_code` is a code, never words about a person: it stays in the
    leaf. Raises BadInput for another reason, NotFound when the event has no body.
    """
    if not _REASON.fullmatch(reason_code):
        raise BadInput(
            "is not a reason code", field="reason", remedy="Use lower-case words and hyphens"
        )
    with ledger.transaction() as transaction:
        entry = transaction.entry(seq)
        if entry is None or entry.body is None:
            raise NotFound(f"event {seq} has no body", remedy="Nothing is left to erase")
        transaction.erase_body(seq)
        erased = transaction.append(
            Event(
                ERASED,
                actor,
                _about(entry),
                data={"erased": Number(str(seq)), "reason": reason_code},
            )
        )
    ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return erased


def _about(entry: Entry) -> About:
    index = entry.leaf.get("index")
    return About(
        proposal=entry.leaf.get("proposal"),
        index=None if index is None else int(index.text),
        ehr=entry.leaf.get("ehr"),
        patient=entry.leaf.get("patient"),
    )
