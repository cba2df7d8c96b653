"""What incidents, entries by hand and broken glass do to the read tables.

Source: design §8, §9, §12.
"""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger import recheck_events
from core.ledger.rowops import Put, RowOp, Set, Value, integer, text

DECLARED = "incident.declared"
CLOSED = "incident.closed"
ENTERED = "manual.recorded"
CHECKED = "manual.checked"
BROKEN = "decision.broke-glass"


def _declared(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        "id": data["id"],
        "seq": integer(leaf["seq"]),
        "at": leaf["at"],
        "category": data["category"],
        "severity": data["severity"],
        "source": data["source"],
        "by": leaf["actor"]["id"],
        "proposal": leaf.get("proposal"),
        "idx": None if "index" not in leaf else integer(leaf["index"]),
        "patient_tag": leaf.get("patient"),
    }
    return [Put("incident", values)]


def _closed(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {"closed_at": leaf["at"], "closed_by": leaf["actor"]["id"]}
    return [Set("incident", {"id": leaf["data"]["id"]}, values)]


def _entered(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    values: dict[str, Value] = {
        **_change(leaf),
        "operation": leaf["operation"],
        "reviewer": data["reviewer"],
        "role": data["role"],
        "digest": leaf["refs"][0]["digest"],
    }
    return [Put("manual", values)]


def _checked(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    values: dict[str, Value] = {
        "checked_seq": integer(leaf["seq"]),
        "found": leaf["data"]["found"],
    }
    found: RowOp = Set("manual", {"operation": leaf["operation"]}, values)
    return [found, *recheck_events.verified(leaf)]


def _broken(leaf: JsonObject, _body: JsonObject | None) -> list[RowOp]:
    data = leaf["data"]
    copied = ("id", "decision", "reviewer", "role", "purpose", "statement")
    values: dict[str, Value] = {key: data[key] for key in copied}
    values |= _change(leaf)
    values |= {"bypasses": text(data["bypasses"]), "digest": leaf["refs"][0]["digest"]}
    return [Put("glass", values)]


def _change(leaf: JsonObject) -> dict[str, Value]:
    return {
        "proposal": leaf["proposal"],
        "idx": integer(leaf["index"]),
        "revision": integer(leaf["revision"]),
        "seq": integer(leaf["seq"]),
        "at": leaf["at"],
    }


PROJECTORS: dict[tuple[str, int], Callable[[JsonObject, JsonObject | None], list[RowOp]]] = {
    (DECLARED, 1): _declared,
    (CLOSED, 1): _closed,
    (ENTERED, 1): _entered,
    (CHECKED, 1): _checked,
    (BROKEN, 1): _broken,
}
