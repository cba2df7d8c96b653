"""That an EHR does not confirm our Provenance, as a standing fact of it, for the read tables.

Set when the first write of which that is so became an exception; over as soon as one is recorded
there. The row stands beside the documents in force. Source: docs/adr/0038.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import RowOp, Set, Value, standing

UNCONFIRMED = "provenance.unconfirmed"
STANDING, OVER = "unconfirmed", "confirmed"


def kind_of(ehr: str) -> str:
    """Return the kind of document under which it stands."""
    return f"provenance.{ehr}"


def over(leaf: JsonObject) -> list[RowOp]:
    """Return what ends it: a Provenance was recorded at that EHR."""
    if leaf["data"]["outcome"] != "written":
        return []
    standing: dict[str, Value] = {"kind": kind_of(leaf["ehr"]), "document": STANDING}
    return [Set("config", standing, {"document": OVER})]


def _unconfirmed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return [standing(leaf, kind_of(leaf["ehr"]), STANDING)]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (UNCONFIRMED, 1): _unconfirmed,
}
