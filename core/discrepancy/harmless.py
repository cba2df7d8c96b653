"""Rules for what an EHR may do to a resource without touching its meaning."""

from __future__ import annotations

from collections import Counter

from core.canonical import Json
from core.discrepancy.case import (
    Case,
    Finding,
    holds_extensions_only,
    is_beside_what_it_shows,
    stands_for_a_value,
)
from core.discrepancy.classes import Side
from core.discrepancy.references import targets
from core.discrepancy.scalars import is_same_moment, is_same_number, is_same_time, places
from core.discrepancy.systems import SYSTEMS, is_one_system, one_name

_BOOKKEEPING = frozenset({"Meta.versionId", "Meta.lastUpdated", "Meta.source"})
# Extensions that take the value beside them back.
_NO_VALUE = frozenset(
    f"http://hl7.org/fhir/StructureDefinition/{name}"
    for name in ("data-absent-reason", "iso21090-nullFlavor")
)
_FEW, _MANY = 64, 1_000
_LABELS = frozenset({"Meta.tag", "Meta.security", "Meta.profile"})


def server_bookkeeping(case: Case) -> Finding | None:
    """Know the version, time and source that a server keeps in `meta`."""
    if case.defined_as in _BOOKKEEPING:
        return Finding("bookkeeping", "The EHR keeps its own version, time and source here.")
    return None


def assigned_id(case: Case) -> Finding | None:
    """Know the id that the EHR gives to a resource it created."""
    held = ".contained[" in case.place.path
    if case.is_added and case.defined_as == "Resource.id" and not held:
        return Finding("bookkeeping", "The EHR gave the new resource its id.")
    return None


def element_id(case: Case) -> Finding | None:
    """Know an added element id, which only lets other elements link to it."""
    if case.is_added and case.defined_as == "Element.id":
        return Finding("bookkeeping", "The EHR numbered this element for its own links.")
    return None


def regenerated_narrative(case: Case) -> Finding | None:
    """Know a narrative that the EHR generated where there was none, or a generated one.

    Only a resource's own: the narrative of a composition's section is what its author attests.
    """
    added = case.is_added and case.place.type == "Narrative" and _is_generated(case.persisted)
    renewed = case.is_altered and case.defined_as in ("Narrative.div", "Narrative.status")
    if case.steps[1] != "text":
        return None
    if added or (renewed and all(_is_generated(holder) for holder in case.holders)):
        return Finding("bookkeeping", "The EHR generated the narrative from the data.")
    return None


def reference_form(case: Case) -> Finding | None:
    """Know one target written relative or absolute, with or without its version."""
    pointed = case.targets()
    if pointed is not None and pointed[0].is_same_resource(pointed[1]):
        return Finding("equivalent", "The reference names the same resource in another form.")
    return None


def system_name(case: Case) -> Finding | None:
    """Know one code or identifier system under the two names that HL7 registered for it."""
    if case.texts is not None and case.defined_as in SYSTEMS and is_one_system(*case.texts):
        return Finding("equivalent", "The same system goes by its other registered name.")
    return None


def offset_notation(case: Case) -> Finding | None:
    """Know one instant written with another offset or other trailing zeros."""
    dated = case.place.type in ("dateTime", "instant")
    if dated and case.texts is not None and is_same_moment(*case.texts):
        return Finding("equivalent", "The same instant is written with another offset.")
    return None


def time_notation(case: Case) -> Finding | None:
    """Know one time of day written with other trailing zeros."""
    if case.place.type == "time" and case.texts is not None and is_same_time(*case.texts):
        return Finding("equivalent", "The same time of day is written in another way.")
    return None


def number_text(case: Case) -> Finding | None:
    """Know one number with the same decimals written in another way (1e2, 100)."""
    pair = case.numbers
    if pair is not None and is_same_number(*pair) and places(pair[0]) == places(pair[1]):
        return Finding("equivalent", "The same number is written in another way.")
    return None


def added_decimals(case: Case) -> Finding | None:
    """Know zeros added behind the last decimal (72 → 72.0)."""
    pair = case.numbers
    if pair is not None and is_same_number(*pair) and places(pair[0]) < places(pair[1]):
        return Finding("enriched", "The same number is stated with more decimals.")
    return None


