"""What the events about the hub's Tasks do to the read tables.

Source: hub-protocol §2 (statements that travel as outputs), §7 (quarantine, alarm).
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Set, integer

ANSWERED = "task.answered"
QUARANTINED = "task.quarantined"
ALARMED = "task.alarmed"
CLOSED = "task.closed"


def output(leaf: JsonObject) -> list[RowOp]:
    """Return the row of the statement that the event signed for a Task; none without a Task."""
    ref = leaf["refs"][0]
    if "task" not in ref:
        return []
    return [
        Put(
            "output",
            {
                "digest": ref["digest"],
                "seq": integer(leaf["seq"]),
                "task": ref["task"],
                "proposal": leaf.get("proposal"),
                "kind": ref["kind"],
                "state": leaf["data"].get("state"),
                "statement": leaf["data"]["statement"],
            },
        )
    ]


def _answered(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return output(leaf)


def _found(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    ref = leaf["refs"][0]
    return [
        Put(
            "finding",
            {
                "id": integer(leaf["seq"]),
                "task": ref["task"],
                "version": ref.get("version"),
                "severity": "alarm" if leaf["type"] == ALARMED else "quarantine",
                "code": leaf["data"]["code"],
                "agent": leaf["data"].get("agent"),
                "at": leaf["at"],
            },
        )
    ]


def _closed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return [Set("finding", {"id": integer(leaf["data"]["finding"])}, {"closed_at": leaf["at"]})]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (ANSWERED, 1): _answered,
    (QUARANTINED, 1): _found,
    (ALARMED, 1): _found,
    (CLOSED, 1): _closed,
}
