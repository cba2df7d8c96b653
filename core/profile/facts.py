"""One fact of a profile: what is known, from where, since when, and how well.

Grades: `measured` (seen by us), `documented` (the vendor's or HL7's own words or statement),
`assumed` (somebody else's words, or a cautious guess), `unknown` (looked for, not found).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, TypeAlias, TypeVar

Grade: TypeAlias = Literal["measured", "documented", "assumed", "unknown"]
GRADES: tuple[Grade, ...] = ("measured", "documented", "assumed", "unknown")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Basis:
    """Where a statement comes from; `second_hand` is true of somebody else's words."""

    source: str
    captured_on: date | None
    grade: Grade
    words: str = ""
    second_hand: bool = False


NOWHERE = Basis("the profile does not say", None, "unknown")
ASSUMED = Basis("made up for a trial", None, "assumed")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A value with its basis; `value` is None where it is unknown."""

    value: T | None = None
    basis: Basis = NOWHERE

    @property
    def is_known(self) -> bool:
        """Whether there is a value at all."""
        return self.value is not None
