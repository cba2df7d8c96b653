"""What the events of a deadline do to the read tables: warned, escalated, expired.

`data` of the first two is `{expires, how, people, roles}`: the expiry they are about, who was found
(`core.duty.resolve.How`), and the ids of those people and roles. Source: design §6, §8.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import RowOp, Set, Value, change_key, integer

WARNED = "change.warned"
ESCALATED = "change.escalated"
EXPIRED = "change.expired"


def asked_again(leaf: JsonObject) -> dict[str, Value]:
    """Return the columns of a change that is given to somebody: its time begins anew."""
    return {"asked_from": leaf["at"], "warned": None, "escalated": None, "answering": None}


def _stepped(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    column = "warned" if leaf["type"] == WARNED else "escalated"
    term = f"{integer(leaf['revision'])} {data['expires']}"
    return [Set("change", change_key(leaf), {column: term, "answering": data["how"]})]


def _nothing(_leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    return []


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (WARNED, 1): _stepped,
    (ESCALATED, 1): _stepped,
    (EXPIRED, 1): _nothing,
}
