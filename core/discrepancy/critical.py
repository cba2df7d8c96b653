"""Rules for differences that may harm at once: another patient, encounter, polarity or dose.

A code replaced by another one in the same system is `changed`, not critical: without a terminology
nothing tells a refinement from an error. Only what can be known from the resource alone is
critical: negation (status and doNotPerform) and left for right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.canonical import Json
from core.discrepancy import harmless
from core.discrepancy.case import Case, Finding
from core.discrepancy.references import Target, targets
from core.discrepancy.spelling import text_form

_PATIENT_LINKS = frozenset({"subject", "patient", "beneficiary", "for"})
_NEGATIVE = frozenset({"entered-in-error", "refuted", "not-done"})
# SNOMED CT's qualifiers for left and right, and its structures of the eye and the upper arm, where
# pressures are taken. Other sided codes are told by their displays; without one they are `changed`.
_LEFT_RIGHT = {
    one: other
    for pair in (
        ("7771000", "24028007"),
        ("8966001", "18944008"),
        ("368208006", "368209003"),
        ("G-A101", "G-A100"),
    )
    for one, other in (pair, pair[::-1])
}
_OPPOSITE = {
    one: other
    for pair in (("left", "right"), ("l", "r"), ("lt", "rt"), ("od", "os"), ("ad", "as"))
    for one, other in (pair, pair[::-1])
}
_WORD = re.compile(r"[^\W\d_]+")
_AMOUNTS = re.compile(r"doseAndRate|maxDose\w+|dose|doseQuantity|rate[A-Z]\w+")


def other_resource_type(case: Case) -> Finding | None:
    """Know another kind of resource, at the root or among the contained ones."""
    if case.name == "resourceType" and case.is_altered:
        return Finding("critical", "The EHR holds another kind of resource.")
    return None


def other_patient_id(case: Case) -> Finding | None:
    """Know a Patient resource that is not the one intended."""
    whose = case.place.names == "Patient.id" and ".contained[" not in case.place.path
    if whose and case.is_altered:
        return Finding("critical", "This is another patient's record.")
    return None


def other_patient(case: Case) -> Finding | None:
    """Know a reference that names another patient, by a literal or by an identifier."""
    if "identifier" in case.steps[2:]:
        held = case.steps[case.steps.index("identifier", 2) - 1]
        known = case.is_altered and held in _PATIENT_LINKS and text_form(case) is None
        known = known and harmless.system_name(case) is None
        if known and case.defined_as in ("Identifier.value", "Identifier.system"):
            return Finding("critical", "The identifier names another patient.")
    pointed = case.targets()
    if pointed is None:
        return None
    ours, theirs = pointed
    about_patient = "Patient" in (ours.type, theirs.type) or case.steps[-2] in _PATIENT_LINKS
    if about_patient and _is_another(ours, theirs, case):
        return Finding("critical", "The reference names another patient.")
    return None


def added_patient(case: Case) -> Finding | None:
    """Know an added reference to a patient whom the intended resource does not name."""
    if not case.is_added or "Patient.link" in case.place.names:
        return None
    value = {"reference": case.persisted} if case.name == "reference" else case.persisted
    named = (found for found in _pointed(value, case) if found[1] == "Patient")
    if case.scope.patients and any(one not in case.scope.patients for one in named):
        return Finding("critical", "The EHR added a reference to another patient.")
    return None


def merged_patient(case: Case) -> Finding | None:
    """Know a patient's record that another one came to replace."""
    replaced = case.is_altered and case.defined_as == "Patient.link.type"
    kind = case.persisted
    if case.is_added and case.defined_as == "Patient.link" and isinstance(case.persisted, dict):
        replaced, kind = True, case.persisted.get("type")
    if replaced and kind == "replaced-by":
        return Finding("critical", "The patient's record was merged into another one.")
    return None


def other_encounter(case: Case) -> Finding | None:
    """Know a reference that names another encounter."""
    pointed = case.targets()
    if pointed is None:
        return None
    ours, theirs = pointed
    about_encounter = "Encounter" in (ours.type, theirs.type) or case.steps[-2] == "encounter"
    if about_encounter and _is_another(ours, theirs, case):
        return Finding("critical", "The reference names another encounter.")
    return None


