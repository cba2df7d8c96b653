"""What the console needs of an opened workspace; `console.bootstrap.Opened` is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.watch import Watch
    from core.ports import Clock, Reads
    from core.records import ExceptionRow
    from core.workspace import Workspace

    class StoreReads(Reads, Protocol):
        """Every read of the store that the console makes."""

        @property
        def size(self) -> int:
            """The number of events."""

        def open_exceptions(self) -> Sequence[ExceptionRow]:
            """Return every open exception."""

        def state_counts(self) -> dict[str, int]:
            """Return how many changes are in each state."""


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

    def change_counter(self) -> int:
        """Return a number that moves when another connection has written to the store."""