def added_display(case: Case) -> Finding | None:
    """Know a display that the EHR put beside a code or a reference."""
    shown = case.defined_as.endswith(".display") and is_beside_what_it_shows(case)
    if case.is_added and shown:
        return Finding("enriched", "The EHR added a display to what was already named.")
    return None


def added_reference_type(case: Case) -> Finding | None:
    """Know a reference's type that agrees with what it points to."""
    if not case.is_added or case.defined_as != "Reference.type":
        return None
    held = next(targets(_alone(case.holders[1]), case.scope.base_url), None)
    if held is not None and held.type == case.persisted:
        return Finding("enriched", "The EHR added the type that the reference already names.")
    return None


def added_label(case: Case) -> Finding | None:
    """Know a tag, security label or profile that the EHR put into `meta`."""
    if case.is_added and case.defined_as in _LABELS:
        return Finding("enriched", "The EHR added a label of its own.")
    return None


def added_language(case: Case) -> Finding | None:
    """Know the resource's own language, where none was stated."""
    if case.is_added and case.defined_as == "Resource.language":
        return Finding("enriched", "The EHR stated the language of the resource.")
    return None


def added_identifier(case: Case) -> Finding | None:
    """Know a resource's identifier in a system that the intended resource does not use."""
    if not case.is_added or case.steps[1:] != ("identifier",) or _is_long(case.holders[0]):
        return None
    system = _member(case.persisted, "system")
    known = {one_name(str(one)) for one in _members_of(case.holders[0], "system")}
    if isinstance(system, str) and one_name(system) not in known:
        return Finding("enriched", "The EHR added an identifier of its own.")
    return None


def added_extension(case: Case) -> Finding | None:
    """Know an added extension that modifies nothing and answers no extension that was there."""
    if not case.is_added or _is_long(case.holders[0]):
        return None
    known = holds_extensions_only(case, case.persisted) and not stands_for_a_value(case)
    if case.defined_as.endswith(".extension"):
        known = _member(case.persisted, "url") not in _members_of(case.holders[0], "url")
        known = known and not _is_renamed_extension(case)
    known = known and not _denies_a_value(case.persisted)
    return Finding("enriched", "The EHR added an extension.") if known else None


def _denies_a_value(added: Side) -> bool:
    """Tell whether an extension, or a companion that holds some, says that there is no value.

    One without a url may say anything.
    """
    if not isinstance(added, dict):
        return False
    held = added.get("extension", [added] if "url" in added else [])
    urls = [_member(one, "url") for one in held] if isinstance(held, list) else [None]
    return any(not isinstance(url, str) or url in _NO_VALUE for url in urls)


def _is_long(holder: Json) -> bool:
    """Tell whether a list is longer than is searched anew for each item that was added to it."""
    return isinstance(holder, list) and len(holder) > _MANY


def _is_renamed_extension(case: Case) -> bool:
    """Tell whether an added extension says under another name what a dropped one said."""
    ours, theirs = case.holders
    if not isinstance(ours, list) or not isinstance(case.persisted, dict):
        return False
    if len(ours) > _FEW:
        return True
    held, kept = (Counter(map(str, _members_of(side, "url"))) for side in (ours, theirs))
    said = [name for name in case.persisted if name.startswith("value") or name == "extension"]
    return any(
        held[str(_member(one, "url"))] > kept[str(_member(one, "url"))]
        and all(_member(one, name) == case.persisted[name] for name in said)
        for one in ours
    )


def _is_generated(value: Side) -> bool:
    if not isinstance(value, dict) or not value.keys() <= {"id", "status", "div"}:
        return False
    return value.get("status") in ("generated", "extensions")


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _members_of(holder: Json, name: str) -> list[object]:
    items = holder if isinstance(holder, list) else []
    return [_member(item, name) for item in items]


def _alone(holder: Json) -> Json:
    """Return a reference's own literal without what its extensions may point to."""
    return {"reference": holder.get("reference")} if isinstance(holder, dict) else None