def negation(case: Case) -> Finding | None:
    """Know a fact turned into its denial or back: status, verificationStatus, doNotPerform."""
    turned = False
    if case.name == "doNotPerform":
        turned = (case.intended is True) != (case.persisted is True)
    elif case.steps[1] in ("status", "verificationStatus"):
        ours, theirs = (_is_negative(side, case.name) for side in (case.intended, case.persisted))
        turned = ours != theirs
    if turned:
        return Finding("critical", "What is stated became its denial, or the reverse.")
    return None


def other_side(case: Case) -> Finding | None:
    """Know left turned into right, as a SNOMED CT qualifier or as the only word that differs."""
    if case.texts is None or case.defined_as == "Reference.reference":
        return None
    ours, theirs = case.texts
    if case.place.type == "code":
        swapped = _LEFT_RIGHT.get(ours) == theirs or _OPPOSITE.get(ours.lower()) == theirs.lower()
    else:
        known = case.place.type in ("string", "markdown", "xhtml")
        swapped = known and _is_mirrored(ours, theirs)
    return Finding("critical", "Left became right, or the reverse.") if swapped else None


def other_value(case: Case) -> Finding | None:
    """Know an observed value, its code or its unit that differs."""
    if _is_observed(case.steps) and _is_amount(case):
        return Finding("critical", "The observed value differs.")
    return None


def other_comparator(case: Case) -> Finding | None:
    """Know a "less than" or "more than" that was put before an amount, altered or dropped."""
    held = _is_observed(case.steps) or _is_dose(case.steps)
    if held and case.defined_as == "Quantity.comparator":
        return Finding("critical", "The amount became a limit, or the reverse.")
    return None


def other_dose(case: Case) -> Finding | None:
    """Know a dose, rate or dose limit that differs, in its value or unit."""
    if _is_dose(case.steps) and _is_amount(case):
        return Finding("critical", "The dose or rate differs.")
    return None


def _pointed(value: object, case: Case) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, dict | list):
        for found in targets(value, case.scope.base_url):
            yield found.resource


def _is_another(ours: Target, theirs: Target, case: Case) -> bool:
    if case.scope.base_url is None and (ours.type, ours.id) == (theirs.type, theirs.id):
        return False  # whose absolute reference this is cannot be told: changed, not critical
    return ours.resource != theirs.resource


def _is_observed(steps: tuple[str, ...]) -> bool:
    if steps[0] != "Observation":
        return False
    held = steps[2:] if steps[1] == "component" else steps[1:]
    return bool(held) and re.fullmatch(r"value[A-Z]\w*", held[0]) is not None


def _is_dose(steps: tuple[str, ...]) -> bool:
    known = steps[0].startswith(("Medication", "Immunization"))
    return known and any(_AMOUNTS.fullmatch(step) for step in steps[1:])


def _is_negative(value: object, name: str) -> bool:
    if isinstance(value, str):
        return name not in ("display", "text") and value in _NEGATIVE
    if isinstance(value, dict):
        return any(_is_negative(item, member) for member, item in value.items())
    return isinstance(value, list) and any(_is_negative(item, name) for item in value)


def _is_mirrored(ours: str, theirs: str) -> bool:
    one, other = _WORD.findall(ours.lower()), _WORD.findall(theirs.lower())
    differing = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    return (
        len(one) == len(other)
        and bool(differing)
        and all(_OPPOSITE.get(ours) == theirs for ours, theirs in differing)
    )


def _is_amount(case: Case) -> bool:
    """Tell whether a leaf carries the amount itself: no display, extension or spare unit."""
    if "extension" in case.steps or case.defined_as.endswith(".display"):
        return False
    if not case.is_altered or isinstance(case.intended, dict | list):
        return False
    # With the same coded unit on both sides, the unit's wording is no other unit.
    return case.name != "unit" or not _have_one_unit(*case.holders)


def _have_one_unit(ours: Json, theirs: Json) -> bool:
    if not isinstance(ours, dict) or not isinstance(theirs, dict) or "code" not in ours:
        return False
    return all(ours.get(name) == theirs.get(name) for name in ("system", "code"))
