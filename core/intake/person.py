"""Whether a change is about a minor, about who acts for the patient, or about a hidden contact.

What is unsure counts as the case that needs a person: a birth date that is missing, partial or
unreadable may be a minor's. FHIR R4 has no element for a confidential contact; two published
marks are read: the inline security label of HL7 DS4P, and the v3 address use CONF in the R4
extensions iso21090-AD-use and iso21090-TEL-use. Source: FHIR R4 Patient, RelatedPerson; design §7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal

from core.canonical import Json, JsonObject
from core.delta import Difference, touched
from core.intake.sensitive import groups

MINOR = "minor"
MINOR_CONTACT = "minor-contact"
PROXY = "proxy"
CONFIDENTIAL = "confidential-contact"

MAJORITY = 18
"""The age of majority, in years, where no policy says another."""
MINORITY = {"minor": "MINOR", "unsure": "age unsure"}
"""What a screen says of it."""

_CONTACT = ("telecom", "address", "contact")
_INLINE_LABEL = "extension-inline-sec-label"
_USES = ("iso21090-AD-use", "iso21090-TEL-use")


def person_flags(
    patient: JsonObject | None,
    base: JsonObject | None,
    resource: JsonObject,
    delta: Sequence[Difference],
    on: date,
    majority: int,
) -> frozenset[str]:
    """Return the flags of one change; `patient` is the Patient as the EHR had it.

    `on` is the day of the proposal, `majority` the age in years from which nobody is a minor.
    """
    type_ = str(resource.get("resourceType"))
    persons = [item for item in (base, resource) if item] if type_ == "Patient" else [patient or {}]
    elements = {path.split(".")[1] for path, _ in touched(delta)}
    contact = bool(elements.intersection(_CONTACT)) and type_ in ("Patient", "RelatedPerson")
    found = set()
    if not all(_is_surely_of_age(person.get("birthDate"), on, majority) for person in persons):
        found.add(MINOR)
        if contact:
            found.add(MINOR_CONTACT)
    if type_ == "RelatedPerson" or (type_ == "Patient" and "contact" in elements):
        found.add(PROXY)
    if contact and any(_hidden(item, elements) for item in (base, resource)):
        found.add(CONFIDENTIAL)
    return frozenset(found)


def minority(patient: JsonObject, on: date, majority: int) -> Literal["minor", "unsure"] | None:
    """Return whether a patient is a minor; None for who is surely of age.

    `unsure` where the birth date is partial and could mean either, missing, or no date.
    """
    born = patient.get("birthDate")
    if _is_surely_of_age(born, on, majority):
        return None
    parts = str(born).split("-") if isinstance(born, str) else []
    try:
        # The first day that the date may mean.
        earliest = date(int(parts[0]), *(int(part) for part in [*parts[1:3], "1", "1"][:2]))
    except (ValueError, IndexError):
        return "unsure"
    could_be = (earliest.year + majority, earliest.month, earliest.day)
    return "unsure" if (on.year, on.month, on.day) >= could_be else "minor"


def _is_surely_of_age(born: Json, on: date, majority: int) -> bool:
    if not isinstance(born, str):
        return False
    parts = born.split("-")
    try:
        year, month, day = int(parts[0]), *_last(parts)
        birthday = date(year + majority, month, 1)
    except (ValueError, IndexError):
        return False
    if len(parts) > 3 or not 1 <= day <= 31:
        return False
    # The last day that the date may mean; a 29th of February falls on the 1st of March.
    return on >= birthday and (on.year, on.month, on.day) >= (birthday.year, month, day)


def _last(parts: list[str]) -> tuple[int, int]:
    month = int(parts[1]) if len(parts) > 1 else 12
    return month, int(parts[2]) if len(parts) > 2 else 31


def _hidden(resource: JsonObject | None, elements: set[str]) -> bool:
    """Tell whether a touched contact element bears a mark that it is confidential."""
    held = resource or {}
    return any(
        _is_mark(item)
        for name in _CONTACT
        if name in elements
        for item in _extensions(held.get(name))
    )


def _extensions(value: Json) -> Iterator[JsonObject]:
    if isinstance(value, list):
        for item in value:
            yield from _extensions(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "extension" and isinstance(item, list):
                yield from (one for one in item if isinstance(one, dict))
            yield from _extensions(item)


def _is_mark(extension: JsonObject) -> bool:
    name = str(extension.get("url")).rpartition("/")[2]
    if name in _USES:
        return extension.get("valueCode") == "CONF"
    coding = extension.get("valueCoding")
    code = coding.get("code") if isinstance(coding, dict) else None
    return name == _INLINE_LABEL and isinstance(code, str) and bool(groups(frozenset({code})))
