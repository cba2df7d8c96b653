"""What the rules need from outside, as Protocols that `sync` implements and tests fake.

Network ports are async; the ledger is local and its transactions are short, so it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from core.clock import Bounds
from core.ledger.event import Entry, Event, Interval
from core.ports_ehr import (
    NO_SCOPE,
    AskedLess,
    Capability,
    Consents,
    Ehr,
    Fetched,
    Grant,
    NoToken,
    NotSent,
    OutcomeUnknown,
    ReadConsents,
    Request,
    Response,
)
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
from core.records_failure import FailureRow, RefusedRow
from core.records_incident import GlassRow, IncidentRow, ManualRow
from core.records_learnt import Told
from core.records_pace import ActRow
from core.records_pause import UnsettledRow
from core.records_profile import AnswerRow
from core.records_recheck import CorrectionRow, RecheckRow
from core.records_traffic import BreakerRow
from core.statement import Signer

__all__ = [
    "NO_SCOPE",
    "AskedLess",
    "Capability",
    "Clock",
    "Consents",
    "Ehr",
    "Fetched",
    "Grant",
    "Ids",
    "Keys",
    "Ledger",
    "NoToken",
    "NotSent",
    "OutcomeUnknown",
    "ReadConsents",
    "Reads",
    "Request",
    "Response",
    "Transaction",
]

Made = TypeVar("Made")


class Clock(Protocol):
    """The time, as far as it is known."""

    def now(self) -> datetime:
        """Return the local time in UTC."""

    def bounds(self) -> Bounds:
        """Return the earliest and latest time that all believed sources tell."""

    def hear(self, source: str, told: datetime) -> None:
        """Take up what time a source tells at this moment."""


class Ids(Protocol):
    """Unguessable identifiers."""

    def uuid(self) -> str:
        """Return a random UUID."""

    def nonce(self) -> str:
        """Return 128 random bits as 32 hex characters."""


class Keys(Protocol):
    """The private keys of this workspace."""

    pepper: bytes
    """Secret of this workspace that patient tags are made with."""

    def signer(self, name: str) -> Signer:
        """Return the signer called `reviewer`, `submitter`, `gateway` or `checkpoint`."""

    def public(self, name: str) -> str:
        """Return its base64url public key."""


class Reads(Protocol):
    """What the ledger's events add up to."""

    def proposal(self, proposal: str) -> ProposalRow | None:
        """Return one proposal."""

    def same_proposal(self, agent: str, correlation: str) -> ProposalRow | None:
        """Return the proposal of that agent and correlation id."""

    def open_proposals(self, agent: str) -> int:
        """Return how many proposals of an agent nobody has finally decided."""

    def nth_newest(self, agent: str, number: int, content: str | None = None) -> str | None:
        """Return when an agent's `number`-th newest proposal came in, of that content if given."""

    def changes(self, proposal: str) -> Sequence[ChangeRow]:
        """Return a proposal's changes in order."""

    def change(self, proposal: str, index: int) -> ChangeRow | None:
        """Return one change."""

    def changes_in(self, *states: str) -> Sequence[ChangeRow]:
        """Return the changes in any of `states`, oldest first."""

    def asked_before(self, asked: str) -> Sequence[ChangeRow]:
        """Return the changes whose agents asked for the same, newest first, a hundred at most."""

    def open_creates(self, patient_tag: str, type_: str) -> Sequence[ChangeRow]:
        """Return the open changes that would create a resource of a type for one patient."""

    def decisions(self, proposal: str, index: int) -> Sequence[DecisionRow]:
        """Return every decision on one change, oldest first, void ones included."""

    def write(self, operation: str) -> WriteRow | None:
        """Return the write of one operation."""

    def failure(self, operation: str) -> FailureRow | None:
        """Return the newest failure of one operation's write, ended or not."""

    def exceptions(self, proposal: str, index: int) -> Sequence[ExceptionRow]:
        """Return the open exceptions of one change."""

    def unsettled(self, ehr: str) -> Sequence[UnsettledRow]:
        """Return the open exceptions of changes that ended as one on an EHR, oldest first."""

    def open_exceptions(self) -> Sequence[ExceptionRow]:
        """Return every open exception, oldest first."""

    def recheck(self, operation: str) -> RecheckRow | None:
        """Return when one write is looked at again."""

    def rechecks_due(self, at: str, limit: int) -> Sequence[ChangeRow]:
        """Return the written changes that are to be looked at again by a time, longest due first.

        Those that were verified, and those of which a person asked it.
        """

    def writes_at(self, ehr: str, location: str) -> Sequence[WriteRow]:
        """Return our writes that stand in one resource, oldest first."""

    def entered(self, ehr: str, patient_tag: str) -> Sequence[ChangeRow]:
        """Return a patient's changes that were entered by hand and read in the chart."""

    def open_corrections(self) -> Sequence[CorrectionRow]:
        """Return the corrections that are asked for and not proposed, oldest first."""

    def corrects(self, proposal: str) -> CorrectionRow | None:
        """Return what a proposal puts right, where it is a correction."""

    def corrections(self, proposal: str, index: int) -> Sequence[CorrectionRow]:
        """Return the corrections that were asked for of one change, oldest first."""

    def proposal_of_task(self, task: str) -> ProposalRow | None:
        """Return the proposal that was admitted from a Task of the hub."""

    def outputs(self, task: str) -> Sequence[OutputRow]:
        """Return what this gateway signed for a Task, in order."""

    def decided(self, digest: str) -> bool:
        """Tell whether the decision with that statement digest is in this ledger."""

    def hub_proposals(self) -> Sequence[ProposalRow]:
        """Return the proposals that came from the hub, oldest first."""

    def untold(self) -> Sequence[ProposalRow]:
        """Return those of them that moved since their Task was last answered."""

    def open_findings(self) -> Sequence[FindingRow]:
        """Return what was found about Tasks and not closed, oldest first."""

    def found(self, task: str, code: str) -> bool:
        """Tell whether a finding of that code about a Task is recorded already."""

    def freezes(self) -> Sequence[FreezeRow]:
        """Return the freezes in force."""

    def notices(self, proposal: str, index: int) -> Sequence[NoticeRow]:
        """Return what somebody was told, or has to be told, about one change, oldest first."""

    def untold_notices(self) -> Sequence[NoticeRow]:
        """Return the notices that are not delivered, oldest first."""

    def urgent(self, *states: str) -> Sequence[ChangeRow]:
        """Return the changes in any of `states` that are urgent or needed by a time."""

    def open_incidents(self) -> Sequence[IncidentRow]:
        """Return the open incidents, oldest first."""

    def incident(self, incident: str) -> IncidentRow | None:
        """Return one incident."""

    def incidents(self, proposal: str, index: int) -> Sequence[IncidentRow]:
        """Return the incidents about one change, closed ones included, oldest first."""

    def manual(self, operation: str) -> ManualRow | None:
        """Return the entry by hand that spent an operation."""

    def broken_glass(self, proposal: str, index: int) -> Sequence[GlassRow]:
        """Return every breaking of the glass for one change, oldest first."""

    def holds(self) -> Sequence[HoldRow]:
        """Return the changes that wait until Consents can be read, the next due first."""

    def acts_by(self, reviewer: str, limit: int) -> Sequence[ActRow]:
        """Return a person's newest acts, newest first; approvals only where they were measured."""

    def recent_fates(self, ehr: str, type_: str) -> Sequence[Told]:
        """Return how often labels of ours were kept and dropped in the newest writes of a type."""

    def refused_access(self) -> Sequence[RefusedRow]:
        """Return which EHRs refuse access (`core.records_failure.refuses_access`), by name."""

    def breaker(self, ehr: str) -> BreakerRow | None:
        """Return the circuit breaker of one EHR, if it ever opened."""

    def unchecked(self, ehr: str, most: int) -> int:
        """Return how many writes to an EHR are sent and not settled; counts up to `most`."""

    def answered_since(self, agent: str, ehr: str, at: str) -> Sequence[str | None]:
        """Return the failure, or None, of an agent's newest writes to an EHR answered since."""

    def answers(
        self, ehr: str, most: int, type_: str | None = None, op: str | None = None
    ) -> Sequence[AnswerRow]:
        """Return what writes to an EHR were answered, newest first, of one kind if named.

        Only the `most` newest operations of the ledger are looked at.
        """

    def telling(self, ehr: str, type_: str, op: str, since: int, most: int) -> Sequence[AnswerRow]:
        """Return the newest answers later than `since` that tell whether there is such a write.

        Those are the ones of `core.profile.observed.tells`, newest first, at most `most`. Only the
        RECENT (core.records_profile) newest answers of the ledger are looked at.
        """

    def not_there(self, since: int) -> bool:
        """Tell whether an EHR answered a write since that it has no such interaction.

        Those are the answers with a status of NOT_THERE (core.records_profile), of any EHR.
        """

    def waiting_reviews(self) -> int:
        """Return how many changes wait for a person's decision now."""

    def decided_since(self, at: str) -> int:
        """Return how many decisions people made at or after a time."""

    def config(self, kind: str) -> ConfigRow | None:
        """Return the document in force."""

    def while_unchanged(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` makes of the documents in force and their adoptions.

        It may be what it made before under the same `key`, unless anything of them may have
        changed since.
        """

    def moment(self) -> AbstractContextManager[None]:
        """Read as of one moment: what other processes commit within the block comes after it.

        Nothing may be awaited within. Outside of a transaction, what is read may be old already.
        """

    def entry(self, seq: int) -> Entry | None:
        """Return an event with its body, if that was not erased; it is shared, so never changed."""

    def trail(self, proposal: str) -> Sequence[Entry]:
        """Return every event about a proposal, in order."""


class Transaction(Reads, Protocol):
    """One atomic step: reads and appends see and make one state of the ledger."""

    @property
    def size(self) -> int:
        """The number of events, those of this transaction included."""

    @property
    def clock(self) -> Interval:
        """The bounds of the true time; `hi` never goes back from one event to the next."""

    def append(self, event: Event) -> Entry:
        """Append one event and project it; raises IllegalTransition."""

    def holds_lease(self, epoch: int) -> bool:
        """Tell whether `epoch` is the newest lease of this workspace's gateway."""


class Ledger(Reads, Protocol):
    """The workspace's ledger."""

    @property
    def id(self) -> str:
        """Thumbprint of the first checkpoint key."""

    def interval(self) -> Interval:
        """Return the bounds of the true time; `hi` is never below that of any event."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin an immediate transaction; it commits durably when the block ends without error."""
