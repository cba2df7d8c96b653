"""Keys by which list items are matched; what is matched is still compared in full.

A key ignores what is harmless (order in sets, reference form, offset notation, number text), so a
match is never a verdict: it only decides which items are laid side by side.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from core.canonical import Json, Number
from core.discrepancy.amounts import sizes
from core.discrepancy.place import below, definition, inside
from core.discrepancy.references import target
from core.discrepancy.scalars import clock, moment, places
from core.discrepancy.sets import is_set
from core.discrepancy.writing import plainly

_quote = json.encoder.encode_basestring_ascii


def key(value: Json, names: str, base_url: str | None) -> str:
    """Return a text that is equal for items that mean the same at this element path."""
    if isinstance(value, dict):
        within = inside(names, value)
        members = (
            f"{_quote(name)}:{key(item, below(within, name), base_url)}"
            for name, item in value.items()
        )
        return "{" + ",".join(sorted(members)) + "}"
    if isinstance(value, list):
        items = [key(item, names, base_url) for item in value]
        return "[" + ",".join(sorted(items) if is_set(names) else items) + "]"
    return _scalar(value, names, base_url)


def features(value: Json, names: str, base_url: str | None) -> Iterator[str]:
    """Yield every leaf with its element path, by which two items are found to be alike.

    A coded amount is alike too when it is about as much of the same kind, in whatever unit.
    """
    if isinstance(value, dict):
        within = inside(names, value)
        yield from (f"{names}~{size}" for size in sizes(value))
        for name, item in value.items():
            yield from features(item, below(within, name), base_url)
    elif isinstance(value, list):
        for item in value:
            yield from features(item, names, base_url)
    else:
        yield f"{names}={_scalar(value, names, base_url)}"


def leaves(value: Json) -> int:
    """Return how many leaf values stand at any depth of `value`."""
    count, stack = 0, [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        else:
            count += 1
    return count


def _scalar(value: Json, names: str, base_url: str | None) -> str:
    if isinstance(value, Number):
        return f"{Decimal(value.text).normalize()}~{places(value)}"
    if not isinstance(value, str):
        return json.dumps(value)
    found = definition(names)
    if found is not None and found.path == "Reference.reference":
        pointed = target(value, base_url)
        return json.dumps(pointed.resource if pointed else value)
    if found is not None and found.types == ("time",) and (time := clock(value)) is not None:
        return f"{time[0]}:{time[1].normalize()}"
    read = moment(value) if "T" in value else None
    if read:
        return f"{read.minute.isoformat()}+{read.second.normalize()}"
    return _quote(value if found is None else plainly(value, found.path, found.types[0]))
