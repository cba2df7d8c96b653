"""What an EHR may do without touching the meaning; each transform draws from `rnd` and may nest."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from core.canonical import JsonObject, Number
from tests.core.discrepancy.samples import BASE

Transform = Callable[[JsonObject, Random], JsonObject]

# Chosen from FHIR's pages, apart from the table under test.
SETS = frozenset(
    """
    identifier telecom address name coding category security tag extension contact communication
    component note reaction manifestation generalPractitioner performer evidence detail profile
    referenceRange contained author content doseAndRate encounter
""".split()
)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")


def rebuild(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    """Return a copy with every value replaced by `change(member name, value)`, bottom up."""
    if isinstance(value, dict):
        value = {key: rebuild(item, change, key) for key, item in value.items()}
    elif isinstance(value, list):
        value = [rebuild(item, change) for item in value]
    return change(name, value)


def reorder_sets(resource: JsonObject, rnd: Random) -> JsonObject:
    def change(name: str, value: Any) -> Any:
        if name in SETS and isinstance(value, list):
            return rnd.sample(value, len(value))
        return value

    return dict(rebuild(resource, change))


def reorder_keys(resource: JsonObject, rnd: Random) -> JsonObject:
    def change(_: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: value[key] for key in rnd.sample(list(value), len(value))}
        return value

    return dict(rebuild(resource, change))


def keep_books(resource: JsonObject, rnd: Random) -> JsonObject:
    kept = {
        "versionId": str(rnd.randrange(9999)),
        "lastUpdated": f"2024-03-0{rnd.randrange(1, 9)}T10:00:00.123Z",
        "source": f"#{rnd.randrange(9999)}",
    }
    return {"id": "new1", **resource, "meta": {**resource.get("meta", {}), **kept}}


def add_narrative(resource: JsonObject, rnd: Random) -> JsonObject:
    if resource.get("text", {"status": "generated"}).get("status") != "generated":
        return resource
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">Summary {rnd.randrange(99)}</div>'
    return {**resource, "text": {"status": "generated", "div": div}}


def rewrite_references(resource: JsonObject, rnd: Random) -> JsonObject:
    def change(name: str, value: Any) -> Any:
        literal = name == "reference" and isinstance(value, str)
        if literal and re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+", value):
            form = f"{BASE}/{value}" if rnd.random() < 0.7 else value
            return f"{form}/_history/2" if rnd.random() < 0.3 else form
        return value

    return dict(rebuild(resource, change))


def move_offsets(resource: JsonObject, rnd: Random) -> JsonObject:
    zone = timezone(timedelta(minutes=15 * rnd.randrange(-40, 40)))

    def change(_: str, value: Any) -> Any:
        if isinstance(value, str) and INSTANT.fullmatch(value):
            spec = "milliseconds" if "." in value else "seconds"
            return datetime.fromisoformat(value).astimezone(zone).isoformat(timespec=spec)
        return value

    return dict(rebuild(resource, change))


def rewrite_numbers(resource: JsonObject, rnd: Random) -> JsonObject:
    def change(_: str, value: Any) -> Any:
        known = isinstance(value, Number) and re.fullmatch(r"[0-9.]+", value.text)
        if known and rnd.random() < 0.5:
            # 4.10 → 410e-2 states as many decimals.
            whole = value.text.replace(".", "").lstrip("0") or "0"
            return Number(f"{whole}e-{_places(value)}") if _places(value) else value
        return value

    return dict(rebuild(resource, change))


def _places(number: Number) -> int:
    return len(number.text.partition(".")[2])


HARMLESS: dict[str, Transform] = {
    one.__name__: one
    for one in (
        reorder_sets,
        reorder_keys,
        keep_books,
        add_narrative,
        rewrite_references,
        move_offsets,
        rewrite_numbers,
    )
}


def apply(resource: JsonObject, names: list[str], seed: int) -> JsonObject:
    rnd = Random(seed)
    for name in names:
        resource = HARMLESS[name](resource, rnd)
    return resource
