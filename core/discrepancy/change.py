"""Rules for differences that alter what the chart says, or may do so."""

from __future__ import annotations

from core.canonical import Json, Number
from core.discrepancy.case import (
    Case,
    Finding,
    holds_extensions_only,
    stands_for_a_value,
)
from core.discrepancy.classes import MISSING, Side
from core.discrepancy.loss import is_cut
from core.discrepancy.place import Place, definition, element_paths
from core.discrepancy.scalars import is_finer_date, is_same_number
from core.discrepancy.spelling import text_form

# Labels by which a server says that it answered with a part of the resource only.
_PARTIAL = ("SUBSETTED", "REDACTED")
# Texts that instruct, conclude or remark, outside the data types that are such texts throughout.
_CARE_TEXTS = element_paths("""
    Appointment.comment Appointment.patientInstruction Communication.payload.content[x]
    DiagnosticReport.conclusion Observation.value[x] Observation.component.value[x]
    ServiceRequest.patientInstruction
    CarePlan.description ClinicalImpression.description ClinicalImpression.summary
    ClinicalImpression.finding.basis Condition.evidence.code Composition.section.text
    DetectedIssue.detail DeviceRequest.parameter.value[x] DiagnosticReport.conclusionCode
    FamilyMemberHistory.condition.outcome Goal.description Goal.target.detail[x]
    MedicationRequest.dispenseRequest MedicationKnowledge.administrationGuidelines
    NutritionOrder.oralDiet.instruction NutritionOrder.enteralFormula.administrationInstruction
    NutritionOrder.supplement.instruction QuestionnaireResponse.item.answer.value[x]
    QuestionnaireResponse.item.item.answer.value[x] RiskAssessment.mitigation
    RiskAssessment.prediction.rationale Task.description CarePlan.activity.detail.description
    CommunicationRequest.payload.content[x] Specimen.processing.description
    MedicinalProductContraindication.disease AdverseEvent.event Flag.code Appointment.description
    Immunization.reaction Procedure.outcome Procedure.complication
""")
_AUTHORS = frozenset(
    """author performer recorder asserter requester informationSource source sender enterer
    attester participant agent who practitioner provider verifier signer onBehalfOf""".split()
)


def unknown_element(case: Case) -> Finding | None:
    """Know that nothing is known: R4 has no such element."""
    if not case.defined_as:
        return Finding("changed", "No rule knows this element.")
    return None


def misshapen(case: Case) -> Finding | None:
    """Know a value that has not the form of its element, of which no other rule may judge."""
    sides = zip((case.intended, case.persisted), case.holders, strict=True)
    if all(side is MISSING or _fits(side, holder, case.place) for side, holder in sides):
        return None
    return Finding("changed", "A value has not the form that this element must have.")


def modifier_extension(case: Case) -> Finding | None:
    """Know any difference in or of a modifier extension."""
    if "modifierExtension" not in case.steps:
        return None
    numbered = case.is_added and case.defined_as == "Element.id"
    if not numbered and text_form(case) is None:
        return Finding("changed", "A modifier extension was added, altered or dropped.")
    return None


def extension_part(case: Case) -> Finding | None:
    """Know a part of a complex extension that was added or dropped, which alters its value.

    Parts have relative urls; one with an absolute url is an extension of its own.
    Source: FHIR R4 Extension.url (https://hl7.org/fhir/R4/extensibility.html).
    """
    if case.is_altered or case.steps[-2:] != ("extension", "extension"):
        return None
    part = case.persisted if case.is_added else case.intended
    url = part.get("url") if isinstance(part, dict) else None
    if isinstance(url, str) and ":" in url:
        return None
    return Finding("changed", "A part of an extension's value was added or dropped.")


def repeated_item(case: Case) -> Finding | None:
    """Know a list item that stands in the EHR more often than intended."""
    if case.is_added and case.is_repeated:
        return Finding("changed", "The EHR holds this item more often than intended.")
    return None


