"""What a projector asks the read tables to do, and how it reads a leaf's members.

Source: design §4, hub-protocol §9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.canonical import Json, JsonObject, Number, encode
from core.ledger.event import UnknownEvent

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Put:
    """Insert a row, replacing one with the same key."""

    table: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Set:
    """Update the rows that match `where`."""

    table: str
    where: Mapping[str, Value]
    values: Mapping[str, Value]


RowOp = Put | Set


def change_key(leaf: JsonObject) -> dict[str, Value]:
    """Return the key of the change that the event is about."""
    return {"proposal": leaf["proposal"], "idx": integer(leaf["index"])}


def standing(leaf: JsonObject, kind: str, document: Value, digest: Value = "") -> Put:
    """Return the row of what stands from this event on, beside the documents in force.

    The event's data say under which number; `document` is the text that stands, "" its digest where
    it has none.
    """
    return Put(
        "config",
        {
            "kind": kind,
            "number": integer(leaf["data"]["number"]),
            "seq": integer(leaf["seq"]),
            "at": leaf["at"],
            "by": leaf["actor"]["id"],
            "digest": digest,
            "document": document,
        },
    )


def shown(body: JsonObject | None, key: str) -> Value:
    """Return a text of the body; None where it is missing or was erased."""
    value: Json = None if body is None else body.get(key)
    return value if isinstance(value, str) else None


def integer(value: Json) -> int:
    """Return a leaf member that must be a number."""
    if not isinstance(value, Number):
        raise UnknownEvent("a leaf member that must be a number is not one")
    return int(value.text)


def text(value: Json) -> str:
    """Return a leaf member as JSON text."""
    return encode(value).decode("utf-8")
