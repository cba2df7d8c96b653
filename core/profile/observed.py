"""What an EHR was seen to do with our writes: a pure fold of its answers and reconciliations.

Source: docs/adr/0027; design §10 (learned from receipts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from core.canonical import JsonObject, exact
from core.discrepancy import VERIFIED
from core.profile.facts import Basis, Grade
from core.profile.profile import Says
from core.profile.writes import Told
from core.records_profile import CLIENT_IDS, NOT_THERE, TAKEN, AnswerRow

IN_A_ROW = 3
"""So many such answers, and none that took a write between them, are a no."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of one type and interaction, in counts."""

    type: str
    op: str
    taken: int = 0
    refusals: Mapping[str, int] | None = None
    """By failure class, with the EHR's own code after a colon where one is known."""
    rungs: Mapping[str, int] | None = None
    classes: Mapping[str, int] | None = None
    """Of those taken, by the class of their newest reconciliation; `unchecked` for none yet."""
    last: str = ""

    def as_json(self) -> JsonObject:
        """Return the form of `--json`."""
        return {
            "type": self.type,
            "op": self.op,
            "taken": exact(self.taken),
            "refusals": exact(dict(self.refusals or {})),
            "rungs": exact(dict(self.rungs or {})),
            "reconciled": exact(dict(self.classes or {})),
            "last": self.last,
        }

    @property
    def changed(self) -> int:
        """How many of those taken came to something else than what was sent."""
        kept = {"unchecked", *VERIFIED}
        return sum(count for class_, count in (self.classes or {}).items() if class_ not in kept)


def observed(rows: Iterable[AnswerRow]) -> tuple[Observed, ...]:
    """Return what the answers add up to, by type and interaction; rows in any order."""
    groups: dict[tuple[str, str], list[AnswerRow]] = {}
    for row in rows:
        groups.setdefault((row.type, row.op), []).append(row)
    return tuple(_one(type_, op, found) for (type_, op), found in sorted(groups.items()))


def _one(type_: str, op: str, rows: Sequence[AnswerRow]) -> Observed:
    taken = [row for row in rows if is_taken(row)]
    refused = (row for row in rows if not is_taken(row) and row.failure)
    return Observed(
        type_,
        op,
        len(taken),
        _counted(f"{row.failure}:{row.code}" if row.code else str(row.failure) for row in refused),
        _counted(row.rung for row in taken),
        _counted(row.class_ or "unchecked" for row in taken),
        max(row.at for row in rows),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def is_taken(row: AnswerRow) -> bool:
    """Tell whether the EHR took a write, as it said or as reading back showed."""
    return row.state in TAKEN or row.class_ is not None


def is_not_there(row: AnswerRow) -> bool:
    """Tell whether the EHR said that it has no such interaction."""
    return row.status in NOT_THERE and row.rung != CLIENT_IDS and not is_taken(row)


def tells(row: AnswerRow) -> bool:
    """Tell whether an answer says anything of whether there is such a write."""
    return is_taken(row) or is_not_there(row)


def says(rows: Iterable[AnswerRow]) -> Told:
    """Return what the answers of one type and interaction say on the axis; newest first.

    The newest telling answers decide; what was refused for its content tells nothing.
    """
    told = [row for row in rows if tells(row)][:IN_A_ROW]
    said: Says = "unknown"
    if any(is_taken(row) for row in told):
        said = "yes"
    elif len(told) == IN_A_ROW:
        said = "no"
    if not told:
        return Told("observed", said, Basis("no write of this kind was answered", None, "unknown"))
    words = f"the last {len(told)} telling answers: {', '.join(_words(row) for row in told)}"
    grade: Grade = "unknown" if said == "unknown" else "measured"
    day = date.fromisoformat(told[0].at[:10])
    return Told("observed", said, Basis("what this EHR answered here", day, grade, words))


def _words(row: AnswerRow) -> str:
    return "taken" if is_taken(row) else f"HTTP {row.status}"
