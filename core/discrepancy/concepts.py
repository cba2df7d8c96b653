"""Rules for codes of a concept that were replaced, translated or marked.

Which codes mean the same is said by adopted ConceptMaps alone. A code of another system that
stands beside every intended one is what FHIR calls a translation of the concept; one that took an
intended code's place is judged by what the maps say.
Source: FHIR R4 CodeableConcept (https://hl7.org/fhir/R4/datatypes.html#CodeableConcept).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from core.canonical import Json, JsonObject
from core.concept_maps import Relation
from core.discrepancy.alignment import MAX_LIKENESS
from core.discrepancy.case import Case, Finding
from core.discrepancy.polarity import denies, opens_otherwise
from core.discrepancy.spelling import folded
from core.discrepancy.systems import one_name

_CODING: Final = "CodeableConcept.coding"
_WORDS: Final[Mapping[Relation, str]] = {
    "broader": "The EHR holds a broader code, an adopted map says.",
    "narrower": "The EHR holds a narrower code, an adopted map says.",
    "overlapping": "The EHR holds a code that an adopted map only calls related.",
    "unmatched": "The EHR holds a code that an adopted map calls no match.",
}
# Words for what a status may be, of a condition, an allergy, a goal or a course of action.
_STATES: Final = frozenset(
    """active recurrence recurrent relapse inactive remission resolved unconfirmed provisional
    differential confirmed presumed refuted error invalid suspected probable possible doubtful
    unlikely excluded ruled historical past achieved improving worsening attainable cancelled
    canceled completed stopped held hold ended""".split()
)
_SIDES: Final = frozenset({"left", "right"})
_LETTERS: Final = re.compile(r"[a-z]+")


def replaced_coding(case: Case) -> Finding | None:
    """Know a dropped coding of which an adopted map says what the EHR holds in its place."""
    if not case.is_dropped or case.defined_as != _CODING or _are_many(case):
        return None
    said = [case.scope.maps.relation(case.intended, one) for one in _codings(case.holders[1])]
    if "same" in said:
        return Finding(
            "equivalent", "The EHR holds the code that an adopted map gives the same meaning."
        )
    return next((Finding("changed", _WORDS[one]) for one in said if one is not None), None)


def added_coding(case: Case) -> Finding | None:
    """Know a coding that the EHR put beside the intended ones, or in the place of one."""
    if not case.is_added or case.defined_as != _CODING or _are_many(case):
        return None
    added, ours, theirs = case.persisted, _codings(case.holders[0]), _codings(case.holders[1])
    if not isinstance(added, dict) or added.get("userSelected") is True or not ours:
        return None
    if any(_is_other_side(added, one) for one in ours):
        return Finding("critical", "The EHR added a code that says left for right.")
    if _opens_otherwise(added, ours):
        return Finding("changed", "The EHR added a code whose words deny it, or say less or other.")
    kept = {_identity(one) for one in theirs}
    said = {_identity(one): case.scope.maps.relation(one, added) for one in ours}
    if "unmatched" in said.values():
        return Finding("changed", _WORDS["unmatched"])
    if any(relation == "same" for relation in said.values()):
        if all(one in kept for one, relation in said.items() if relation == "same"):
            return Finding("enriched", "The EHR added a code that an adopted map calls the same.")
        return Finding("equivalent", "An adopted map says that this code means the same.")
    system = added.get("system")
    translated = isinstance(system, str) and one_name(system) not in {_system(one) for one in ours}
    if translated and isinstance(added.get("code"), str) and said.keys() <= kept:
        return Finding("enriched", "The EHR added a code of another system beside the intended.")
    return None


def user_selected(case: Case) -> Finding | None:
    """Know the mark that says whether a user chose this code, where nothing was said of it."""
    if case.is_added and case.defined_as == "Coding.userSelected":
        return Finding("enriched", "The EHR marked whether a user chose this code.")
    return None


def added_text(case: Case) -> Finding | None:
    """Know a concept's text that repeats the display of a code that was intended and kept."""
    if not case.is_added or case.defined_as != "CodeableConcept.text":
        return None
    ours, theirs = (
        _codings(holder.get("coding") if isinstance(holder, dict) else None)
        for holder in case.holders
    )
    kept = {_identity(one) for one in ours} & {_identity(one) for one in theirs}
    displays = [one.get("display") for one in (*ours, *theirs) if _identity(one) in kept]
    said = folded(case.persisted) if isinstance(case.persisted, str) else None
    if said and any(isinstance(one, str) and folded(one) == said for one in displays):
        return Finding("enriched", "The EHR repeated a code's display as the text.")
    return None


def translated_state(case: Case) -> Finding | None:
    """Know a translation beside the code of a status, unless it names a state of its own."""
    if not case.is_added or case.defined_as != _CODING or not case.is_modifying:
        return None
    if not isinstance(case.persisted, dict):
        return None
    meant = frozenset[str]().union(*map(_state_words, _codings(case.holders[0])))
    named = {word for word in _state_words(case.persisted) if word in _STATES or denies(word)}
    found = None if named - meant else added_coding(case)
    return found if found is not None and found.class_ == "enriched" else None


def mapped_code(case: Case) -> Finding | None:
    """Know a code replaced by one that an adopted map relates to it without calling it the same."""
    if not case.is_altered or case.defined_as != "Coding.code":
        return None
    relation = case.scope.maps.relation(*case.holders)
    if relation is None or relation == "same":
        return None
    return Finding("changed", _WORDS[relation])


def _are_many(case: Case) -> bool:
    """Tell whether there are more codings than are weighed against each other one by one."""
    return any(len(_codings(holder)) > MAX_LIKENESS for holder in case.holders)


def _codings(value: Json) -> list[JsonObject]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _identity(coding: JsonObject) -> tuple[str, str]:
    return _system(coding), str(coding.get("code"))


def _system(coding: JsonObject) -> str:
    return one_name(str(coding.get("system")))


def _opens_otherwise(added: JsonObject, kept: list[JsonObject]) -> bool:
    """Tell whether a code's words start with a denial or doubt that no intended words hold.

    Beside codes without words too: that they deny by themselves, only a terminology could tell.
    """
    term = added.get("display")
    if not isinstance(term, str) or not opens_otherwise(term):
        return False
    return not any(opens_otherwise(str(one["display"])) for one in kept if "display" in one)


def _state_words(coding: JsonObject) -> frozenset[str]:
    told = (str(coding.get(name, "")) for name in ("code", "display"))
    return frozenset(_LETTERS.findall(" ".join(told).lower()))


def _is_other_side(added: JsonObject, kept: JsonObject) -> bool:
    one, other = _side(added), _side(kept)
    return bool(one) and bool(other) and one != other


def _side(coding: JsonObject) -> frozenset[str]:
    """Return the side that a display names; none where it names both."""
    found = _SIDES & set(_LETTERS.findall(str(coding.get("display", "")).lower()))
    return found if len(found) == 1 else frozenset()
