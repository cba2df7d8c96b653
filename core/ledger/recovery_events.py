"""What the events of a restored backup do to the read tables.

Source: hub-protocol §9 (restored backup). Which published heads this ledger was recovered from
stands beside the documents in force, as a row of a kind of its own, each naming those before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Set, Value, change_key, integer, standing

if TYPE_CHECKING:
    from core.ports import Reads

RECOVERED = "ledger.recovered"
DOUBTED = "write.doubted"
KIND = "recovered"
WHY = "store-restored"
"""Why votes are void that were given before a recovery."""


def given_up(reads: Reads) -> frozenset[str]:
    """Return the published heads whose events this ledger was recovered without."""
    row = reads.config(KIND)
    return frozenset() if row is None else frozenset(map(str, json.loads(row.document)))


def _recovered(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    return [standing(leaf, KIND, data["document"], data["digest"])]


def _doubted(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    ops: list[RowOp] = [
        Set("decision", {"id": decision}, {"void": data["why"]}) for decision in data["decisions"]
    ]
    write: dict[str, Value] = {
        "operation": leaf["operation"],
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "revision": integer(leaf["revision"]),
        "attempt": integer(data["attempt"]),
        "state": leaf["to"],
        "intent_seq": integer(leaf["seq"]),
        "intent_at": leaf["at"],
    }
    void = Set("change", change_key(leaf), {"void": data["why"]})
    return [*ops, void, Put("write", write)]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (RECOVERED, 1): _recovered,
    (DOUBTED, 1): _doubted,
}
