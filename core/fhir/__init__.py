"""Validation of FHIR R4 (4.0.1) resources in exact JSON, without a server.

`structure_problems` and `problems` judge a resource; `element` answers questions about HL7's
definitions, which are read when the first question comes.
"""

from core.fhir.problem import Problem
from core.fhir.tables import Element, element, reference_targets, resource_types
from core.fhir.validation import problems, structure_problems

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


def is_resource_type(name: str) -> bool:
    """Return whether R4 has a resource type of this name that can be instantiated."""
    return name in resource_types()


def element_types(path: str) -> tuple[str, ...]:
    """Return the type names of the element at `path`; none when R4 has no such element."""
    found = element(path)
    return found.types if found else ()
