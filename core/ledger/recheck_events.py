"""What the events of the reconciliation loop do to the read tables. Source: design §10, §12.

Where an event says when a write is looked at next, its leaf holds `recheck`: `{since, step, tries,
due?, unread_since?, baseline?}`; the row is replaced by it.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Set, Value, integer

RUN = "reconciliation.run"
RECHECKED = "reconciliation.rechecked"
UNREAD = "reconciliation.unread"
ASKED = "reconciliation.asked"
ESCALATED = "exception.escalated"
OVERDUE = "exception.overdue"
REMAPPED = "exception.remapped"
CORRECTION_ASKED = "correction.asked"
CORRECTION_PROPOSED = "correction.proposed"
CORRECTION_FAILED = "correction.failed"
CORRECTED = "change.corrected"


def scheduled(leaf: JsonObject, *, asked: bool = False) -> list[RowOp]:
    """Return the row of what is looked at next; none in events of older ledgers."""
    found = leaf["data"].get("recheck")
    if found is None:
        return []
    baseline = found.get("baseline")
    values: dict[str, Value] = {
        "operation": leaf["operation"],
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "ehr": leaf["ehr"],
        "since": found["since"],
        "step": integer(found["step"]),
        "due": found.get("due"),
        "tries": integer(found["tries"]),
        "unread_since": found.get("unread_since"),
        "baseline": None if baseline is None else integer(baseline),
        "asked": 1 if asked else 0,
    }
    return [Put("recheck", values)]


def verified(leaf: JsonObject) -> list[RowOp]:
    """Return the row that a first verification makes: what it read is the record compared with."""
    found = leaf["data"].get("recheck")
    if found is None:
        return []
    own = {**found, "baseline": leaf["seq"]}
    return scheduled({**leaf, "data": {"recheck": own}})


def _nothing(_leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return []


def _rechecked(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    ops = scheduled(leaf)
    if leaf["data"].get("shown") and leaf["data"].get("by_hand"):
        seen: dict[str, Value] = {"shown_seq": integer(leaf["seq"])}
        ops.append(Set("manual", {"operation": leaf["operation"]}, seen))
    elif leaf["data"].get("shown"):
        # Only what people are to look at takes the place of the first result.
        values: dict[str, Value] = {
            "reconciled_seq": integer(leaf["seq"]),
            "reconciled_class": leaf["data"]["class"],
        }
        if "to" in leaf:
            values["state"] = leaf["to"]
        ops.append(Set("write", {"operation": leaf["operation"]}, values))
    return ops


def _unread(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return scheduled(leaf)


def _asked(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return scheduled(leaf, asked=True)


def _of_each(leaf: JsonObject, values: dict[str, Value]) -> list[RowOp]:
    return [Set("exception", {"id": integer(one)}, values) for one in leaf["data"]["exceptions"]]


def _escalated(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return _of_each(leaf, {"escalated_to": ", ".join(leaf["data"]["to"])})


def _overdue(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return _of_each(leaf, {"overdue_at": leaf["at"]})


def _remapped(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    finding: dict[str, Value] = {
        "id": integer(leaf["seq"]),
        "task": f"profile:{leaf['ehr']}",
        "severity": "mapping",
        "code": ", ".join(leaf["data"]["paths"]),
        "at": leaf["at"],
    }
    return [*_of_each(leaf, {"remapped_at": leaf["at"]}), Put("finding", finding)]


def _correction_asked(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {
        "id": integer(leaf["seq"]),
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "operation": leaf["operation"],
        "by": leaf["actor"]["id"],
        "at": leaf["at"],
        "proposed": None,
        "failed": None,
    }
    return [Put("correction", values)]


def _correction_ended(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {"proposed": data.get("proposed"), "failed": data.get("why")}
    return [Set("correction", {"id": integer(data["correction"])}, values)]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (RUN, 1): _nothing,
    (RECHECKED, 1): _rechecked,
    (UNREAD, 1): _unread,
    (ASKED, 1): _asked,
    (ESCALATED, 1): _escalated,
    (OVERDUE, 1): _overdue,
    (REMAPPED, 1): _remapped,
    (CORRECTION_ASKED, 1): _correction_asked,
    (CORRECTION_PROPOSED, 1): _correction_ended,
    (CORRECTION_FAILED, 1): _correction_ended,
    (CORRECTED, 1): _nothing,
}
