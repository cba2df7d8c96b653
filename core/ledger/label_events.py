"""The event of revealing what is labelled sensitive: `data` is `{reviewer, groups}`.

It changes no read table: who has revealed what is read from the trail, and only where something is
labelled. Source: design §7; ADR 0020.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import RowOp

REVEALED = "label.revealed"


def _nothing(_leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return []


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (REVEALED, 1): _nothing,
}
