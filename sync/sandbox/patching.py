"""JSON Patch on a stored resource, numbers kept as they are written.

Source: FHIR R4 http.html §3.1.0.8, RFC 6902. A failing `test` is 422, as most servers answer.
"""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
from jsonpointer import JsonPointerException

from core.canonical import RESPONSE, JsonObject, parse, parse_object
from core.errors import BadInput
from sync.sandbox.outcome import refusal

MEDIA = "application/json-patch+json"
MAX_OPERATIONS = 200
_KEPT = ("resourceType", "id")


def operations_from(body: bytes) -> list[JsonObject]:
    """Return the operations in a body; raises 400 for what is no JSON Patch."""
    try:
        found = parse(body, RESPONSE)
    except BadInput as error:
        raise refusal(400, "structure", error.problem) from None
    if (
        not isinstance(found, list)
        or len(found) > MAX_OPERATIONS
        or not all(isinstance(item, dict) for item in found)
    ):
        raise refusal(400, "structure", "a JSON Patch is a list of operations, at most 200")
    return found


def patched(stored: bytes, operations: list[JsonObject]) -> JsonObject:
    """Return the resource with the operations applied; raises 422 where one does not hold.

    resourceType and id stay, and what the server sets in meta is set anew.
    """
    before = parse_object(stored, RESPONSE)
    try:
        patch = jsonpatch.JsonPatch(copy.deepcopy(operations))
        after: Any = patch.apply(copy.deepcopy(before))
    except (jsonpatch.InvalidJsonPatch, AttributeError):
        raise refusal(400, "structure", "an operation is malformed") from None
    except jsonpatch.JsonPatchTestFailed:
        raise refusal(422, "conflict", "a test operation does not hold") from None
    except (jsonpatch.JsonPatchException, JsonPointerException, TypeError, ValueError, KeyError):
        raise refusal(422, "processing", "an operation does not apply to the resource") from None
    if not isinstance(after, dict) or any(after.get(key) != before.get(key) for key in _KEPT):
        raise refusal(422, "business-rule", "a patch may not change resourceType or id")
    return after
