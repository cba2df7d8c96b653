"""What the events about holds for consent do to the read tables. Source: design §7."""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Set, Value, change_key, integer


def _held(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "since": data["since"],
        "attempts": integer(data["attempt"]),
        "due": data["due"],
        "deadline": data["deadline"],
        "ended": None,
    }
    return [Put("consent_hold", values)]


def _settled(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return [Set("consent_hold", change_key(leaf), {"ended": leaf["at"]})]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    ("consent.held", 1): _held,
    ("consent.settled", 1): _settled,
}
