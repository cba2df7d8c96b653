"""Validation of FHIR R4 (4.0.1) resources in exact JSON, without a server.

`structure_problems` and `problems` judge a resource; `element` answers questions about HL7's
definitions, which are read when the first question comes, as the models of fhir.resources are.
"""

from core.canonical import JsonObject
from core.fhir.problem import Problem
from core.fhir.tables import Element, element, reference_targets, resource_types

__all__ = [
    "Element",
    "Problem",
    "element",
    "element_types",
    "is_resource_type",
    "problems",
    "reference_targets",
    "structure_problems",
]


def structure_problems(resource: JsonObject) -> list[Problem]:
    """Return what makes a resource structurally invalid R4; empty exactly when it is valid."""
    from core.fhir import validation

    return validation.structure_problems(resource)


def problems(resource: JsonObject) -> list[Problem]:
    """Return structure problems, wrong codes on required bindings, and broken invariants."""
    from core.fhir import validation

    return validation.problems(resource)


def is_resource_type(name: str) -> bool:
    """Return whether R4 has a resource type of this name that can be instantiated."""
    return name in resource_types()


def element_types(path: str) -> tuple[str, ...]:
    """Return the type names of the element at `path`; none when R4 has no such element."""
    found = element(path)
    return found.types if found else ()
