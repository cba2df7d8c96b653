"""Content that only an explicit rule may let through, as the flags that policy knows.

Source: hub-protocol §8 (Smuggling). Only what the agent brings in counts: what already stands in
the base is not its doing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from core.canonical import Json, JsonObject
from core.delta import Difference, element_path
from core.fhir import element_types

_RELATIVE = re.compile(
    r"#.*|[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64}(/_history/[A-Za-z0-9.-]{1,64})?"
)
_BINARY = re.compile(r"Binary/[A-Za-z0-9.-]{1,64}")


def flags(delta: Sequence[Difference], resource: JsonObject) -> frozenset[str]:
    """Return the flags of everything that a delta brings in, or changes inside, `resource`.

    `resource` is the intended one: it tells which extension a changed value stands in.
    """
    found: set[str] = set()
    for item in delta:
        for path, value in _holders(item.path, resource):
            found |= _flags_at(path, value)
        if item.effect != "removed":
            for path, value in _walk(item.element, item.after):
                found |= _flags_at(path, value)
        elif item.element.endswith(("modifierExtension", ".extension")):
            found |= _flags_at(item.element, item.before)
    return frozenset(found)


def displays(delta: Sequence[Difference]) -> tuple[str, ...]:
    """Return where the agent supplied display texts, which nobody has checked."""
    return tuple(
        path
        for item in delta
        if item.effect != "removed"
        for path, value in _walk(item.path, item.after)
        if path.endswith(".display") and isinstance(value, str)
    )


def _flags_at(path: str, value: Json) -> set[str]:
    parts = path.split(".")
    name = parts[-1].lstrip("_")
    if name == "contained":
        return {"contained"}
    if name == "modifierExtension":
        return {"modifier-extension"}
    if name == "extension":
        return {f"extension:{url}" for url in _urls(value)}
    if name == "text" and len(parts) == 2:
        return {"narrative"}
    if name == "profile" and parts[1] == "meta":
        items = value if isinstance(value, list) else [value]
        return {f"meta-profile:{item}" for item in items}
    if name == "reference" and isinstance(value, str):
        return set() if _RELATIVE.fullmatch(value) else {"absolute-reference"}
    if name == "url" and isinstance(value, str) and _is_attachment(parts[:-1]):
        return set() if _BINARY.fullmatch(value) else {"attachment-url"}
    return set()


def _holders(path: str, resource: JsonObject) -> Iterator[tuple[str, Json]]:
    """Yield (element path, value) of everything around the place that `path` names."""
    parts = path.split(".")
    here: Json = resource
    for depth, part in enumerate(parts[1:-1], 2):
        name, _, index = part.partition("[")
        here = here.get(name) if isinstance(here, dict) else None
        if index and isinstance(here, list):
            place = int(index[:-1])
            here = here[place] if place < len(here) else None
        yield element_path(".".join(parts[:depth])), here


def _is_attachment(parts: list[str]) -> bool:
    return "Attachment" in element_types(".".join(parts))


def _urls(value: Json) -> list[str]:
    # An extension that cannot be read gets a URL that no rule names.
    items = value if isinstance(value, list) else [value]
    return [str(item.get("url", "")) if isinstance(item, dict) else "" for item in items]


def _walk(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Yield (path, value) of `value` and everything below it; list members keep their list's path.

    Indexes stay only where `path` already has them, so the result names elements.
    """
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(f"{path}.{key}", item)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                for key, inner in item.items() if isinstance(item, dict) else ():
                    yield from _walk(f"{path}.{key}", inner)
