"""Rules for what an EHR left out without turning the meaning of what it kept."""

from __future__ import annotations

from core.discrepancy.case import (
    Case,
    Finding,
    holds_extensions_only,
    is_beside_what_it_shows,
    stands_for_a_value,
)
from core.discrepancy.place import element_paths
from core.discrepancy.polarity import is_telling
from core.discrepancy.scalars import is_coarser_date, is_cut_number
from core.stamps import AI_LABEL, OPERATION_SYSTEM

# Strings of which a part is another value: a number that rings elsewhere, another name, house,
# unit, batch, product, link or sequence. Their cut is a change, unlike the cut of prose.
_NOT_PROSE = element_paths("""
    Address.city Address.country Address.district Address.line Address.postalCode Address.state
    Address.text ContactPoint.value HumanName.family HumanName.given HumanName.prefix
    HumanName.suffix HumanName.text Identifier.value Quantity.unit Reference.reference
    AuditEvent.agent.altId AuditEvent.agent.name AuditEvent.agent.network.address
    AuditEvent.source.site Coverage.class.value Coverage.dependent Coverage.network
    Coverage.subscriberId Device.deviceName.name Device.manufacturer Device.version.value
    FamilyMemberHistory.name Immunization.protocolApplied.series Location.name
    MedicationKnowledge.synonym MedicinalProduct.name.namePart.part
    MedicinalProduct.name.productName MolecularSequence.referenceSeq.genomeBuild
    NutritionOrder.enteralFormula.additiveProductName
    NutritionOrder.enteralFormula.baseFormulaProductName NutritionOrder.supplement.productName
    Organization.name Parameters.parameter.name ProdCharacteristic.imprint
    Questionnaire.item.enableWhen.question SampledData.data
    VisionPrescription.lensSpecification.brand
""")
# The same, wherever an element has this name.
_KEYS = frozenset(
    """carrierHRF cigar deviceIdentifier distinctIdentifier expression linkId lotNumber modelNumber
    observedAllele observedSeq partNumber path preAuthRef referenceAllele referenceSeqString
    sequence serialNumber sourceVersion targetVersion version xpath""".split()
)


def lost_label(case: Case) -> Finding | None:
    """Know the AI-asserted security label that is gone."""
    held = case.intended if case.defined_as == "Meta.security" else None
    if case.is_dropped and isinstance(held, dict) and AI_LABEL.items() <= held.items():
        return Finding("lossy", "The AI label did not survive.")
    return None


def lost_operation(case: Case) -> Finding | None:
    """Know our operation id that is gone, from `identifier` or from `meta.tag`."""
    known = case.steps[1:] == ("identifier",) or case.defined_as == "Meta.tag"
    held = case.intended if known else None
    if case.is_dropped and isinstance(held, dict) and held.get("system") == OPERATION_SYSTEM:
        return Finding("lossy", "The identifier of this write did not survive.")
    return None


def lost_extension(case: Case) -> Finding | None:
    """Know a dropped extension, also one that stood beside a primitive."""
    known = case.defined_as.endswith(".extension") or holds_extensions_only(case, case.intended)
    if case.is_dropped and known and not stands_for_a_value(case):
        return Finding("lossy", "The EHR dropped an extension.")
    return None


def lost_display(case: Case) -> Finding | None:
    """Know a dropped display; the code or reference itself is still there."""
    shown = case.defined_as.endswith(".display") and is_beside_what_it_shows(case)
    if case.is_dropped and shown:
        return Finding("lossy", "The EHR dropped a display.")
    return None


def lost_decimals(case: Case) -> Finding | None:
    """Know the same number stated with fewer decimals (1.10 → 1.1)."""
    if case.numbers is not None and is_cut_number(*case.numbers):
        return Finding("lossy", "The same number is stated with fewer decimals.")
    return None


def coarser_date(case: Case) -> Finding | None:
    """Know a date or time of which the last parts are gone and the rest is unaltered."""
    dated = case.place.type in ("date", "dateTime", "instant")
    if dated and case.texts is not None and is_coarser_date(*case.texts):
        return Finding("lossy", "The EHR kept the date or time less precisely.")
    return None


def is_cut(case: Case) -> bool:
    """Tell whether the persisted text is the beginning of the intended one, and not all of it."""
    if case.texts is None or case.place.type not in ("string", "markdown"):
        return False
    ours, theirs = case.texts
    return bool(theirs) and len(theirs) < len(ours) and ours.startswith(theirs)


def cut_text(case: Case) -> Finding | None:
    """Know prose whose tail is gone; dosage, allergy and note texts are settled before."""
    if not is_cut(case) or case.texts is None or _is_key(case.defined_as):
        return None
    ours, theirs = case.texts
    # From the word that was cut through, or a word more: "type 1|2" and "asthma| ruled out".
    start = theirs.rfind(" ") + 1 if ours[len(theirs)].isalnum() else len(theirs)
    if not is_beside_what_it_shows(case) and is_telling(ours[start:]):
        return Finding("changed", "The EHR cut an end that holds a number, a denial or a limit.")
    return Finding("lossy", "The EHR cut the end of a text.")


def _is_key(path: str) -> bool:
    """Tell whether a part of what stands at HL7's path is another value."""
    return path in _NOT_PROSE or path.rpartition(".")[2] in _KEYS