def partial_answer(case: Case) -> Finding | None:
    """Know the label of an answer that shows only a part of the resource."""
    if not case.is_added or case.defined_as not in ("Meta.tag", "Meta.security"):
        return None
    if isinstance(case.persisted, dict) and case.persisted.get("code") in _PARTIAL:
        return Finding("changed", "The EHR answered with a part of the resource only.")
    return None


def cut_care_text(case: Case) -> Finding | None:
    """Know a dosage, allergy, note or result text whose end is gone."""
    if is_cut(case) and _is_care_text(case):
        return Finding("changed", "The EHR cut the end of a clinical text.")
    return None


def schedule(case: Case) -> Finding | None:
    """Know any difference in a schedule: how often, when, for how long. None of it is harmless."""
    if "extension" in case.steps or case.defined_as.endswith(".display"):
        return None
    if case.numbers is not None and is_same_number(*case.numbers):
        return None
    if _is_aside(case):
        return None
    held = (definition(".".join(case.steps[:length])) for length in range(2, len(case.steps)))
    if not any(one is not None and one.types == ("Timing",) for one in held):
        return None
    if case.is_altered and case.steps[0].startswith(("Medication", "Immunization")):
        return Finding("critical", "The dosing schedule differs.")
    return Finding("changed", "The schedule differs.")


def modifying(case: Case) -> Finding | None:
    """Know a status or other modifier element that the EHR added, altered or dropped."""
    if _is_aside(case):
        return None
    if case.is_modifying and not case.defined_as.endswith(("extension", ".display")):
        return Finding("changed", "An element that modifies the meaning differs.")
    return None


def _is_aside(case: Case) -> bool:
    """Tell whether only extensions were added beside a value, or dropped there."""
    side = case.intended if case.is_dropped else case.persisted
    known = holds_extensions_only(case, side) and not case.is_altered
    return known and not stands_for_a_value(case)


def other_date(case: Case) -> Finding | None:
    """Know a date or time that was made up in part, or is another one."""
    if case.texts is None or case.place.type not in ("date", "dateTime", "instant", "time"):
        return None
    if is_finer_date(*case.texts):
        return Finding("changed", "The EHR states the date or time more precisely than intended.")
    return Finding("changed", "The date or time is another one.")


def other_author(case: Case) -> Finding | None:
    """Know an author, performer or source that is another one."""
    by = any(step in _AUTHORS for step in case.steps[1:])
    if by and (case.defined_as == "Reference.reference" or not case.is_altered):
        return Finding("changed", "Who wrote, did or reported it is another one.")
    return None


def other_code(case: Case) -> Finding | None:
    """Know a code or system that was replaced by another one; no mapping is guessed."""
    if case.is_altered and case.defined_as in ("Coding.code", "Coding.system"):
        return Finding("changed", "The code is another one.")
    return None


def unruled(case: Case) -> Finding:
    """Say of a case that no rule knows what happened to it."""
    if case.is_added:
        return Finding("changed", "The EHR added something that was not intended.")
    if case.is_dropped:
        return Finding("changed", "The EHR did not keep this.")
    return Finding("changed", "The EHR holds another value.")


def _fits(value: Side, holder: Json, place: Place) -> bool:
    """Tell whether a value may stand here; whole lists are compared item by item before."""
    found = place.defined
    if found is None or (found.is_list and not isinstance(holder, list)):
        return False
    if place.type == "Extension":
        return isinstance(value, dict) and isinstance(value.get("url"), str)
    # FHIR writes the names of complex types with a capital, those of primitives without.
    if place.type is not None and place.type[0].isupper():
        return isinstance(value, dict) and bool(value)
    return isinstance(value, str | Number | bool)


def _is_care_text(case: Case) -> bool:
    steps = case.steps
    if steps[0] == "AllergyIntolerance" or "note" in steps:
        return True
    if steps[0].startswith("Medication") and steps[1].startswith("dosage"):
        return True
    held = (definition(".".join(steps[:length])) for length in range(2, len(steps) + 1))
    return any(
        one is not None and (one.path in _CARE_TEXTS or _is_instruction(one.types)) for one in held
    )


def _is_instruction(types: tuple[str, ...]) -> bool:
    return types in (("Dosage",), ("Annotation",))
