"""What the events about documents in force do to the read tables.

A policy that waits for its second owner stands beside them as a row of its own kind and decides
nothing. Source: design §7.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import RowOp, standing


def _put_forward(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    return [standing(leaf, f"proposed.{data['kind']}", data["document"], data["digest"])]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    ("config.proposed", 1): _put_forward,
}
