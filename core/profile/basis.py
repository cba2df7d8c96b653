"""Reading where a statement of a profile comes from, and refusing one that does not say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.errors import BadInput
from core.profile.document import Based, SourceEntry
from core.profile.facts import GRADES, NOWHERE, Basis

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Where:
    """The sources that the document lists."""

    sources: Mapping[str, Basis]

    def plainly(self, told: Any) -> Basis:
        """Return the basis of an entry of version 1, as far as it says one."""
        if not isinstance(told, dict) or not isinstance(told.get("source"), str):
            return NOWHERE
        day, grade = told.get("captured_on"), told.get("grade")
        return Basis(
            told["source"],
            day if isinstance(day, date) else None,
            grade if grade in GRADES else "unknown",
            str(told.get("words", "")),
        )


def sources_of(listed: Mapping[str, SourceEntry]) -> dict[str, Basis]:
    """Return the document's list of sources."""
    return {
        key: Basis(one.source, one.captured_on, one.grade, "", one.second_hand)
        for key, one in listed.items()
    }


def basis_of(where: Where, field: str, entry: Based, *, unknown: bool = False) -> Basis:
    """Return the basis of an entry, from its own words or from the source that it names.

    BadInput where source, day or grade is missing, or where grade and value do not agree on
    whether anything is known.
    """
    listed = where.sources.get(entry.source)
    if listed is None and entry.captured_on is None:
        raise bad(f"{field}.captured_on", "is missing, and the source is none of [sources]")
    day = entry.captured_on or (None if listed is None else listed.captured_on)
    grade = entry.grade or (None if listed is None else listed.grade)
    if grade is None:
        raise bad(f"{field}.grade", f"is missing; it is one of {', '.join(GRADES)}")
    if (grade == UNKNOWN) != unknown:
        told = "says unknown of what has a value" if not unknown else "is not unknown, the value is"
        raise bad(f"{field}.grade", told)
    return Basis(
        entry.source if listed is None else listed.source,
        day,
        grade,
        entry.words,
        listed is not None and listed.second_hand,
    )


def bad(field: str, problem: str) -> BadInput:
    """Return the error about one field of a profile."""
    return BadInput(problem, field=field, remedy="Correct the profile")
