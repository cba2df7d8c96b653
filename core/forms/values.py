"""The kinds of value that forms are filled in with, as strict pydantic types.

Texts are kept exactly as they were sent: a number keeps its digits, a date its precision.
Source: FHIR R4 (https://hl7.org/fhir/R4/datatypes.html) for the forms of dates and codes.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, WithJsonSchema
from pydantic.functional_validators import InstanceOf

from core.canonical import Number

_ID = r"[A-Za-z0-9.-]{1,64}"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_PARTIAL = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


class Values(BaseModel):
    """The values of one form: no other key, no coercion, and no error that quotes them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def _day(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a day such as 2026-11-23") from None
    if len(value) != len("2026-11-23"):
        raise ValueError("is not a day such as 2026-11-23")
    return value


def _instant(value: str) -> str:
    try:
        if _INSTANT.fullmatch(value):
            datetime.fromisoformat(value)
            return value
    except ValueError:
        pass
    raise ValueError("is not a time with seconds and offset, such as 2026-11-23T09:00:00Z")


def _day_or_less(value: str) -> str:
    if not _PARTIAL.fullmatch(value):
        raise ValueError("is not a date such as 2026, 2026-11 or 2026-11-23")
    try:
        date.fromisoformat(
            f"{value}-01-01"[:10] if len(value) == len("2026") else f"{value}-01"[:10]
        )
    except ValueError:
        raise ValueError("is not a date of the calendar") from None
    return value


def time_of(text: str) -> datetime:
    """Return the moment that an Instant names."""
    return datetime.fromisoformat(text)


def decimal(amount: Number) -> Decimal:
    """Return a number for comparison; what is sent keeps the text."""
    return Decimal(amount.text)


Amount: TypeAlias = Annotated[InstanceOf[Number], WithJsonSchema({"type": "number"})]
"""A number with the decimals that it was written with."""
Word: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$")
]
"""One line of text."""
Prose: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
"""Text of several lines."""
Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[^\s]{1,64}$")]
"""A code of a code system."""
Day: TypeAlias = Annotated[
    str, AfterValidator(_day), WithJsonSchema({"type": "string", "format": "date"})
]
DayOrLess: TypeAlias = Annotated[
    str,
    AfterValidator(_day_or_less),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}(-\d\d(-\d\d)?)?$"}),
]
"""A date of which day, or month and day, may be unknown."""
Instant: TypeAlias = Annotated[
    str, AfterValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A moment with seconds and offset."""
Owner: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=rf"^(Practitioner|PractitionerRole|Organization|CareTeam)/{_ID}$"),
]
"""A reference to a person, a team or an organisation on the proposal's EHR."""
Actor: TypeAlias = Annotated[
    str,
    StringConstraints(
        pattern=rf"^(Practitioner|PractitionerRole|HealthcareService|Device|Location)/{_ID}$"
    ),
]
"""A reference to whom, or where, the patient meets."""
