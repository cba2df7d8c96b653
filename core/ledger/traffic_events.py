"""What the events about the traffic to an EHR do to the read tables. Source: design §9."""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Set, integer


def _opened(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    return [
        Put(
            "breaker",
            {
                "ehr": leaf["ehr"],
                "since": data["since"],
                "cause": data["cause"],
                "attempt": integer(data["attempt"]),
                "until": data["until"],
                "closed_at": None,
            },
        )
    ]


def _closed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return [Set("breaker", {"ehr": leaf["ehr"]}, {"closed_at": leaf["at"]})]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    ("breaker.opened", 1): _opened,
    ("breaker.closed", 1): _closed,
}
