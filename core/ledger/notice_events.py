"""What the events about telling somebody do to the read tables. Source: design §6, §12."""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger.rowops import Put, RowOp, Set, Value, integer, text


def _raised(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "id": data["id"],
        "seq": integer(leaf["seq"]),
        "at": leaf["at"],
        "kind": data["kind"],
        "to": text(data["to"]),
        "deadline": data.get("deadline"),
        "proposal": leaf.get("proposal"),
        "idx": None if "index" not in leaf else integer(leaf["index"]),
        "attempts": 0,
    }
    return [Put("notice", values)]


def _tried(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {"attempts": integer(data["attempt"]), "tried_at": leaf["at"]}
    if leaf["type"] == "notice.delivered":
        values["delivered_at"] = leaf["at"]
    return [Set("notice", {"id": data["id"]}, values)]


def _abandoned(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    seq, at = integer(leaf["seq"]), leaf["at"]
    ops: list[RowOp] = [Set("notice", {"id": data["id"]}, {"given_up_at": at})]
    if data["why"] == "not-delivered":
        subject = f"proposal:{leaf['proposal']}" if "proposal" in leaf else f"notice:{data['id']}"
        row: dict[str, Value] = {"id": seq, "task": subject, "severity": "untold", "at": at}
        ops.append(Put("finding", row | {"code": data["kind"]}))
    return ops


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    ("notice.raised", 1): _raised,
    ("notice.delivered", 1): _tried,
    ("notice.failed", 1): _tried,
    ("notice.abandoned", 1): _abandoned,
}
