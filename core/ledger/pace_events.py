"""What decisions and edits do to the table that tells a reviewer's pace. Source: ADR 0019."""

from __future__ import annotations

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, integer

EDIT = "edit"


def acted(leaf: JsonObject, act: str) -> list[RowOp]:
    """Return the row of one act; none for an approval that no screen measured."""
    data = leaf["data"]
    dwell = data.get("dwell_ms") if act == "approve" else None
    if act == "approve" and dwell is None:
        return []
    return [
        Put(
            "act",
            {
                "seq": integer(leaf["seq"]),
                "reviewer": data["reviewer"],
                "at": leaf["at"],
                "act": act,
                "dwell_ms": None if dwell is None else integer(dwell),
            },
        )
    ]
