"""What the console needs of an opened workspace; `console.bootstrap.Opened` is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from console.watch import Watch
    from core.audit.reads import AuditReads
    from core.audit.verify import Tell, Verified
    from core.incident.summary import SummaryReads
    from core.ledger.event import Interval
    from core.ports import Clock
    from core.queue import Page, Spot, View
    from core.records import ChangeRow, ExceptionRow, NoticeRow, ProposalRow
    from core.records_context import Kept
    from core.review.attention import Attention
    from core.workspace import Workspace

    class StoreReads(SummaryReads, AuditReads, Protocol):
        """Every read of the store that the console makes."""

        @property
        def size(self) -> int:
            """The number of events."""

        def interval(self) -> Interval:
            """Return the bounds of the true time."""

        def untold_notices(self) -> Sequence[NoticeRow]:
            """Return the notices that are not delivered, oldest first."""

        def open_exceptions(self) -> Sequence[ExceptionRow]:
            """Return every open exception."""

        def state_counts(self) -> dict[str, int]:
            """Return how many changes are in each state."""

        def queue_page(
            self,
            view: View,
            now: datetime,
            as_of: int,
            after: Spot | None = None,
            skip: int = 0,
        ) -> Page:
            """Return the next rows of the queue after a place."""

        def queue_before(
            self,
            view: View,
            now: datetime,
            as_of: int,
            before: Spot | None = None,
            skip: int = 0,
        ) -> Page:
            """Return the rows just before a place, or the last ones; plain views only."""

        def queue_rank(self, view: View, as_of: int, spot: Spot) -> int:
            """Return how many entries of a plain view stand before a place."""

        def queue_newer(self, view: View, now: datetime, as_of: int) -> Mapping[str, int]:
            """Return how many of each urgency came since event `as_of`."""

        def changes_named(self, keys: Iterable[tuple[str, int]]) -> Sequence[ChangeRow]:
            """Return those changes that are in the store, in no order."""

        def proposals_like(self, prefix: str) -> Sequence[ProposalRow]:
            """Return up to two proposals whose id begins so."""

        def voided(self, limit: int) -> Sequence[ChangeRow]:
            """Return changes that wait again because an approval became void."""

        def kept(self, ehr: str, references: Sequence[str]) -> Sequence[Kept]:
            """Return what is kept of these resources."""

        def saved_views(self) -> Sequence[tuple[str, str, str]]:
            """Return the views that were kept: name, base view, filter."""

        def save_view(self, name: str, base: str, filter_: str) -> None:
            """Keep a view under a name; an empty filter forgets it."""


class RoundDone(Protocol):
    """What the console asks of a finished gateway round."""

    @property
    def unreachable(self) -> bool:
        """Whether something due could not end."""


class SyncDone(Protocol):
    """What commands ask of a finished sync with the hub."""

    unreachable: bool
    refused: bool
    unrefreshed: bool

    def counts(self) -> dict[str, int | bool]:
        """Return what was done, by name."""


class Session(Protocol):
    """An opened workspace."""

    @property
    def clock(self) -> Clock:
        """The clock of this workspace."""

    @property
    def ledger(self) -> StoreReads:
        """The reads of the store, on the screen's own connection."""

    @property
    def attention(self) -> Attention:
        """Who looks at what, on the screen's own connection."""

    @property
    def alarm(self) -> Callable[[], str]:
        """Tells what is wrong with something that runs beside; nothing where nothing is."""

    @property
    def reviewer(self) -> str:
        """Who sits at this terminal."""

    @property
    def ehr_names(self) -> Sequence[str]:
        """The EHRs of this workspace."""

    def offline(self) -> Workspace:
        """Return what deciding needs."""

    def anchored_size(self, published: str | None) -> int:
        """Return how many events the newest published head covers."""

    def gateway_round(self, watch: Watch) -> RoundDone | None:
        """Do one round in the calling thread; None while another process is the gateway.

        `watch` is told how far it is, and asked whether to end early.
        """

    def verified(self, tell: Tell) -> Verified:
        """Verify the whole store on a connection of its own, in the calling thread.

        What `tell` raises ends it; raises what reading the EHR's copy of the head raises.
        """

    def reading(self) -> AbstractContextManager[StoreReads]:
        """Return the reads of the store on a connection of their own, for another thread."""

    def change_counter(self) -> int:
        """Return a number that moves when another connection has written to the store."""
