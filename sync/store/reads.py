"""The queries behind `core.ports.Reads`, over one connection."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from core.ledger.event import Entry, read_body, read_leaf
from core.lifecycle import OPEN
from core.records import (
    ChangeRow,
    ConfigRow,
    DecisionRow,
    ExceptionRow,
    FindingRow,
    FreezeRow,
    NoticeRow,
    OutputRow,
    ProposalRow,
    WriteRow,
)
from core.records_consent import HoldRow
from core.records_failure import FailureRow
from core.records_pause import UnsettledRow
from sync.store.audit_reads import AuditReads
from sync.store.connection import Connection
from sync.store.context_reads import ContextReads
from sync.store.hand_reads import HandReads
from sync.store.incident_reads import IncidentReads
from sync.store.kept import Kept, Made
from sync.store.kept_reads import KeptReads, first
from sync.store.learnt_reads import LearntReads
from sync.store.metric_reads import MetricReads
from sync.store.queue_reads import QueueReads
from sync.store.recheck_reads import RecheckReads
from sync.store.rows import Row, select
from sync.store.traffic_reads import TrafficReads

_UNSETTLED = """
SELECT one.proposal, one.idx, change.patient_tag, change.route, one.kind, one.class_, one.opened_at
FROM change JOIN exception AS one ON one.proposal = change.proposal AND one.idx = change.idx
WHERE change.state IN ('exception', 'dead-letter') AND change.ehr = ? AND one.closed_at IS NULL
ORDER BY one.id"""

_UNTOLD = """
WHERE task IS NOT NULL AND (
  SELECT max(state_seq) FROM change WHERE change.proposal = proposal.id
) > coalesce((
  SELECT max(seq) FROM output WHERE output.task = proposal.task AND output.kind = 'outcome'
), -1) ORDER BY seq"""


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """A head published outside the store."""

    size: int
    note: str
    at: str
    reference: str | None


class StoreReads(
    AuditReads,
    QueueReads,
    IncidentReads,
    MetricReads,
    ContextReads,
    HandReads,
    TrafficReads,
    LearntReads,
    RecheckReads,
    KeptReads,
):
    """Implements `core.ports.Reads`."""

    def __init__(self, connection: Connection, kept: Kept | None = None):
        self.connection = connection
        self._kept = kept or Kept(connection)

    def _one(self, row: type[Row], tail: str, *parameters: str | int) -> Row | None:
        found = select(self.connection, row, tail, parameters)
        return found[0] if found else None

    def proposal(self, proposal: str) -> ProposalRow | None:
        """Return one proposal."""
        return first(self._own(ProposalRow, "WHERE id = ?", proposal))

    def same_proposal(self, agent: str, correlation: str) -> ProposalRow | None:
        """Return the proposal of that agent and correlation id."""
        return self._one(ProposalRow, "WHERE agent = ? AND correlation = ?", agent, correlation)

    def proposals_like(self, prefix: str) -> Sequence[ProposalRow]:
        """Return up to two proposals whose id begins with `prefix`."""
        return select(
            self.connection,
            ProposalRow,
            "WHERE id >= ? AND id < ? LIMIT 2",
            (prefix, prefix + "\U0010ffff"),
        )

    def open_proposals(self, agent: str) -> int:
        """Return how many proposals of an agent nobody has finally decided."""
        (found,) = self.connection.execute(
            "SELECT count(DISTINCT proposal) FROM change WHERE agent = ? AND state IN"
            " ('proposed', 'policy-approved', 'pending-human-review', 'deferred', 'expired')",
            (agent,),
        ).fetchone()
        return int(found)

    def nth_newest(self, agent: str, number: int, content: str | None = None) -> str | None:
        """Return when an agent's `number`-th newest proposal came in, of that content if given."""
        wanted = "" if content is None else " AND content_tag = ?"
        given = (agent,) if content is None else (agent, content)
        found = self.connection.execute(
            f"SELECT at FROM proposal WHERE agent = ?{wanted}"  # noqa: S608  no input is in it
            " ORDER BY at DESC LIMIT 1 OFFSET ?",
            (*given, number - 1),
        ).fetchone()
        return None if found is None else str(found[0])

    def changes(self, proposal: str) -> Sequence[ChangeRow]:
        """Return a proposal's changes in order."""
        return select(self.connection, ChangeRow, "WHERE proposal = ? ORDER BY idx", (proposal,))

    def change(self, proposal: str, index: int) -> ChangeRow | None:
        """Return one change."""
        return first(self._own(ChangeRow, "WHERE proposal = ? AND idx = ?", proposal, index))

    def changes_in(self, *states: str) -> Sequence[ChangeRow]:
        """Return the changes in any of `states`, oldest first."""
        marks = ", ".join("?" * len(states))
        return select(
            self.connection,
            ChangeRow,
            f"WHERE state IN ({marks}) ORDER BY state_seq, proposal, idx",
            states,
        )

    def asked_before(self, asked: str) -> Sequence[ChangeRow]:
        """Return the changes whose agents asked for the same, newest first, a hundred at most."""
        tail = "WHERE asked = ? ORDER BY state_seq DESC LIMIT 100"
        return select(self.connection, ChangeRow, tail, (asked,))

    def open_creates(self, patient_tag: str, type_: str) -> Sequence[ChangeRow]:
        """Return the open changes that would create a resource of a type for one patient."""
        states = sorted(OPEN)
        return select(
            self.connection,
            ChangeRow,
            f"WHERE patient_tag = ? AND type = ? AND op = 'create'"
            f" AND state IN ({', '.join('?' * len(states))}) ORDER BY proposal, idx",
            (patient_tag, type_, *states),
        )

    def decisions(self, proposal: str, index: int) -> Sequence[DecisionRow]:
        """Return every decision on one change, oldest first, void ones included."""
        return self._own(
            DecisionRow, "WHERE proposal = ? AND idx = ? ORDER BY seq", proposal, index
        )

    def write(self, operation: str) -> WriteRow | None:
        """Return the write of one operation."""
        return first(self._own(WriteRow, "WHERE operation = ?", operation))

    def failure(self, operation: str) -> FailureRow | None:
        """Return the newest failure of one operation's write, ended or not."""
        return first(self._own(FailureRow, "WHERE operation = ?", operation))

    def exceptions(self, proposal: str, index: int) -> Sequence[ExceptionRow]:
        """Return the open exceptions of one change."""
        return select(
            self.connection,
            ExceptionRow,
            "WHERE proposal = ? AND idx = ? AND closed_at IS NULL ORDER BY id",
            (proposal, index),
        )

    def unsettled(self, ehr: str) -> Sequence[UnsettledRow]:
        """Return the open exceptions of changes that ended as one on an EHR, oldest first."""
        found = self.connection.execute(_UNSETTLED, (ehr,))
        return [UnsettledRow(*row) for row in found]

    def proposal_of_task(self, task: str) -> ProposalRow | None:
        """Return the proposal that was admitted from a Task of the hub."""
        return self._one(ProposalRow, "WHERE task = ?", task)

    def outputs(self, task: str) -> Sequence[OutputRow]:
        """Return what this gateway signed for a Task, in order."""
        return select(self.connection, OutputRow, "WHERE task = ? ORDER BY seq", (task,))

    def found(self, task: str, code: str) -> bool:
        """Tell whether a finding of that code about a Task is recorded already."""
        return self._one(FindingRow, "WHERE task = ? AND code = ?", task, code) is not None

    def open_findings(self) -> Sequence[FindingRow]:
        """Return what was found about Tasks and not closed, oldest first."""
        return select(self.connection, FindingRow, "WHERE closed_at IS NULL ORDER BY id")

    def decided(self, digest: str) -> bool:
        """Tell whether the decision with that statement digest is in this ledger."""
        return self._one(DecisionRow, "WHERE digest = ?", digest) is not None

    def hub_proposals(self) -> Sequence[ProposalRow]:
        """Return the proposals that came from the hub, oldest first."""
        return select(self.connection, ProposalRow, "WHERE task IS NOT NULL ORDER BY seq")

    def untold(self) -> Sequence[ProposalRow]:
        """Return the proposals from the hub that moved since their Task was last answered."""
        return select(self.connection, ProposalRow, _UNTOLD)

    def freezes(self) -> Sequence[FreezeRow]:
        """Return the freezes in force."""
        return self._all(FreezeRow, "WHERE lifted_at IS NULL ORDER BY at, id")

    def notices(self, proposal: str, index: int) -> Sequence[NoticeRow]:
        """Return what somebody was told, or has to be told, about one change, oldest first."""
        tail = "WHERE proposal = ? AND idx = ? ORDER BY seq"
        return select(self.connection, NoticeRow, tail, (proposal, index))

    def holds(self) -> Sequence[HoldRow]:
        """Return the changes that wait until Consents can be read, the next due first."""
        return select(self.connection, HoldRow, "WHERE ended IS NULL ORDER BY due, proposal, idx")

    def untold_notices(self) -> Sequence[NoticeRow]:
        """Return the notices that are not delivered, oldest first."""
        return select(self.connection, NoticeRow, "WHERE delivered_at IS NULL ORDER BY seq")

    def open_exceptions(self) -> Sequence[ExceptionRow]:
        """Return every open exception, oldest first."""
        return select(self.connection, ExceptionRow, "WHERE closed_at IS NULL ORDER BY id")

    def anchor(self, place: str) -> AnchorRow | None:
        """Return the newest head that is known to be published at `place`."""
        found = self.connection.execute(
            "SELECT size, note, at, reference FROM anchor WHERE place = ?", (place,)
        ).fetchone()
        return None if found is None else AnchorRow(*found)

    def save_anchor(self, place: str, anchor: AnchorRow) -> None:
        """Remember what was published; a cache, not ledger state."""
        self.connection.execute(
            "INSERT OR REPLACE INTO anchor (place, size, note, at, reference)"
            " VALUES (?, ?, ?, ?, ?)",
            (place, anchor.size, anchor.note, anchor.at, anchor.reference),
        )

    def config(self, kind: str) -> ConfigRow | None:
        """Return the document in force."""
        return first(self._all(ConfigRow, "WHERE kind = ?", kind))

    def while_unchanged(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` made of the documents in force, anew when they may have changed."""
        return self._kept.get(key, make)

    def moment(self) -> AbstractContextManager[None]:
        """Read as of one moment within the block, in which nothing may be awaited."""
        return self._kept.moment()

    def entry(self, seq: int) -> Entry | None:
        """Return an event with its body, if that was not erased."""
        return self._kept.get(("entry", seq), lambda: self._entry(seq), (("leaf", seq),))

    def _entry(self, seq: int) -> Entry | None:
        found = self.connection.execute(
            "SELECT leaf.leaf, body.body FROM leaf LEFT JOIN body USING (seq) WHERE leaf.seq = ?",
            (seq,),
        ).fetchone()
        return None if found is None else _entry(seq, *found)

    def trail(self, proposal: str) -> Sequence[Entry]:
        """Return every event about a proposal, in order."""
        found = self.connection.execute(
            "SELECT leaf.seq, leaf.leaf, body.body FROM leaf LEFT JOIN body USING (seq)"
            " WHERE leaf.proposal = ? ORDER BY leaf.seq",
            (proposal,),
        ).fetchall()
        return [_entry(*row) for row in found]


def _entry(seq: int, leaf: bytes, body: bytes | None) -> Entry:
    return Entry(seq, read_leaf(leaf), None if body is None else read_body(body))
