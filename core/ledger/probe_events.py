"""What the events about an EHR's measured behaviour do to the read tables.

The newest probe of an EHR stands beside the documents in force, as a row of a kind of its own: it
holds until the next one. Source: design §9.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Value, integer


def _probed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "kind": f"probe.{leaf['ehr']}",
        "number": integer(data["number"]),
        "seq": integer(leaf["seq"]),
        "at": leaf["at"],
        "by": leaf["actor"]["id"],
        "digest": data["digest"],
        "document": data["document"],
    }
    return [Put("config", values)]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    ("ehr.probed", 1): _probed,
}
