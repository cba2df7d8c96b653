"""What was seen of the hub and how far our statements came: caches, never the truth.

All of it may be lost: the next pull sees everything again, and what it finds recorded in the ledger
is not done twice. Source: design §4, hub-protocol §7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.ledger.event import instant, moment
from core.records import OutputRow
from sync.store.connection import Connection
from sync.store.rows import COLUMNS

WAITING = ("fresh", "waiting", "throttled")
_SEEN = "reference, version, state, digest, statement, proposal, losses"


@dataclass(frozen=True, slots=True)
class SeenRow:
    """A Task as it was last seen; `statement` only while it waits to be admitted."""

    reference: str
    version: str
    state: str
    digest: str | None = None
    statement: str | None = None
    proposal: str | None = None
    losses: int = 0


class Seen:
    """The cursors, the Tasks and the outbox, over the store's connection."""

    def __init__(self, connection: Connection):
        self._execute = connection.execute

    def cursor(self, place: str) -> datetime | None:
        """Return up to which server time `place` was pulled whole."""
        found = self._execute("SELECT since FROM cursor WHERE place = ?", (place,)).fetchone()
        return None if found is None else moment(found[0])

    def advance(self, place: str, at: datetime) -> None:
        """Move the cursor; only after every page is committed."""
        self._execute(
            "INSERT INTO cursor (place, since) VALUES (?, ?)"
            " ON CONFLICT (place) DO UPDATE SET since = excluded.since",
            (place, instant(at)),
        )

    def compared(self, place: str) -> datetime | None:
        """Return when everything at `place` was last compared."""
        found = self._execute("SELECT compared FROM cursor WHERE place = ?", (place,)).fetchone()
        return None if found is None or found[0] is None else moment(found[0])

    def mark_compared(self, place: str, at: datetime) -> None:
        """Remember that everything at `place` was compared."""
        self._execute("UPDATE cursor SET compared = ? WHERE place = ?", (instant(at), place))

    def tasks(self, references: Sequence[str]) -> dict[str, SeenRow]:
        """Return what is known of these Tasks."""
        found = self._execute(
            f"SELECT {_SEEN} FROM seen_task WHERE reference IN ({_marks(references)})",  # noqa: S608
            tuple(references),
        )
        return {row[0]: SeenRow(*row) for row in found}

    def put(self, row: SeenRow) -> None:
        """Remember a Task."""
        self._execute(
            f"INSERT OR REPLACE INTO seen_task ({_SEEN}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                row.reference,
                row.version,
                row.state,
                row.digest,
                row.statement,
                row.proposal,
                row.losses,
            ),
        )

    def versions(self) -> dict[str, str]:
        """Return reference → version of every Task ever seen."""
        return dict(self._execute("SELECT reference, version FROM seen_task").fetchall())

    def waiting(self) -> list[SeenRow]:
        """Return the Tasks that are not admitted yet, in the order they were seen."""
        found = self._execute(
            f"SELECT {_SEEN} FROM seen_task"  # noqa: S608
            f" WHERE state IN ({_marks(WAITING)}) ORDER BY rowid",
            WAITING,
        )
        return [SeenRow(*row) for row in found]

    def in_state(self, state: str) -> list[SeenRow]:
        """Return the Tasks in one state, in the order they were seen."""
        query = f"SELECT {_SEEN} FROM seen_task WHERE state = ? ORDER BY rowid"  # noqa: S608
        return [SeenRow(*row) for row in self._execute(query, (state,))]

    def counts(self) -> dict[str, int]:
        """Return how many Tasks are in each state."""
        found = self._execute("SELECT state, count(*) FROM seen_task GROUP BY state")
        return {str(state): int(count) for state, count in found}

    def provenances(self, references: Sequence[str]) -> dict[str, str]:
        """Return reference → version of those Provenances that were seen."""
        found = self._execute(
            "SELECT reference, version FROM seen_provenance"  # noqa: S608
            f" WHERE reference IN ({_marks(references)})",
            tuple(references),
        )
        return dict(found.fetchall())

    def put_provenance(self, reference: str, version: str) -> None:
        """Remember a Provenance."""
        self._execute(
            "INSERT OR REPLACE INTO seen_provenance (reference, version) VALUES (?, ?)",
            (reference, version),
        )

    def pushed(self, digests: Iterable[str]) -> set[str]:
        """Return those of these statements that are known to stand on the hub."""
        asked = tuple(digests)
        found = self._execute(
            "SELECT digest FROM pushed WHERE state = 'applied'"  # noqa: S608
            f" AND digest IN ({_marks(asked)})",
            asked,
        )
        return {row[0] for row in found}

    def mark(
        self, digest: str, state: str, failure: str | None = None, due: datetime | None = None
    ) -> None:
        """Record how far a statement came: `applied`, `waiting` or `rejected`."""
        self._execute(
            "INSERT INTO pushed (digest, state, attempts, failure, due) VALUES (?, ?, 1, ?, ?)"
            " ON CONFLICT (digest) DO UPDATE SET state = excluded.state,"
            " attempts = attempts + 1, failure = excluded.failure, due = excluded.due",
            (digest, state, failure, None if due is None else instant(due)),
        )

    def attempts(self, digest: str) -> int:
        """Return how often it was tried to bring a statement to its Task."""
        found = self._execute("SELECT attempts FROM pushed WHERE digest = ?", (digest,)).fetchone()
        return 0 if found is None else int(found[0])

    def outbox(self, now: datetime | None) -> list[OutputRow]:
        """Return what is not on its Task yet and due; all that waits where `now` is None."""
        due = "" if now is None else " AND (pushed.due IS NULL OR pushed.due <= ?)"
        found = self._execute(
            f"SELECT {_OUTPUT} FROM output LEFT JOIN pushed USING (digest)"  # noqa: S608
            " WHERE pushed.state IS NULL"
            f" OR (pushed.state = 'waiting'{due}) ORDER BY seq",
            () if now is None else (instant(now),),
        )
        return [OutputRow(*row) for row in found]

    def outbox_counts(self) -> dict[str, int]:
        """Return how many statements wait to be pushed, stand there, or will not be taken."""
        found = self._execute(
            "SELECT coalesce(pushed.state, 'waiting'), count(*) FROM output"
            " LEFT JOIN pushed USING (digest) GROUP BY 1"
        )
        return {str(state): int(count) for state, count in found}


_OUTPUT = ", ".join(f"output.{name}" for name in COLUMNS[OutputRow].split(", "))


def _marks(items: Sequence[object]) -> str:
    return ", ".join("?" * len(items))
