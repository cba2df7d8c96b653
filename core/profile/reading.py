"""Readers of the values of facts: each returns the value, or raises BadInput naming the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.discrepancy.phones import is_region
from core.errors import BadInput

Reader = Callable[[str, Any], Any]


def text(field: str, value: Any) -> str:
    """Return a text of one line."""
    if not isinstance(value, str) or not 0 < len(value) <= 500 or not value.isprintable():
        raise _bad(field, "is no text of one line")
    return value


def country(field: str, value: Any) -> str:
    """Return a country by its two capital letters (ISO 3166) that has telephone numbers."""
    if not isinstance(value, str) or not is_region(value):
        raise _bad(field, 'is no country with telephone numbers, like "US"')
    return value


def yes_no(field: str, value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise _bad(field, 'is none of true, false, "unknown"')
    return value


def integer(least: int, most: int) -> Reader:
    """Return a reader of a whole number within bounds."""

    def read(field: str, value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise _bad(field, f"is no number from {least} to {most}")
        return value

    return read


def choice(*names: str) -> Reader:
    """Return a reader of one of a few words."""

    def read(field: str, value: Any) -> str:
        if value not in names:
            raise _bad(field, f"is none of {', '.join(names)}, unknown")
        return str(value)

    return read


def choices(*names: str) -> Reader:
    """Return a reader of a list of a few words, each at most once."""

    def read(field: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or any(one not in names for one in value):
            raise _bad(field, f"is no list of {', '.join(names)}")
        if len(set(value)) != len(value):
            raise _bad(field, "names one twice")
        return tuple(value)

    return read


def _bad(field: str, problem: str) -> BadInput:
    return BadInput(problem, field=field, remedy="Correct the profile")
