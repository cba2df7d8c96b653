"""Walk a resource's references: what points where.

Source: FHIR R4 references (relative, absolute, contained `#id`, logical by identifier).
"""

from __future__ import annotations

from collections.abc import Iterator

from core.canonical import Json, JsonObject


def nodes(node: Json, key: str = "") -> Iterator[tuple[str, JsonObject]]:
    """Yield every object inside `node`, itself included, with the key that it stands under."""
    if isinstance(node, list):
        for item in node:
            yield from nodes(item, key)
    elif isinstance(node, dict):
        yield key, node
        for name, value in node.items():
            yield from nodes(value, name)


def objects(value: Json) -> list[JsonObject]:
    """Return `value` as a list of objects: one object, a list of them, or nothing."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def string(value: Json) -> str:
    """Return `value` when it is a string, else the empty string."""
    return value if isinstance(value, str) else ""


def contained(resource: JsonObject) -> dict[str, str]:
    """Return the type of each contained resource by its local reference (`#p` → `Patient`)."""
    return {
        f"#{string(item.get('id'))}": string(item.get("resourceType"))
        for item in objects(resource.get("contained"))
    }
