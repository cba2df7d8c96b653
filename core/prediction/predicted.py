"""One thing that an EHR is expected to do to a write."""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import JsonObject
from core.discrepancy import CLASSES, Class, Discrepancy
from core.profile.facts import Basis

_LOUD = frozenset(CLASSES[CLASSES.index("changed") :])


@dataclass(frozen=True, slots=True)
class Predicted:
    """One thing that the EHR will do.

    `class_` is that of the differences it makes, None where it makes none in the resource (a
    missing signature, say). `sure` is False where it is not known whether it will happen; what is
    not sure is not scored. `words` hold no value of the chart.
    """

    fact: str
    """Static, from the profile: `truncate Patient.name.family`, `persisted_state`."""
    words: str
    basis: Basis
    class_: Class | None = None
    differences: tuple[Discrepancy, ...] = ()
    sure: bool = True
    refuses: bool = False
    """The EHR would not take it at all."""

    @property
    def is_loud(self) -> bool:
        """Whether nobody may overlook it."""
        return self.refuses or self.class_ in _LOUD

    def as_json(self, *, values: bool = True) -> JsonObject:
        """Return it for `show --json`; without `values` where labels hide them."""
        day = self.basis.captured_on
        differences = [item.as_json() for item in self.differences]
        if not values:
            differences = [{"path": item["path"], "class": item["class"]} for item in differences]
        return {
            "fact": self.fact,
            "words": self.words,
            "class": self.class_,
            "sure": self.sure,
            "refuses": self.refuses,
            "differences": differences,
            "source": self.basis.source,
            "grade": self.basis.grade,
            "captured_on": None if day is None else day.isoformat(),
            "second_hand": self.basis.second_hand,
        }
