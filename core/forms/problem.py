"""`problem@1`: an entry of the problem list, or a diagnosis of the encounter.

Source: US Core Condition (https://hl7.org/fhir/us/core/StructureDefinition-us-core-condition-problems-health-concerns.html).
What is not known is left out; how sure it is must always be said.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from core.canonical import JsonObject
from core.errors import BadInput
from core.forms.form import Form, Given, concept, present, reference
from core.forms.values import Code, DayOrLess, Prose, Values, Word

SYSTEMS = {
    "snomed": "http://snomed.info/sct",
    "icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
}
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_SEVERITY = {"mild": "255604002", "moderate": "6736007", "severe": "24484000"}
_OVER = ("inactive", "remission", "resolved")


class Problem(Values):
    """`text` says it in words, beside the code."""

    code_system: Literal["snomed", "icd-10-cm"]
    code: Code
    text: Word
    category: Literal["problem-list-item", "encounter-diagnosis"]
    clinical_status: Literal["active", "recurrence", "relapse", "inactive", "remission", "resolved"]
    verification_status: Literal[
        "unconfirmed", "provisional", "differential", "confirmed", "refuted"
    ]
    severity: Literal["mild", "moderate", "severe"] | None = None
    onset: DayOrLess | None = None
    abatement: DayOrLess | None = Field(default=None)
    note: Prose | None = None

    @field_validator("abatement")
    @classmethod
    def _only_when_over(cls, value: str | None, info: ValidationInfo) -> str | None:
        # Invariant con-4 of R4: what has abated is inactive, in remission or resolved.
        if value is not None and info.data.get("clinical_status") not in (None, *_OVER):
            raise ValueError("does not go with a clinical_status that says it goes on")
        onset = info.data.get("onset")
        if value is not None and onset and value < onset[: len(value)]:
            raise ValueError("lies before onset")
        return value


def _make(values: Problem, given: Given) -> JsonObject:
    if values.category == "encounter-diagnosis" and given.encounter is None:
        raise BadInput(
            "needs the encounter that it was made in",
            field="category",
            remedy="Name the proposal's encounter, or use problem-list-item",
        )
    severity = _SEVERITY.get(values.severity or "")
    return present(
        resourceType="Condition",
        clinicalStatus=concept(f"{_TERMINOLOGY}condition-clinical", values.clinical_status),
        verificationStatus=concept(
            f"{_TERMINOLOGY}condition-ver-status", values.verification_status
        ),
        category=[concept(f"{_TERMINOLOGY}condition-category", values.category)],
        severity=None if severity is None else concept(SYSTEMS["snomed"], severity),
        code=concept(SYSTEMS[values.code_system], values.code, text=values.text),
        subject=reference(given.patient),
        encounter=None if given.encounter is None else reference(given.encounter),
        onsetDateTime=values.onset,
        abatementDateTime=values.abatement,
        note=None if values.note is None else [{"text": values.note}],
    )


FORM = Form("problem@1", "create", "Condition", "A problem or diagnosis.", Problem, _make)
