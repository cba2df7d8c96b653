"""A prediction in a reviewer's words, without any value of the chart."""

from __future__ import annotations

from collections.abc import Mapping

from core.profile.facts import Basis
from core.profile.transforms import KINDS, Transform

ELEMENTS: Mapping[str, str] = {
    "Patient.name.family": "last names",
    "Patient.name.given": "first names",
    "Patient.telecom.value": "telephone numbers and e-mail addresses",
    "Patient.telecom": "telephone numbers and e-mail addresses",
    "Patient.address": "addresses",
    "Patient.address.line": "address lines",
    "Patient.address.city": "cities",
    "Patient.address.postalCode": "postal codes",
    "Resource.meta.security": "labels, the AI label among them",
    "Resource.meta.tag": "tags",
    "Resource.text": "the narrative",
    "DocumentReference.description": "descriptions of notes",
    "Observation.note.text": "notes of observations",
    "Condition.note.text": "notes of problems",
}
STATES: Mapping[str, str] = {
    "unsigned": "will be filed unsigned: somebody has to sign it in the EHR",
    "final-only": "will be filed as final: this EHR keeps no drafts",
    "mediated": "will be held until somebody accepts it in the EHR",
}
DROPPED_LABELS: Mapping[str, str] = {
    "security": "the AI label will be dropped",
    "tag": "the tag that names this write will be dropped",
    "identifier": "the identifier that names this write will be dropped",
    "provenance": "the Provenance beside it will be refused",
}
UNSEEN = "the Provenance beside it may be dropped: it was not found after the last write"
NO_WAY_BACK = "cannot be corrected through the API afterwards"


def element(path: str) -> str:
    """Return what people call an element; its path where there is no such word."""
    return ELEMENTS.get(path, path)


def of_transform(one: Transform) -> str:
    """Return what an EHR does: `this EHR cuts last names at 30 characters`."""
    what = element(one.path)
    said = {
        "truncate": f"cuts {what} at {one.chars} characters",
        "drop": f"does not keep {what}",
        "set": f"puts a value of its own into {what}",
        "default": f"fills in {what} where it is missing",
        "coarsen-date": f"keeps only the {one.precision} of {what}",
    }.get(one.do)
    if said is None:
        words = KINDS[one.do].words.format(chars=one.chars, precision=one.precision)
        said = f"writes it otherwise: {words}"
    return f"this EHR {said}"


def of_basis(basis: Basis) -> str:
    """Return how it is known: `documented, 2026-08-14, somewhere`."""
    second = "second hand" if basis.second_hand else ""
    day = "" if basis.captured_on is None else basis.captured_on.isoformat()
    return ", ".join(part for part in (basis.grade, second, day, basis.source) if part)
