"""What the hostile server makes of a resource: pure functions, each with where it was seen.

Each leaves a resource alone that has nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from core.canonical import Json, JsonObject, Number
from core.profile.places import copy
from core.profile.transforms import Transform

BROADER: Mapping[str, str] = {
    "59621000": "38341003",
    "29463-7": "8716-3",
    "8867-4": "8716-3",
}
"""Essential hypertension → hypertensive disorder; body weight, heart rate → vital signs."""
OTHER_UNIT: Mapping[str, str] = {"kg": "[lb_av]", "mg": "g", "/min": "/h", "mm[Hg]": "kPa"}
OTHER_PATIENT = "Patient/other"
_FLIPPED: Mapping[str, str] = {
    "active": "inactive", "provisional": "refuted", "unconfirmed": "refuted",
    "confirmed": "refuted", "final": "entered-in-error", "current": "superseded",
    "proposed": "cancelled", "booked": "cancelled", "requested": "cancelled", "draft": "cancelled",
    "completed": "in-progress",
}  # fmt: skip
_PROSE = frozenset({"text", "description", "value", "valueString", "comment", "note", "answer"})


@dataclass(frozen=True, slots=True)
class Trick:
    """One bad habit: what it does in words, and where it is known from."""

    words: str
    source: str
    does: Callable[[JsonObject], None]


def played(trick: Trick, resource: JsonObject) -> JsonObject:
    """Return what a trick makes of a resource; that itself is left as it was."""
    made = cast("JsonObject", copy(resource))
    trick.does(made)
    return made


def _objects(value: Json) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def _labels(resource: JsonObject) -> None:
    meta = resource.get("meta") or {}
    for name in ("security", "tag"):
        meta.pop(name, None)


def _identifiers(resource: JsonObject) -> None:
    resource.pop("identifier", None)


def _cut(resource: JsonObject) -> None:
    for one in _objects(resource):
        for name in _PROSE & set(one):
            text = one[name]
            if isinstance(text, str) and one.get("system") != "urn:countersign:operation":
                one[name] = text[: max(1, len(text) * 2 // 3)]
        data = one.get("data")
        if isinstance(data, str):
            one["data"] = data[: max(4, len(data) // 8 * 4)]


def _broader(resource: JsonObject) -> None:
    for one in _objects(resource):
        code = one.get("code")
        if isinstance(code, str) and code in BROADER:
            one["code"] = BROADER[code]


def _flip(resource: JsonObject) -> None:
    if resource.get("resourceType") == "Patient":
        resource["active"] = False
    status = str(resource.get("status"))
    if status in _FLIPPED:
        resource["status"] = _FLIPPED[status]
    for name in ("clinicalStatus", "verificationStatus"):
        for one in _objects(resource.get(name)):
            code = one.get("code")
            if isinstance(code, str) and code in _FLIPPED:
                one["code"] = _FLIPPED[code]


def _other_patient(resource: JsonObject) -> None:
    for name in ("subject", "patient", "for"):
        if isinstance(resource.get(name), dict):
            resource[name] = {"reference": OTHER_PATIENT}


def _unit(resource: JsonObject) -> None:
    for one in _objects(resource):
        code = one.get("code")
        if "value" in one and isinstance(code, str) and code in OTHER_UNIT:
            one["code"] = one["unit"] = OTHER_UNIT[code]


def _rounded(resource: JsonObject) -> None:
    for one in _objects(resource):
        value = one.get("value")
        if isinstance(value, Number):
            one["value"] = Number(value.text.partition(".")[0])


def _member(resource: JsonObject) -> None:
    for name in ("telecom", "category", "component", "participant", "item"):
        found = resource.get(name)
        if isinstance(found, list) and len(found) > 1:
            del found[0]


def _negate(resource: JsonObject) -> None:
    resource["modifierExtension"] = [{"url": "urn:example:negated", "valueBoolean": True}]


def _year(resource: JsonObject) -> None:
    for name in ("onsetDateTime", "effectiveDateTime", "birthDate", "date", "start", "authored"):
        if isinstance(resource.get(name), str):
            resource[name] = str(resource[name])[:4]


def _author(resource: JsonObject) -> None:
    for name in ("recorder", "asserter", "performer", "author", "requester"):
        resource.pop(name, None)


SAME = (
    Transform("absolute-references"),
    Transform("to-utc"),
    Transform("normalise-space"),
    Transform("number-text"),
    Transform("narrative"),
    Transform("add-identifier", system="urn:example:ehr"),
    Transform("add-extension", url="urn:example:filed", value={"valueBoolean": True}),
)
"""What says the same in other words, as many servers do: no reason to alarm anybody."""
_SEEN = "reference sync-writes-audit-incidents §5 (taxonomy of discrepancies)"
TRICKS: Mapping[str, Trick] = {
    "drop-labels": Trick(
        "meta.security and meta.tag are gone", "last-ehr ROADMAP #123: OpenEMR drops them", _labels
    ),
    "drop-identifiers": Trick("identifiers are gone", _SEEN, _identifiers),
    "truncate": Trick(
        "texts, numbers of telephones and attachments are cut",
        "docs.athenahealth.com best-practices-and-troubleshooting (20 characters)", _cut,
    ),
    "broader-code": Trick("the code is one that says less", _SEEN, _broader),
    "flip-status": Trick("the status says the opposite", _SEEN, _flip),
    "other-patient": Trick(
        "it is filed under another patient", "fhir.epic.com/Specifications 4107 (merge)",
        _other_patient,
    ),
    "other-unit": Trick("the number stays, its unit does not", _SEEN, _unit),
    "round": Trick("numbers lose their fraction", _SEEN, _rounded),
    "drop-member": Trick("a member of a list is gone", _SEEN, _member),
    "negate": Trick("a modifier extension is added", "FHIR R4 extensibility", _negate),
    "year-only": Trick("dates are cut to the year", _SEEN, _year),
    "drop-author": Trick("who said it is gone", _SEEN, _author),
}  # fmt: skip
