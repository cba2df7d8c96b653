"""A register: one Library per kind, changed by PUT If-Match, which carries one signed document.

Source: hub-protocol §3. It is read by its id, never searched for.
"""

from __future__ import annotations

import base64
import binascii

from core.canonical import JsonObject
from core.hub.task import JOSE

REGISTER_SYSTEM = "urn:countersign:register"
LIBRARY_TYPE = {
    "system": "http://terminology.hl7.org/CodeSystem/library-type",
    "code": "asset-collection",
}


def register(name: str, version: str, statement: str) -> JsonObject:
    """Return the Library; `name` is `<team>/head` or `<team>/gateway.<ehr>`."""
    return {
        "resourceType": "Library",
        "identifier": [{"system": REGISTER_SYSTEM, "value": name}],
        "status": "active",
        "version": version,
        "type": {"coding": [dict(LIBRARY_TYPE)]},
        "content": [
            {
                "contentType": JOSE,
                "data": base64.b64encode(statement.encode("ascii")).decode("ascii"),
            }
        ],
    }


def replaced(library: JsonObject, version: str, statement: str) -> JsonObject:
    """Return the stored Library with another document; what we do not know stays."""
    fresh = register("", version, statement)
    return {**library, "version": version, "content": fresh["content"]}


def statement_in(library: JsonObject) -> str | None:
    """Return the one statement that a register carries; None where that cannot be read."""
    content = library.get("content")
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], dict):
        return None
    data = content[0].get("data")
    try:
        return base64.b64decode(str(data), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
