"""What the fhir.resources R4B models object to, as far as R4 itself does not decide it.

R4B differs from R4 in some types, and the models are narrower than R4 in some formats; HL7's R4
table decides names, cardinalities, JSON kinds, choices and primitive formats. What is left is
an objection to the shape of a data type or to a resource as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from core.canonical import JsonObject, plain
from core.fhir.problem import Problem
from core.fhir.tables import element

_DECIDED_BY_TABLE = frozenset({"extra_forbidden", "missing"})
_Location: TypeAlias = tuple[int | str, ...]

_CHOICE_MESSAGES = ("Expect any of field value", "Any of one field value")


def model_problems(resource: JsonObject) -> list[Problem]:
    """Return what the R4B model objects to; nothing when R4B lacks a type in the resource.

    The resource must already fit HL7's R4 table. Nothing is serialised by the model.
    """
    name = resource["resourceType"]
    model = _model(name)
    # The models raise KeyError on an inner resource of a type that R4B lacks.
    if model is None or any(_model(inner) is None for inner in _inner_types(resource)):
        return []
    try:
        model.model_validate(plain(resource))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return [
            Problem(_path(name, one["loc"]), "structure", f"does not fit the model ({one['type']})")
            for one in found
            if not _decided(one, resource)
        ]
    return []


@cache
def _model(name: str) -> type[BaseModel] | None:
    # The models take a tenth of a second to import, so they wait for the first validation.
    package = import_module("fhir.resources.R4B")
    try:
        found: type[BaseModel] = package.get_fhir_model_class(name)
    except ValueError:
        return None
    return found


def _inner_types(value: Any) -> Iterator[str]:
    """Yield the type of every resource inside `value`."""
    items = value.values() if isinstance(value, dict) else value
    for item in items:
        if isinstance(item, dict | list):
            if "resourceType" in item and isinstance(item, dict):
                yield item["resourceType"]
            yield from _inner_types(item)


def _path(name: str, location: _Location) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return name + "".join(parts)


def _decided(error: Any, resource: JsonObject) -> bool:
    """Return whether HL7's table, which the resource fits, speaks about what is objected to."""
    if error["type"] in _DECIDED_BY_TABLE:
        return True
    if any(text in error["msg"] for text in _CHOICE_MESSAGES):
        return True
    name, rest = _innermost(resource, error["loc"])
    found = element(_path(name, rest))
    return found is not None and all(kind[0].islower() for kind in found.types)


def _innermost(resource: JsonObject, location: _Location) -> tuple[str, _Location]:
    """Return the type of the innermost resource around a place, and the place inside it."""
    here: Any = resource
    name, rest = str(resource["resourceType"]), location
    for depth, part in enumerate(location):
        if isinstance(here, dict):
            here = here.get(str(part))
        else:
            here = here[part] if isinstance(here, list) and isinstance(part, int) else None
        if isinstance(here, dict) and "resourceType" in here:
            name, rest = str(here["resourceType"]), location[depth + 1 :]
    return name, rest
