"""What a CapabilityStatement says of writing one resource type.

Source: FHIR R4 capabilitystatement.html.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.canonical import JsonObject
from core.ports import Capability
from sync.fhir.errors import WrongAnswer

NOTHING = Capability(
    create=False, update=False, update_create=False, conditional_create=False, versioned=False
)
_VERSIONED = ("versioned", "versioned-update")


def capabilities(name: str, statement: JsonObject) -> Mapping[str, Capability]:
    """Return what the statement's server mode offers, by resource type; raises WrongAnswer.

    Only what is stated counts: a type or flag that is missing is not offered.
    """
    if statement.get("resourceType") != "CapabilityStatement":
        raise WrongAnswer(f"{name} answered with something else than its CapabilityStatement")
    found: dict[str, Capability] = {}
    for rest in _objects(statement.get("rest")):
        if rest.get("mode") != "server":
            continue
        whole = {item.get("code") for item in _objects(rest.get("interaction"))}
        for resource in _objects(rest.get("resource")):
            type_ = resource.get("type")
            if isinstance(type_, str):
                found[type_] = _capability(resource, transaction="transaction" in whole)
    return found


def _capability(resource: JsonObject, *, transaction: bool) -> Capability:
    codes = {item.get("code") for item in _objects(resource.get("interaction"))}
    return Capability(
        create="create" in codes,
        search="search-type" in codes,
        update="update" in codes,
        update_create=resource.get("updateCreate") is True,
        conditional_create=resource.get("conditionalCreate") is True,
        versioned=resource.get("versioning") in _VERSIONED,
        transaction=transaction,
    )


def _objects(value: object) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
