"""What a reviewer reads of a failed write: the class in words, the vendor's own, and the remedy.

Source: design §9. Nothing of what the server wrote is shown; the vendor's words are those of its
adopted profile, looked up by a code that the profile knows.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import JsonObject
from core.errors import CountersignError
from core.failure.classes import GUIDE, Action, Failure
from core.failure.dialect import PLAIN, Dialect, dialect_in_force
from core.lifecycle import State
from core.ports import Reads
from core.records import ChangeRow
from core.records_failure import FailureRow

UNDER_WAY = frozenset(
    {
        State.READY,
        State.SENDING,
        State.AMBIGUOUS,
        State.HELD_BY_EHR,
        State.REFUSED,
        State.DEAD_LETTER,
        State.EXCEPTION,
    }
)
"""States in which a failure still stands between a change and the chart."""


@dataclass(frozen=True, slots=True)
class Said:
    """One failure of one write, for people."""

    failure: Failure
    code: str | None = None
    """The EHR's own number, where its profile knows it."""
    vendor: str = ""
    """What the vendor says that the number means."""
    due: str | None = None
    """When it is sent, read or looked for again."""
    deadline: str | None = None
    tries: int = 1

    @property
    def action(self) -> Action:
        """The one action of its class."""
        return GUIDE[self.failure].action

    @property
    def words(self) -> str:
        """What is the matter, in one sentence."""
        return GUIDE[self.failure].words

    @property
    def remedy(self) -> str:
        """What is done about it, and by whom."""
        return GUIDE[self.failure].remedy

    def lines(self) -> list[str]:
        """Return it in plain words, line by line."""
        found = [self.words]
        if self.code is not None:
            found.append(f"The EHR's code {self.code}: {self.vendor}".removesuffix(": "))
        elif self.vendor:
            found.append(f"This EHR: {self.vendor}")
        if self.due is not None:
            again = f"again at {self.due}"
            found.append(again if self.deadline is None else f"{again}, until {self.deadline}")
        return [*found, self.remedy]

    def as_json(self) -> JsonObject:
        """Return it for `--json`; its keys are API."""
        return {
            "class": str(self.failure),
            "action": str(self.action),
            "code": self.code,
            "words": " ".join(self.lines()[:-1]),
            "remedy": self.remedy,
            "due": self.due,
            "deadline": self.deadline,
        }


def said_of(row: FailureRow, dialect: Dialect = PLAIN, status: int | None = None) -> Said | None:
    """Return the words of a recorded failure; None for a class that this release lacks.

    `status` is the HTTP status that it came with, where that is known.
    """
    try:
        failure = Failure(row.failure)
    except ValueError:
        return None
    return Said(
        failure, row.code, _vendor(row, failure, dialect, status), row.due, row.deadline, row.tries
    )


def _vendor(row: FailureRow, failure: Failure, dialect: Dialect, status: int | None) -> str:
    """Return the vendor's words for the code, else those of its only row for a status."""
    if row.code is not None:
        known = dialect.by_code((row.code,)) or dialect.by_token(row.code)
        return "" if known is None else known.words
    own = {
        one.words
        for one in dialect.rows
        if not one.codes and one.failure == failure and status is not None and one.covers(status)
    }
    if not own and status is None and failure == Failure.THROTTLED:
        own = {one.words for one in dialect.tokens if one.failure == failure}
    return own.pop() if len(own) == 1 else ""


def said(reads: Reads, change: ChangeRow) -> Said | None:
    """Return what stands between a change and the chart now; None where its write did not fail."""
    row = reads.failure(change.operation)
    if row is None or row.ended is not None or change.state not in UNDER_WAY:
        return None
    try:
        dialect = dialect_in_force(reads, change.ehr)
    except CountersignError:
        dialect = PLAIN
    written = reads.write(change.operation)
    return said_of(row, dialect, None if written is None else written.status)
