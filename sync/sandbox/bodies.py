"""Resources as they come in: parsed exactly, and checked before they are stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from core.canonical import RESPONSE, JsonObject, parse_object
from core.errors import BadInput
from core.fhir import Problem, is_resource_type
from sync.sandbox.outcome import Issue, OutcomeError, refusal

Validate = Callable[[JsonObject], Sequence[Problem]]

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


def is_type(name: str) -> bool:
    """Return whether resources of this type can be stored."""
    return is_resource_type(name) and name != "Parameters"


def is_id(text: object) -> bool:
    """Return whether `text` has the form of a resource id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def resource_from(body: bytes, kind: str, validate: Validate) -> JsonObject:
    """Return the resource of type `kind` in `body`; raises 400 or, when it is invalid, 422."""
    try:
        resource = parse_object(body, RESPONSE)
    except BadInput as error:
        raise refusal(400, "structure", error.problem) from None
    check_resource(resource, kind, validate)
    return resource


def check_resource(resource: JsonObject, kind: str, validate: Validate) -> None:
    """Raise 400 for another type, 422 for a resource that is invalid."""
    if resource.get("resourceType") != kind:
        raise refusal(
            400, "invalid", f"the URL says {kind}, resourceType does not", expression="resourceType"
        )
    problems = validate(resource)
    if problems:
        raise OutcomeError(
            422, [Issue(found.code, found.message, found.path) for found in problems]
        )
    if not isinstance(resource.get("meta", {}), dict):
        raise refusal(422, "structure", "meta is not an object", expression=f"{kind}.meta")
