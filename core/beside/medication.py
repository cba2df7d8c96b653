"""What a chart says around a medicine: allergies, medicines, weight, kidneys, pregnancy.

Read only for changes of medication, each part with where and when it came from. It is shown and
decides nothing: interactions are not checked here. Source: issue "Medication beside its context",
design §5 (only what the task needs), ADR 0018.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from core.beside import say
from core.beside.codes import LOINC, OBSERVED
from core.beside.reading import Read, origin, search
from core.canonical import JsonObject
from core.duplicates.keys import KEYS
from core.duplicates.match import codings, concepts, folded, times, words
from core.errors import Refused, Unreachable
from core.grounding.references import objects, string
from core.ledger.event import instant
from core.ports import Clock, Ehr, Fetched

TYPES = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration"})
NOT_CHECKED = "Interactions are not checked here."
PARTS = ("allergies", "medicines", "weight", "egfr", "creatinine", "pregnancy")
MOST = 30
"""How many allergies or medicines are kept; how many more there are is said."""

_Say: TypeAlias = Callable[[JsonObject], JsonObject]
_SUBSTANCE = "charted reaction to the same substance"
_NAME = "charted reaction to a substance of that name"
_CURRENT = {
    "MedicationRequest": frozenset({"active", "on-hold"}),
    "MedicationStatement": frozenset({"active", "intended", "on-hold"}),
}
_CRITICALITY = {"high": 0, "unable-to-assess": 1, "": 2, "low": 3}


async def context(
    ehr: Ehr, clock: Clock, patient: JsonObject, resource: JsonObject
) -> JsonObject | None:
    """Return the chart around a change of medication, or None for any other type.

    Members: `at`, `birth`, `conflicts` and one for each of `PARTS`: `{why, items, more}`, where a
    `why` says that the part could not be read, so that no empty list looks like none.
    """
    if resource["resourceType"] not in TYPES:
        return None
    reference = f"Patient/{patient['id']}"
    medicine, known = await _medicine(ehr, resource)
    allergies = await search(ehr, "AllergyIntolerance", reference, {})
    codes = ",".join(f"{LOINC}|{code}" for part in OBSERVED.values() for code in part)
    observed = await search(ehr, "Observation", reference, {"code": codes})
    active = [one for one in allergies.items if _is_active(one.resource)]
    own = string(resource.get("id"))
    found: JsonObject = {
        "at": instant(clock.now()),
        "birth": string(patient.get("birthDate")) or None,
        "medicine_read": known,
        "conflicts": list(_conflicts(medicine, active)),
        "allergies": _part(allergies, sorted(active, key=_by_criticality), _allergy),
        "medicines": await _medicines(ehr, reference, own),
    }
    for part, wanted in OBSERVED.items():
        found[part] = _part(observed, _newest(observed.items, wanted), _observation)
    return found


def conflicts_of(context: JsonObject | None) -> set[str]:
    """Return the references of allergies to the substance itself."""
    return {str(item["reference"]) for item in (context or {}).get("conflicts") or []}


def references(context: JsonObject | None) -> Iterator[str]:
    """Yield the reference of everything that a context rests on."""
    for part in PARTS:
        for item in ((context or {}).get(part) or {}).get("items") or []:
            yield str(item["reference"])


def _part(read: Read, items: Sequence[Fetched], say_item: _Say) -> JsonObject:
    if read.why_not is not None:
        return {"why": read.why_not, "items": [], "more": False}
    kept = [{**say_item(one.resource), **origin(one)} for one in items[:MOST]]
    return {"why": None, "items": kept, "more": len(items) > MOST}


async def _medicines(ehr: Ehr, patient: str, own: str) -> JsonObject:
    """Return the current ones of orders and statements; one of both unread leaves all unread."""
    found: list[Fetched] = []
    why, orders_only = None, False
    for type_, current in _CURRENT.items():
        read = await search(ehr, type_, patient, {})
        if type_ == "MedicationStatement" and read.why_not == "not-offered":
            # Many products keep orders alone: then those are the list, and that is said.
            orders_only = True
        else:
            why = why or read.why_not
        found += [
            one
            for one in read.items
            if string(one.resource.get("status")) in current and one.resource.get("id") != own
        ]
    part = _part(Read(tuple(found)), found, _medicine_item)
    return {**part, "why": why, "orders_only": orders_only}


async def _medicine(ehr: Ehr, resource: JsonObject) -> tuple[list[JsonObject], bool]:
    """Return what names the medicine, its ingredients too, and whether all of it was read."""
    keys = KEYS[str(resource["resourceType"])]
    found = concepts(resource, keys)
    local = {f"#{string(one.get('id'))}": one for one in objects(resource.get("contained"))}
    for item in objects(resource.get("medicationReference")):
        reference = string(item.get("reference"))
        if reference in local:
            found += _ingredients(local[reference])
        elif reference.startswith("Medication/"):
            try:
                read = await ehr.read(reference)
            except (Unreachable, Refused):
                return found, False
            if read is None:
                return found, False
            found += [*objects(read.resource.get("code")), *_ingredients(read.resource)]
    return found, True


def _ingredients(medication: JsonObject) -> list[JsonObject]:
    items = objects(medication.get("ingredient"))
    return [one for item in items for one in objects(item.get("itemCodeableConcept"))]


def _conflicts(
    medicine: Sequence[JsonObject], allergies: Iterable[Fetched]
) -> Iterator[JsonObject]:
    named = {name for one in medicine for name in words(one)}
    for item in allergies:
        reaction = objects(item.resource.get("reaction"))
        about = [
            *objects(item.resource.get("code")),
            *(one for found in reaction for one in objects(found.get("substance"))),
        ]
        how = ""
        if codings(list(medicine)) & codings(about):
            how = _SUBSTANCE
        elif any(_stands_in(name, whole) for name in words(about) for whole in named):
            how = _NAME
        if how:
            yield {"how": how, **_allergy(item.resource), **origin(item)}


def _stands_in(name: str, whole: str) -> bool:
    """Tell whether a name stands in another as whole words: `penicillin` in `penicillin v`."""
    return f" {folded(name)} " in f" {whole} "


def _is_active(allergy: JsonObject) -> bool:
    """Tell whether an allergy counts; one that does not say is taken to."""
    clinical = {code for _, code in codings(allergy.get("clinicalStatus"))}
    verified = {code for _, code in codings(allergy.get("verificationStatus"))}
    return (not clinical or "active" in clinical) and not verified & {
        "entered-in-error", "refuted",
    }  # fmt: skip


def _by_criticality(item: Fetched) -> tuple[int, str]:
    stated = string(item.resource.get("criticality"))
    return _CRITICALITY.get(stated, 2), item.reference


def _newest(items: Iterable[Fetched], codes: Iterable[str]) -> list[Fetched]:
    """Return the newest observation under one of these codes, or none."""
    wanted = {(LOINC, code) for code in codes}
    mine = [
        one
        for one in items
        if codings(one.resource.get("code")) & wanted
        and string(one.resource.get("status")) not in ("entered-in-error", "cancelled")
    ]
    return sorted(mine, key=_when, reverse=True)[:1]


def _when(item: Fetched) -> str:
    return next(iter(times(item.resource, KEYS["Observation"])), "")


def _allergy(resource: JsonObject) -> JsonObject:
    reactions = [
        say.concept(one)
        for found in objects(resource.get("reaction"))
        for one in objects(found.get("manifestation"))
    ]
    return {
        "says": say.what(resource),
        "criticality": string(resource.get("criticality")) or None,
        "reaction": say.cut(", ".join(reactions)),
        "date": say.date(resource),
        "status": say.status(resource),
    }


def _medicine_item(resource: JsonObject) -> JsonObject:
    return {
        "says": say.what(resource),
        "value": say.dose(resource),
        "date": say.date(resource),
        "status": say.status(resource),
    }


def _observation(resource: JsonObject) -> JsonObject:
    return {
        "says": say.what(resource),
        "value": say.value(resource),
        "date": say.date(resource),
        "status": say.status(resource),
    }
