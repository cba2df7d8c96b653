"""HL7's invariants (severity error), each a small function that judges one value.

The keys, sentences and FHIRPath expressions are HL7's and stand in the table; which elements they
hold for stands there too. A function returns True when the invariant holds. As in FHIRPath's
`exists()`, a primitive that has only extensions exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from core.canonical import JsonObject
from core.fhir.invariants_types import (
    DATA_TYPE_CHECKS,
    Check,
    has,
    has_choice,
    local_target_exists,
)
from core.fhir.problem import Problem
from core.fhir.structure import Scope, Subject
from core.fhir.tables import invariant_text

PlacedCheck: TypeAlias = Callable[[Any, Scope], bool]

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def invariant_problems(subjects: Iterable[Subject]) -> list[Problem]:
    """Return one problem for each invariant that a value breaks; the structure must be sound."""
    return [
        Problem(one.path, "invariant", f"{key}: {invariant_text(key)}")
        for one in subjects
        for key in one.keys
        if not _holds(key, one)
    ]


def _holds(key: str, subject: Subject) -> bool:
    if key in PLACED_CHECKS:
        return PLACED_CHECKS[key](subject.value, subject.scope)
    return VALUE_CHECKS[key](subject.value)


def _contained(value: JsonObject) -> list[JsonObject]:
    found: list[JsonObject] = value.get("contained", [])
    return found


def _no_nested_contained(value: JsonObject) -> bool:
    return not any("contained" in inner for inner in _contained(value))


def _contained_is_referred_to(value: JsonObject, scope: Scope) -> bool:
    return all(
        ("id" in inner and f"#{inner['id']}" in scope.pointers) or "#" in inside.pointers
        for inner, inside in zip(_contained(value), scope.contained, strict=True)
    )


def _contained_has_no_version(value: JsonObject) -> bool:
    metas = [inner.get("meta", {}) for inner in _contained(value)]
    return not any(has(meta, "versionId") or has(meta, "lastUpdated") for meta in metas)


def _contained_has_no_label(value: JsonObject) -> bool:
    return not any("security" in inner.get("meta", {}) for inner in _contained(value))


def _has_code(concept: JsonObject | None, system: str, codes: set[str]) -> bool:
    return any(
        coding.get("system") == system and coding.get("code") in codes
        for coding in (concept or {}).get("coding", [])
    )


def _stage_has_content(value: JsonObject) -> bool:
    return has(value, "summary") or has(value, "assessment")


def _evidence_has_content(value: JsonObject) -> bool:
    return has(value, "code") or has(value, "detail")


def _abated_is_not_active(value: JsonObject) -> bool:
    ended = {"resolved", "remission", "inactive"}
    return not has_choice(value, "abatement") or _has_code(
        value.get("clinicalStatus"), _CLINICAL, ended
    )


def _error_has_no_clinical_status(value: JsonObject) -> bool:
    mistaken = _has_code(value.get("verificationStatus"), _VERIFICATION, {"entered-in-error"})
    return not mistaken or not has(value, "clinicalStatus")


def _range_has_content(value: JsonObject) -> bool:
    return has(value, "low") or has(value, "high") or has(value, "text")


def _absent_reason_or_value(value: JsonObject) -> bool:
    return not (has(value, "dataAbsentReason") and has_choice(value, "value"))


def _component_repeats_no_valued_code(value: JsonObject) -> bool:
    if not has_choice(value, "value"):
        return True
    # FHIRPath's intersect compares codings whole, so a differing display makes them differ.
    codings = value["code"].get("coding", [])
    return not any(
        coding in codings
        for component in value.get("component", [])
        for coding in component["code"].get("coding", [])
    )


def _contact_has_details(value: JsonObject) -> bool:
    return any(has(value, name) for name in ("name", "telecom", "address", "organization"))


VALUE_CHECKS: dict[str, Check] = {
    "con-1": _stage_has_content,
    "con-2": _evidence_has_content,
    "con-4": _abated_is_not_active,
    "con-5": _error_has_no_clinical_status,
    "dom-2": _no_nested_contained,
    "dom-4": _contained_has_no_version,
    "dom-5": _contained_has_no_label,
    "obs-3": _range_has_content,
    "obs-6": _absent_reason_or_value,
    "obs-7": _component_repeats_no_valued_code,
    "pat-1": _contact_has_details,
    **DATA_TYPE_CHECKS,
}
# These two also need the resource around the value.
PLACED_CHECKS: dict[str, PlacedCheck] = {
    "dom-3": _contained_is_referred_to,
    "ref-1": local_target_exists,
}
