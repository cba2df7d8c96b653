"""The words of a comparison: classes, one difference, the whole result.

Source: design §10 (the classes and what each leads to), design §13 (the shape of `diff --json`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, TypeAlias, get_args

from core.canonical import Json, JsonObject

Class = Literal[
    "identical", "bookkeeping", "equivalent", "enriched", "lossy", "changed", "critical"
]
CLASSES: Final[tuple[Class, ...]] = get_args(Class)
"""The classes in increasing severity."""

VERIFIED: Final[frozenset[Class]] = frozenset(CLASSES[: CLASSES.index("enriched") + 1])
"""The classes with which a write counts as verified; all others need a person."""

_SEVERITY: Final = {name: rank for rank, name in enumerate(CLASSES)}


class Missing(Enum):
    """The one value that says "not there", which JSON's null does not."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
Side: TypeAlias = Json | Missing


def worst(classes: Iterable[Class]) -> Class:
    """Return the most severe class; of none, `identical`."""
    return max(classes, key=_SEVERITY.__getitem__, default="identical")


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One difference.

    `path` carries the intended side's indexes (the persisted side's where only that has the item);
    `reason` is one sentence for a reviewer and holds nothing from the chart; a side that has no
    such element is `MISSING`.
    """

    path: str
    class_: Class
    reason: str
    intended: Side
    persisted: Side

    def as_json(self) -> JsonObject:
        """Return `{path, class, reason, intended?, persisted?}`; an absent side is left out."""
        found: JsonObject = {"path": self.path, "class": self.class_, "reason": self.reason}
        if not isinstance(self.intended, Missing):
            found["intended"] = self.intended
        if not isinstance(self.persisted, Missing):
            found["persisted"] = self.persisted
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of one comparison.

    `class_` is the worst class among `differences`; `examined` counts the leaf values looked at
    on either side. With 0 examined nothing was compared, and the caller must not call it verified.
    """

    class_: Class
    differences: tuple[Discrepancy, ...]
    examined: int
