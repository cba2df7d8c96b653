"""Reading values of a resource by element path: decimals, quantities, codes and dates.

Whatever cannot be read as what a rule names is None, and counts against the change.
Source: FHIR R4 Quantity (`code` of system UCUM is the unit; a `comparator` makes it inexact).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from core.canonical import Number
from core.policy.paths import ElementPath, same_element

UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its UCUM code; no unit where the element is a plain decimal."""

    value: Decimal
    unit: str | None


def values_at(resource: Mapping[str, Any], path: ElementPath) -> tuple[Any, ...]:
    """Return what stands at `path`, lists taken apart; nothing where no such element is.

    A primitive whose value is withheld or only an extension (`_value`) yields a None.
    """
    found: list[Any] = [resource]
    for written in path.segments[1:]:
        found = [item for holder in found for item in _below(holder, written)]
    return tuple(found)


def amount(value: object) -> Amount | None:
    """Return a decimal or an exact Quantity in UCUM; None for anything else."""
    if isinstance(value, Number):
        number = _decimal(value)
        return None if number is None else Amount(number, None)
    if not isinstance(value, Mapping) or "comparator" in value or "_value" in value:
        return None
    held, unit = value.get("value"), value.get("code")
    number = _decimal(held) if isinstance(held, Number) else None
    if number is None or value.get("system") != UCUM or not isinstance(unit, str):
        return None
    return Amount(number, unit)


def _decimal(number: Number) -> Decimal | None:
    try:
        found = Decimal(number.text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _below(holder: object, written: str) -> Iterator[Any]:
    if not isinstance(holder, Mapping):
        yield None
        return
    for name, value in holder.items():
        if same_element(written, name.removeprefix("_")):
            if name.startswith("_"):
                if name[1:] not in holder:
                    yield None
            elif isinstance(value, list):
                yield from value
            else:
                yield value
