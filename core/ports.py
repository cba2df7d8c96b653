"""What the rules need from outside, as Protocols that `sync` implements and tests fake.

Network ports are async; the ledger is local and its transactions are short, so it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from core.canonical import JsonObject
from core.clock import Bounds
from core.ledger.event import Entry, Event, Interval
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
from core.records_incident import GlassRow, IncidentRow, ManualRow
from core.records_pace import ActRow
from core.records_profile import AnswerRow
from core.records_traffic import BreakerRow
from core.statement import Signer

if TYPE_CHECKING:
    from core.consent.asked import Asked

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

    def entry(self, seq: int) -> Entry | None:
        """Return an event with its body, if that was not erased."""

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


@dataclass(frozen=True, slots=True)
class Fetched:
    """A resource as an EHR returned it."""

    resource: JsonObject
    version: str
    redacted: bool = False
    """Marked redacted or SUBSETTED: never the base of a PUT."""

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.resource.get('resourceType')}/{self.resource.get('id')}"


@dataclass(frozen=True, slots=True)
class Capability:
    """What the EHR's CapabilityStatement says of one type."""

    create: bool
    update: bool
    update_create: bool
    conditional_create: bool
    versioned: bool
    search: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One FHIR write, complete: nothing is added to it on the way."""

    method: str
    type: str
    id: str | None
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What the EHR answered to a write."""

    status: int
    version: str | None
    location: str | None
    """`Type/id` of the written resource, where the answer names one."""
    resource: JsonObject | None
    issues: tuple[str, ...] = ()
    """OperationOutcome issue codes."""
    codes: tuple[str, ...] = ()
    """The server's own numbers in the details of those issues; digits only."""
    failing: bool = False
    """An issue says `error` or `fatal`, whatever the status says."""
    body_status: str | None = None
    """The number in `status` of a body that is no FHIR resource."""
    retry_after: float | None = None
    """How many seconds the server asks to wait."""


class NotSent(Exception):
    """No byte of the request left: it is safe to try again from the first guard."""


class OutcomeUnknown(Exception):
    """A byte may have left and no answer was read: never resent blindly."""


class Grant(Protocol):
    """A write token, held in memory only."""

    @property
    def scope(self) -> str:
        """The SMART scope that it was granted."""

    def alive(self) -> bool:
        """Tell whether enough of its life is left to send with."""


class Ehr(Protocol):
    """One FHIR server that is written to."""

    name: str
    base_url: str

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        """Read `Type/id`, or that version of it; None when there is none. Raises Unreachable."""

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        """Return all matches. Raises Unreachable."""

    async def capability(self, type_: str) -> Capability:
        """Return what the server says it can do. Raises Unreachable."""

    async def grant(self, scope: str) -> Grant:
        """Return a write token of exactly that scope. Raises Unreachable or Refused."""

    async def send(
        self, request: Request, grant: Grant, before_first_byte: Callable[[], None]
    ) -> Response:
        """Send a write; `before_first_byte` runs when all is connected and may raise to stop it.

        Raises NotSent when nothing left (or what `before_first_byte` raised), OutcomeUnknown when
        something may have.
        """


class ReadConsents(Protocol):
    """A patient's Consents as they were read at one moment."""

    @property
    def at(self) -> datetime:
        """When they were read."""

    def answer(self, asked: Asked) -> str:
        """Return one line about one change, as `core.consent.answer` explains it."""


class Consents(Protocol):
    """Where a patient's Consents are read."""

    async def read(self, ehr: Ehr, patient: str, *, fresh: bool = False) -> ReadConsents:
        """Return the Consents of `Patient/id`, read anew where `fresh`, else perhaps kept ones.

        Raises Unreachable or Refused.
        """
