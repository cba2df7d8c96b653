"""The approvals made at this terminal that are not sent yet, and taking one back.

Source: design §8 (hold time, `z` recalls).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from console.permitted import refusal
from console.presenters.queue import Key, what
from core.errors import CountersignError
from core.ledger.event import moment
from core.lifecycle import State
from core.records import ChangeRow

if TYPE_CHECKING:
    from console.session import Session
    from core.view import ChangeView

NOTHING = "no approval of yours is waiting to be sent"


class Outbox:
    """What was approved here, the newest last."""

    def __init__(self) -> None:
        self._approved: list[Key] = []

    def approved(self, key: Key) -> None:
        """Take up an approval."""
        self._approved.append(key)

    def target(self, session: Session, shown: ChangeView | None) -> ChangeRow | None:
        """Return what would be recalled: the change that is shown, or the last one approved."""
        if shown is not None and shown.row.state == State.READY:
            now = session.ledger.change(shown.row.proposal, shown.row.idx)
            if now is not None and now.state == State.READY:
                return now
        while self._approved:
            row = session.ledger.change(*self._approved[-1])
            if row is not None and row.state == State.READY:
                return row
            self._approved.pop()
        return None

    def why_not(self, session: Session, shown: ChangeView | None) -> str | None:
        """Return why nothing can be recalled, or None when something can."""
        row = self.target(session, shown)
        return NOTHING if row is None else refusal(session, "recall", row)

    def recall(self, session: Session, shown: ChangeView | None) -> tuple[str, bool]:
        """Recall it; return what to say, and whether that is an error."""
        from core.review.recall import recall

        row = self.target(session, shown)
        if row is None:
            return f"Recall: {NOTHING}", True
        try:
            recall(session.offline(), row.proposal, row.idx)
        except CountersignError as error:
            return f"Not recalled: {error}", True
        return f"Recalled: {what(row)}; it waits for review again.", False

    def words(self, session: Session) -> str:
        """Return ` z recalls it for 18 s.` while the last approval is held; else nothing."""
        row = self.target(session, None)
        left = None if row is None else held_s(row, session)
        return "" if not left else f" z recalls it for {left} s."


def held_s(row: ChangeRow, session: Session) -> int:
    """Return for how many seconds more a change is certainly not sent."""
    hold = timedelta(seconds=int((row.route_json or {}).get("hold_s", 0)))
    left = moment(row.since) + hold - session.clock.now()
    return max(0, int(left.total_seconds()))
