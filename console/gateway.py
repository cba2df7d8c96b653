"""What is known of the gateway, in words, and whether a round is due. No widget, no wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Literal

from console.presenters.texts import hour
from console.watch import Watch
from core.errors import CountersignError, Unreachable
from core.ledger.event import moment
from core.lifecycle import State

if TYPE_CHECKING:
    from console.session import RoundDone, Session

DUE = (State.READY, State.SENDING, State.AMBIGUOUS)
SYNC_S = 20.0
"""How often the hub is asked when nothing else is due."""
Mode = Literal["idle", "sending", "elsewhere", "unreachable", "failed", "off"]


@dataclass(slots=True)
class Gateway:
    """The state of the gateway as this console saw it last."""

    mode: Mode = "idle"
    since: datetime | None = None
    problem: str = ""
    running: bool = False
    watch: Watch = field(default_factory=Watch)
    """That of the round that runs, or of the last one."""
    next_sync: float = 0.0
    """When the hub is asked again, on the monotonic clock."""

    def begin(self, now: float) -> Watch:
        """Take up that a round begins."""
        self.running, self.watch = True, Watch()
        self.next_sync = now + SYNC_S
        return self.watch

    @property
    def trouble(self) -> bool:
        """Whether a person should look."""
        return self.mode in ("unreachable", "failed")

    def words(self, zone: tzinfo | None) -> str:
        """Return the state as the status line says it."""
        if self.running and self.watch.words:
            return f"gateway: {self.watch.words}"
        if self.running and self.mode != "unreachable":
            return "gateway: at work…"
        if self.mode == "unreachable" and self.since is not None:
            return f"EHR unreachable since {hour(self.since, zone)}"
        if self.mode == "elsewhere":
            return "another process is the gateway"
        if self.mode == "off":
            return "gateway: off"
        return f"gateway: {self.mode}"

    def ended(self, done: RoundDone | None, now: datetime) -> None:
        """Take up how a round ended."""
        self.running = False
        if done is None:
            self._become("elsewhere", now)
        elif done.unreachable:
            self._become("unreachable", now)
        else:
            self._become("idle", now)

    def failed(self, problem: BaseException | None, now: datetime) -> None:
        """Take up that a round raised; what an unexpected error says is never shown."""
        self.running = False
        if isinstance(problem, Unreachable):
            self._become("unreachable", now)
            return
        self._become("failed", now)
        known = isinstance(problem, CountersignError)
        self.problem = str(problem) if known else type(problem).__name__

    def _become(self, mode: Mode, now: datetime) -> None:
        if mode != self.mode:
            self.mode, self.since = mode, now
        self.problem = ""


def left_alone(session: Session, zone: tzinfo | None) -> str:
    """Return which EHR is left alone or refuses access, since when and why; else nothing."""
    told = []
    for name in session.ehr_names:
        row = session.ledger.breaker(name)
        if row is not None and row.closed_at is None:
            since, until = hour(moment(row.since), zone), hour(moment(row.until), zone)
            told.append(f"{name} left alone since {since} ({row.cause}), asked again at {until}")
    for refused in session.ledger.refused_access():
        since = hour(moment(refused.since), zone)
        told.append(f"{refused.ehr} refuses access since {since} ({refused.failure})")
    return "; ".join(told)


def is_due(session: Session) -> bool:
    """Tell whether the gateway has something to do: to send, to resolve, to expire, to wake.

    Warnings, escalations and notices wait for the round that comes every `SYNC_S` anyway.
    """
    from core.reconcile.check import rests

    ledger, counts = session.ledger, session.ledger.state_counts()
    if any(counts.get(state) for state in DUE):
        return True
    now = ledger.interval()
    if counts.get(State.PERSISTED) and not all(
        rests(ledger, row, now.hi) for row in ledger.changes_in(State.PERSISTED)
    ):
        return True
    if any(
        row.expires is not None and now.hi >= moment(row.expires)
        for row in session.ledger.changes_in(State.PENDING, State.DEFERRED)
    ):
        return True
    return any(
        row.until is not None and now.lo >= moment(row.until)
        for row in session.ledger.changes_in(State.DEFERRED)
    )
