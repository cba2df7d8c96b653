"""What the events about an EHR's measured behaviour do to the read tables.

The newest probe of an EHR stands beside the documents in force, as a row of a kind of its own: it
holds until the next one. Source: design §9.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import RowOp, standing


def _probed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    return [standing(leaf, f"probe.{leaf['ehr']}", data["document"], data["digest"])]


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    ("ehr.probed", 1): _probed,
}
