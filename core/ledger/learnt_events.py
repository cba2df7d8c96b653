"""What a reconciliation teaches of the EHR, for the read tables; older ones taught nothing."""

from __future__ import annotations

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Value, integer, text


def learnt(leaf: JsonObject) -> list[RowOp]:
    """Return the row of one reconciliation; none where nothing was measured."""
    data = leaf["data"]
    labels, scores = data.get("labels"), data.get("prediction") or {}
    if not labels and not scores:
        return []
    values: dict[str, Value] = {
        "operation": leaf["operation"],
        "seq": integer(leaf["seq"]),
        "at": leaf["at"],
        "ehr": leaf["ehr"],
        "type": data.get("type", ""),
        "labels": text(labels or {}),
        "facts": text(scores.get("facts", [])),
        "unexpected": text(scores.get("unexpected", [])),
    }
    return [Put("learnt", values)]
