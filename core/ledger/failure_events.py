"""What the events about failed writes do to the read tables. Source: design §9."""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Set, Value, integer

FAILED = "write.failed"
REPLAYED = "write.replayed"
REOPENED = "write.reopened"
CLOSED = "write.closed"
REPLAY = "replayed"
"""What stands for a class in the write of an operation that a person had sent again."""


def _failed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    last = data.get("last_attempt")
    values: dict[str, Value] = {
        "operation": leaf["operation"],
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "failure": data["failure"],
        "code": data.get("code"),
        "since": data["since"],
        "tries": integer(data["tries"]),
        "due": data.get("due"),
        "deadline": data.get("deadline"),
        "last_attempt": None if last is None else integer(last),
        "ended": None,
    }
    return [Put("failure", values)]


def _replayed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    write: dict[str, Value] = {"failure": REPLAY, "state": leaf["to"]}
    row: dict[str, Value] = {
        "operation": leaf["operation"],
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "failure": REPLAY,
        "code": None,
        "since": leaf["at"],
        "tries": 0,
        "due": None,
        "deadline": None,
        "last_attempt": integer(leaf["data"]["last_attempt"]),
        "ended": None,
    }
    return [Set("write", {"operation": leaf["operation"]}, write), Put("failure", row)]


def ended(leaf: JsonObject) -> list[RowOp]:
    """Return what ends a failure: the write is in the chart, or nobody will send it."""
    return [Set("failure", {"operation": leaf["operation"]}, {"ended": leaf["at"]})]


def _closed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    """End what a person closed or sent back to review: it is not under way any more."""
    state: dict[str, Value] = {"state": leaf["data"]["write"]}
    return [*ended(leaf), Set("write", {"operation": leaf["operation"]}, state)]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (FAILED, 1): _failed,
    (REPLAYED, 1): _replayed,
    (REOPENED, 1): _closed,
    (CLOSED, 1): _closed,
}
