"""Whether a token endpoint grants the scope of a kind of write, for the read tables.

The newest answer stands beside the documents in force, a row for each EHR, type and operation, and
holds until the next one. No token and no scope of a patient is in it. Source: docs/adr/0038.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Value, integer

ANSWERED = "scope.answered"
GRANTED, REFUSED = "granted", "refused"


def kind_of(ehr: str, type_: str, op: str) -> str:
    """Return the kind of document under which the newest answer stands."""
    return f"scope.{ehr}.{type_}.{op}"


def _answered(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "kind": kind_of(leaf["ehr"], data["type"], data["op"]),
        "number": integer(data["number"]),
        "seq": integer(leaf["seq"]),
        "at": leaf["at"],
        "by": leaf["actor"]["id"],
        "digest": "",
        "document": GRANTED if data["granted"] is True else REFUSED,
    }
    return [Put("config", values)]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (ANSWERED, 1): _answered,
}
