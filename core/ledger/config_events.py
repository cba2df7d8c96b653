"""What the events about documents in force do to the read tables.

A policy that waits for its second owner stands beside them as a row of its own kind and decides
nothing. Source: design §7.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, integer


def _put_forward(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    return [
        Put(
            "config",
            {
                "kind": f"proposed.{data['kind']}",
                "number": integer(data["number"]),
                "seq": integer(leaf["seq"]),
                "at": leaf["at"],
                "by": leaf["actor"]["id"],
                "digest": data["digest"],
                "document": data["document"],
            },
        )
    ]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    ("config.proposed", 1): _put_forward,
}
