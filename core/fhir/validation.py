"""Judge whole resources: their structure, their codes and HL7's invariants."""

from __future__ import annotations

from core.canonical import JsonObject
from core.fhir.bindings import binding_problems
from core.fhir.invariants import invariant_problems
from core.fhir.models import model_problems
from core.fhir.problem import Problem
from core.fhir.structure import Walk


def structure_problems(resource: JsonObject) -> list[Problem]:
    """Return what makes a resource structurally invalid R4; empty exactly when it is valid.

    Takes exact JSON of any R4 type. Checks names, cardinality, JSON kinds, primitive formats,
    choices, `_element` companions and inner resources against HL7's definitions, and asks the
    fhir.resources models what else they object to.
    """
    return _structure(resource, Walk(resource))


def problems(resource: JsonObject) -> list[Problem]:
    """Return structure problems, wrong codes on required bindings, and broken invariants.

    The invariants (severity error) are those of Patient, Condition, Observation,
    DocumentReference and MedicationRequest, and of data types and contained resources in every
    type. They are judged only where the structure is sound.
    """
    walk = Walk(resource)
    found = _structure(resource, walk)
    broken = [] if found else invariant_problems(walk.subjects)
    return found + binding_problems(walk.bound) + broken


def _structure(resource: JsonObject, walk: Walk) -> list[Problem]:
    return walk.problems or model_problems(resource)
