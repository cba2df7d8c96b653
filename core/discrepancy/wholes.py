"""Objects that say the same as wholes although their members differ.

Most objects are compared member by member. A Quantity in another unit and a code that an adopted
map translates cannot be: their members mean something only together. A rule here settles the
members that belong together with one finding; all other members are still judged for themselves.
What a guard of the table of rules would say of a settled member stands before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from core.canonical import JsonObject, Number
from core.discrepancy.amounts import coded_unit, is_same_amount, is_worded_right
from core.discrepancy.case import Case, Finding
from core.discrepancy.classes import MISSING
from core.discrepancy.rules import GUARDS
from core.ucum import is_synonym

SAME_UNIT: Final = Finding("equivalent", "The same unit is written in another way.")
SAME_AMOUNT: Final = Finding("equivalent", "The same amount is stated in another unit.")
SAME_CODE: Final = Finding("equivalent", "An adopted map says that both codes mean the same.")

_QUANTITIES: Final = frozenset({"Quantity", "Age", "Count", "Distance", "Duration"})
_UNIT: Final = frozenset({"unit", "system", "code"})


@dataclass(frozen=True, slots=True)
class Whole:
    """What a rule says of the members named, taken together."""

    finding: Finding
    members: frozenset[str]


WholeRule: TypeAlias = Callable[[Case, JsonObject, JsonObject], Whole | None]


def settle(case: Case, intended: JsonObject, persisted: JsonObject) -> Whole | None:
    """Return what the first rule that knows the two objects of a case says, None without one."""
    if case.is_modifying or case.place.type is None:
        return None
    for rule in _RULES.get(case.place.type, ()):
        found = rule(case, intended, persisted)
        if found is not None and not _is_guarded(case, found.members, intended, persisted):
            return found
    return None


def same_amount(case: Case, intended: JsonObject, persisted: JsonObject) -> Whole | None:
    """Know one amount in two units, or one unit in two spellings.

    A difference of temperatures cannot be told from a temperature, so only what is observed is
    converted between scales with zeros of their own, and no part of a ratio. The origin of sampled
    data gives the unit of data that stand elsewhere, and a schedule is never restated.
    """
    ours, theirs = coded_unit(intended), coded_unit(persisted)
    if ours is None or theirs is None or ours == theirs or not is_worded_right(persisted, theirs):
        return None
    if is_synonym(ours, theirs):
        return Whole(SAME_UNIT, _UNIT)
    if case.defined_as.startswith(("SampledData.", "Timing.")):
        return None
    observed = case.steps[0] == "Observation" and "extension" not in case.steps
    if ours.is_affine and (not observed or case.defined_as.startswith("Ratio.")):
        return None
    value, its = intended.get("value"), persisted.get("value")
    if not isinstance(value, Number) or not isinstance(its, Number):
        return None
    same = is_same_amount((value, ours), (its, theirs), is_measured=observed)
    return Whole(SAME_AMOUNT, _UNIT | {"value"}) if same else None


def same_code(case: Case, intended: JsonObject, persisted: JsonObject) -> Whole | None:
    """Know a code replaced by one that an adopted map calls equal or equivalent."""
    if case.defined_as.startswith("Meta."):
        return None
    if case.scope.maps.is_same(intended, persisted):
        return Whole(SAME_CODE, frozenset({"system", "version", "code", "display"}))
    return None


_RULES: Final[dict[str, tuple[WholeRule, ...]]] = {
    **dict.fromkeys(_QUANTITIES, (same_amount,)),
    "Coding": (same_code,),
}


def _is_guarded(
    case: Case, members: frozenset[str], intended: JsonObject, persisted: JsonObject
) -> bool:
    for name in members:
        ours, theirs = intended.get(name, MISSING), persisted.get(name, MISSING)
        if ours == theirs:
            continue
        place = case.place.within(intended).member(name)
        member = Case(place, ours, theirs, case.scope, (intended, persisted))
        if any(guard(member) is not None for guard in GUARDS):
            return True
    return False
