"""Rules for the words of a Quantity's unit beside its code.

The code means, the wording is what a person reads: words that name the code's own unit alter
nothing, words that name another one do, and of words that are not known nothing is concluded.
"""

from __future__ import annotations

from core.canonical import Json
from core.discrepancy.amounts import coded_unit, is_worded_right
from core.discrepancy.case import Case, Finding
from core.discrepancy.classes import Side
from core.discrepancy.systems import one_name
from core.ucum import SYSTEM, Unit, named, says, says_only, unit


def same_wording(case: Case) -> Finding | None:
    """Know a unit that is worded otherwise beside the same UCUM code."""
    if case.defined_as != "Quantity.unit" or not case.is_altered:
        return None
    ours, theirs = (coded_unit(holder) for holder in case.holders)
    known = ours is not None and ours == theirs and is_worded_right(case.holders[1], ours)
    if known or _repeats_code(case):
        return Finding("equivalent", "The unit is worded in another way; its code is the same.")
    return None


def contradiction(case: Case) -> Finding | None:
    """Know a wording that came to name another unit than the code, which is the same one."""
    if case.defined_as != "Quantity.unit" or case.is_dropped:
        return None
    ours, theirs = (_coded(holder) for holder in case.holders)
    if theirs is not None and ours == theirs and _says(case.persisted, theirs) is False:
        return Finding("changed", "The wording of the unit contradicts its code.")
    return None


def added_wording(case: Case) -> Finding | None:
    """Know words that the EHR put beside the code whose unit they name."""
    if case.defined_as != "Quantity.unit" or not case.is_added:
        return None
    ours, theirs = (coded_unit(holder) for holder in case.holders)
    known = ours is not None and ours == theirs and is_worded_right(case.holders[1], ours)
    if known or _repeats_code(case):
        return Finding("enriched", "The EHR added the words for the unit that the code names.")
    return None


def added_code(case: Case) -> Finding | None:
    """Know the UCUM code that the EHR put beside words that name the very same unit."""
    if not case.is_added or case.defined_as not in ("Quantity.code", "Quantity.system"):
        return None
    ours, theirs = case.holders
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return None
    held = _coded(theirs)
    uncoded = "code" not in ours and ours.get("system", SYSTEM) == SYSTEM
    wording = ours.get("unit")
    if held is not None and uncoded and isinstance(wording, str) and says_only(wording, held):
        return Finding("enriched", "The EHR added the code of the unit that was named in words.")
    return None


def _repeats_code(case: Case) -> bool:
    """Tell whether the EHR's words are the very code, which is the intended one.

    Of a unit that the table does not know; words that name a known unit contradict such a code.
    """
    ours, theirs = case.holders
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return False
    systems = (one_name(str(one.get("system"))) for one in (ours, theirs))
    coded = "system" in ours and "code" in ours
    same = coded and len(set(systems)) == 1 and ours["code"] == theirs.get("code")
    plain = isinstance(case.persisted, str) and case.persisted == theirs.get("code")
    unknown = _coded(theirs) is None and not named(str(ours.get("unit", "")))
    return same and plain and unknown


def _coded(quantity: Json) -> Unit | None:
    if not isinstance(quantity, dict) or one_name(str(quantity.get("system"))) != SYSTEM:
        return None
    code = quantity.get("code")
    return unit(code) if isinstance(code, str) else None


def _says(wording: Side, coded: Unit) -> bool | None:
    return says(wording, coded) if isinstance(wording, str) else None
