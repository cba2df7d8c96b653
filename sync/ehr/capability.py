"""What a CapabilityStatement says of writing one type. Source: FHIR R4 CapabilityStatement."""

from __future__ import annotations

from core.canonical import JsonObject
from core.ports import Capability

NOTHING = Capability(
    create=False, update=False, update_create=False, conditional_create=False, versioned=False
)


def capability_of(statement: JsonObject, type_: str) -> Capability:
    """Return what the statement claims for `type_`; nothing where it is silent."""
    for rest in statement.get("rest") or []:
        if not isinstance(rest, dict) or rest.get("mode") != "server":
            continue
        for resource in rest.get("resource") or []:
            if isinstance(resource, dict) and resource.get("type") == type_:
                return _of(resource)
    return NOTHING


def _of(resource: JsonObject) -> Capability:
    codes = {
        item.get("code") for item in resource.get("interaction") or [] if isinstance(item, dict)
    }
    return Capability(
        create="create" in codes,
        update="update" in codes,
        update_create="update" in codes and resource.get("updateCreate") is True,
        conditional_create="create" in codes and resource.get("conditionalCreate") is True,
        versioned="update" in codes
        and resource.get("versioning") in ("versioned", "versioned-update"),
    )
