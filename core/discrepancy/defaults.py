"""Rules for what FHIR says by leaving an element out, and for elements with nothing in them.

Only defaults that the specification states and that modify nothing are taken as said: a modifier
element that the EHR added is `changed`, whatever it holds (design §10).
Source: FHIR R4 `meaningWhenMissing` of the elements named, or of the Request pattern that
they follow; https://hl7.org/fhir/R4/json.html: no property is null, empty or an empty array.
"""

from __future__ import annotations

from typing import Final

from core.canonical import Json, Number
from core.discrepancy.case import Case, Finding
from core.discrepancy.place import element_paths

_ROUTINE: Final = element_paths("""
    Communication.priority CommunicationRequest.priority DeviceRequest.priority
    MedicationRequest.priority RequestGroup.priority ServiceRequest.priority SupplyRequest.priority
    Task.priority
""")
_ACTIVE: Final = element_paths("""
    Group.active Linkage.active OrganizationAffiliation.active Practitioner.active
    PractitionerRole.active
""")
_NOT_SO: Final = element_paths("""
    EvidenceVariable.characteristic.exclude Group.member.inactive Questionnaire.item.repeats
    Questionnaire.item.required ResearchElementDefinition.characteristic.exclude
""")
_STATED: Final[dict[str, Json]] = {
    **dict.fromkeys(_ROUTINE, "routine"),
    **dict.fromkeys(_ACTIVE, True),
    **dict.fromkeys(_NOT_SO, False),
}


def stated_default(case: Case) -> Finding | None:
    """Know a default that FHIR itself gives to the element that was left out."""
    if not case.is_added or case.defined_as not in _STATED or case.is_modifying:
        return None
    if case.persisted == _STATED[case.defined_as]:
        return Finding("enriched", "The EHR wrote out what leaving this out already means.")
    return None


def unit_factor(case: Case) -> Finding | None:
    """Know the factor 1 of sampled data, which is meant where none is stated."""
    if not case.is_added or case.defined_as != "SampledData.factor":
        return None
    if isinstance(case.persisted, Number) and case.persisted.plain() == 1:
        return Finding("enriched", "The EHR wrote out what leaving this out already means.")
    return None


def nothing_said(case: Case) -> Finding | None:
    """Know a dropped element that held nothing at all; an EHR that adds one is misshapen."""
    blank = case.intended is None or case.intended in ("", [], {})
    if case.is_dropped and blank and isinstance(case.holders[0], dict):
        return Finding("equivalent", "The EHR left out an element with nothing in it.")
    return None
