"""Whether a token endpoint grants the scope of a kind of write, for the read tables.

The newest answer stands beside the documents in force, a row for each EHR, type and operation, and
holds until the next one. No token and no scope of a patient is in it. Source: docs/adr/0038.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import RowOp, standing

ANSWERED = "scope.answered"
GRANTED, REFUSED = "granted", "refused"


def kind_of(ehr: str, type_: str, op: str) -> str:
    """Return the kind of document under which the newest answer stands."""
    return f"scope.{ehr}.{type_}.{op}"


def _answered(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    kind = kind_of(leaf["ehr"], data["type"], data["op"])
    return [standing(leaf, kind, GRANTED if data["granted"] is True else REFUSED)]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (ANSWERED, 1): _answered,
}
