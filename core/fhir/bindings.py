"""Codes on elements whose binding is required.

Source: FHIR R4 §4.1.5 (binding strengths); the codes are HL7's, expanded in the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.fhir.problem import Problem, shown
from core.fhir.structure import Bound
from core.fhir.tables import codes


def binding_problems(bound: Iterable[Bound]) -> list[Problem]:
    """Return one problem for each coded value that its required value set does not hold."""
    found: list[Problem] = []
    for one in bound:
        if one.type == "code":
            found.extend(_code(one))
        elif one.type == "CodeableConcept":
            found.extend(_concept(one))
    return found


def _code(one: Bound) -> list[Problem]:
    known = codes(one.value_set)
    if not isinstance(one.value, str) or any(one.value in found for found in known.values()):
        return []
    return [_wrong(one, one.value)]


def _concept(one: Bound) -> list[Problem]:
    """Check that at least one coding of a CodeableConcept comes from the value set."""
    listed = one.value.get("coding", []) if isinstance(one.value, dict) else None
    if not isinstance(listed, list):
        # The structure is wrong, which is a problem of its own.
        return []
    codings = [item for item in listed if isinstance(item, dict)]
    known = codes(one.value_set)
    if any(_text(item, "code") in known.get(_text(item, "system"), ()) for item in codings):
        return []
    first = next((_text(item, "code") for item in codings if _text(item, "code")), None)
    return [_wrong(one, first)]


def _text(item: dict[str, Any], name: str) -> str:
    found = item.get(name)
    return found if isinstance(found, str) else ""


def _wrong(one: Bound, code: str | None) -> Problem:
    if code is None:
        message = f"needs a code of the value set {one.value_set}"
    else:
        message = f"{shown(code)} is not a code of the value set {one.value_set}"
    return Problem(one.path, "code-invalid", message)
