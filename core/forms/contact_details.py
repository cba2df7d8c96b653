"""`contact-details@1`: the patient's telephone, e-mail and address.

A value takes the place of the current one with the same system and use, and is added where there
is none. Where the chart holds several of them, nobody guesses which one is meant: `instead_of`
says it. Everything else of the Patient stays as it is.
Source: FHIR R4 ContactPoint and Address (https://hl7.org/fhir/R4/datatypes.html#ContactPoint).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from core.canonical import JsonObject
from core.errors import BadInput
from core.forms.form import Form, Given, present
from core.forms.values import Values, Word

_PHONE = re.compile(r"\+?[0-9().\-/ ]*[0-9][0-9().\-/ ]*((x|ext\.?|#) ?[0-9]{1,8})?", re.I)
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]+\.[^\s@<>,;.]{2,}")
_DIGITS = re.compile(r"[0-9]")
MIN_DIGITS = 3

Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2,3}$")]


class Contact(Values):
    """One telephone number, fax number or e-mail address."""

    system: Literal["phone", "fax", "email", "sms"]
    use: Literal["home", "work", "temp", "mobile"]
    value: Word
    instead_of: Word | None = None
    """The value in the chart that it takes the place of."""

    @field_validator("value")
    @classmethod
    def _of_the_system(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("system") == "email":
            if not _EMAIL.fullmatch(value):
                raise ValueError("is not an e-mail address")
        elif not _PHONE.fullmatch(value) or len(_DIGITS.findall(value)) < MIN_DIGITS:
            raise ValueError("is not a telephone number")
        return value


class Place(Values):
    """A whole postal address: it takes the place of the current one with the same use."""

    use: Literal["home", "work", "temp"]
    line: list[Word] = Field(min_length=1, max_length=4)
    city: Word
    state: Word | None = None
    postal_code: Word | None = None
    country: Country | None = None
    """ISO 3166, two or three letters."""


class ContactDetails(Values):
    """What is not named stays as it is."""

    telecom: list[Contact] = Field(default_factory=list, max_length=10)
    address: Place | None = Field(default=None, validate_default=True)

    @field_validator("telecom")
    @classmethod
    def _each_once(cls, found: list[Contact]) -> list[Contact]:
        named = [(item.system, item.use, item.instead_of) for item in found]
        if len(set(named)) != len(named):
            raise ValueError("names the same entry twice; say which with instead_of")
        return found

    @field_validator("address")
    @classmethod
    def _something(cls, found: Place | None, info: ValidationInfo) -> Place | None:
        if found is None and not info.data.get("telecom", True):
            raise ValueError("is missing, and so is telecom: nothing would change")
        return found


def _make(values: ContactDetails, given: Given) -> JsonObject:
    base = given.base or {}
    intended = dict(base)
    for place, contact in enumerate(values.telecom):
        named = contact.instead_of is not None
        _put(intended, "telecom", f"telecom[{place}]", _contact(contact), _meant(contact), named)
    if values.address is not None:
        address = values.address
        made = present(
            use=address.use,
            line=address.line,
            city=address.city,
            state=address.state,
            postalCode=address.postal_code,
            country=address.country,
        )
        _put(intended, "address", "address", made, lambda item: _is_current(item, use=address.use))
    return intended


def _contact(contact: Contact) -> JsonObject:
    return {"system": contact.system, "value": contact.value, "use": contact.use}


def _meant(contact: Contact) -> Callable[[Any], bool]:
    def is_meant(item: Any) -> bool:
        if not _is_current(item, system=contact.system, use=contact.use):
            return False
        return contact.instead_of is None or item.get("value") == contact.instead_of

    return is_meant


def _is_current(item: Any, **wanted: str) -> bool:
    """Tell whether an item has these members and no end: an ended one is history."""
    if not isinstance(item, dict) or any(item.get(key) != value for key, value in wanted.items()):
        return False
    period = item.get("period")
    return not isinstance(period, dict) or "end" not in period


def _put(
    intended: JsonObject,
    name: str,
    field: str,
    item: JsonObject,
    is_meant: Callable[[Any], bool],
    named: bool = False,
) -> None:
    """Put an item into the list `name` in the place of the one that is meant.

    With `named` there must be one: nothing is added.
    """
    held = list(intended.get(name) or [])
    places = [index for index, old in enumerate(held) if is_meant(old)]
    if len(places) > 1:
        raise BadInput(
            "the chart holds several with this use",
            field=field,
            remedy="Say which one with instead_of, or send the whole resource",
        )
    if named and not places:
        raise BadInput(
            "names nothing that the chart holds with this system and use",
            field=f"{field}.instead_of",
            remedy="Read the resource again",
        )
    if f"_{name}" in intended:
        raise BadInput("the chart's list cannot be read", field=field, remedy="Send the resource")
    if places:
        old = held[places[0]]
        # Only the place in the order stays: since when the old value held, or what an extension
        # says of it, is not true of the new one, and no line of an old address may remain.
        kept = {key: old[key] for key in ("id", "rank") if key in old}
        held[places[0]] = {**kept, **item}
    else:
        held.append(item)
    intended[name] = held


FORM = Form(
    "contact-details@1",
    "update",
    "Patient",
    "The patient's telephone, e-mail and address.",
    ContactDetails,
    _make,
)
