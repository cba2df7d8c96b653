"""What a form is: typed values in, one FHIR R4 resource out, the same for ever.

A form is named with its version (`vital-sign@1`). What a version makes of given values never
changes: what would make other bytes is another version, and the old one stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from core.canonical import JsonObject
from core.forms.values import Values

SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Given:
    """What a form is filled in for: the proposal's patient and encounter, as `Type/id`.

    `base` is the resource that an update alters, as the agent read it; None for a create.
    """

    patient: str
    encounter: str | None = None
    base: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """One version of one form.

    `make` returns the whole intended resource and may raise BadInput, its field relative to the
    values.
    """

    name: str
    op: Literal["create", "update"]
    makes: str
    """The type of resource."""
    about: str
    """One sentence for the agent's builder."""
    values: type[Values]
    make: Callable[[Any, Given], JsonObject]


def reference(to: str) -> JsonObject:
    """Return a literal reference."""
    return {"reference": to}


def concept(system: str, *codes: str, text: str | None = None) -> JsonObject:
    """Return a CodeableConcept with one Coding a code."""
    found: JsonObject = {"coding": [{"system": system, "code": code} for code in codes]}
    return found if text is None else {**found, "text": text}


def present(**members: Any) -> JsonObject:
    """Return the members that there are; a trailing underscore keeps Python's own words apart."""
    return {key.rstrip("_"): value for key, value in members.items() if value is not None}
