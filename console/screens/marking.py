"""Marks in the queue, and one answer to all that is marked.

A mark is a change by its id and hash as it was when it was marked, never a place in the list. The
dialog lists every one with its patient; each is one signed decision in its own right, and what is
no longer as it was marked is left and said. Source: design §8, §14.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from console.deciding import DONE, Outcome
from console.presenters.queue import Key, what
from console.presenters.texts import foreign, joined, lines, many, own
from console.screens.confirm import Confirmed, ConfirmModal
from console.screens.decide import deferrals
from core.errors import CountersignError
from core.records import ChangeRow
from core.review.reasons import REJECT_REASONS

# What decides loads the models and the policy, which the first paint does not wait for.
if TYPE_CHECKING:
    from console.screens.queue import QueueScreen
    from core.review.bulk import Answered, Marked
    from core.review.decide import Answer

MARKING = frozenset({"mark", "approve_marked", "reject_marked", "defer_marked"})
REASONS = [code for code in REJECT_REASONS if code != "other"]
"""A rejection for another reason needs words of its own, and so a review of its own."""


class Marks:
    """What is marked in one queue, in the order of marking."""

    def __init__(self, screen: QueueScreen) -> None:
        self._screen = screen
        self._digests: dict[Key, str] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._digests)

    def blocked(self, id_: str) -> str | None:
        """Say why one of the actions about marks cannot be done now."""
        if id_ == "mark":
            return "no change is under the cursor" if self._screen.list.cursor is None else None
        return None if self._digests else "nothing is marked; m marks a row"

    def toggle(self) -> None:
        """Mark the change under the cursor, or let go of it, and go on."""
        shown, app = self._screen.list, self._screen.console_app
        key = shown.cursor
        row = None if key is None else self._screen.state.rows.change(shown.cursor_row)
        if key is None or row is None:
            return
        if self._digests.pop(key, None) is None:
            self._digests[key] = row.change_digest
        shown.picked = set(self._digests)
        shown.refresh()
        shown.move(1)
        self._screen.refresh_bindings()
        app.say(
            f"{many(len(self), 'change')} marked: r rejects, d defers, a approves, esc lets go."
        )

    def clear(self) -> None:
        """Let go of every mark."""
        self._digests.clear()
        self._screen.list.picked = set()
        self._screen.list.refresh()
        self._screen.refresh_bindings()
        self._screen.console_app.say("Nothing is marked.")

    def ask(self, outcome: Outcome) -> None:
        """List every marked change with its patient, and ask for the one answer."""
        from core.review.bulk import check_alike, check_list

        app, items = self._screen.console_app, self._items()
        try:
            check_list(items)
            if outcome == "approve":
                check_alike(app.session.ledger, items, self._opened())
        except CountersignError as error:
            app.say(f"Not {DONE[outcome].lower()}: {error}", error=True)
            return
        order = list(self._digests)
        rows = sorted(
            app.session.ledger.changes_named(order),
            key=lambda row: order.index((row.proposal, row.idx)),
        )
        about = lines(
            [
                own(f" {outcome} {many(len(items), 'change')} ".upper(), "bold reverse"),
                *map(_listed, rows),
                own("Each is signed by itself; what is no longer as marked is left.", "bold"),
            ]
        )
        answers = self._answers(outcome)
        modal = ConfirmModal(about, choices=[own(name) for name, _ in answers])
        app.push_screen(modal, partial(self._answered, outcome, items, [one for _, one in answers]))

    def _answered(
        self,
        outcome: Outcome,
        items: Sequence[Marked],
        answers: Sequence[Answer],
        confirmed: Confirmed | None,
    ) -> None:
        from core.review.bulk import answer_many, approve_many

        app = self._screen.console_app
        if confirmed is None or (answers and confirmed.choice is None):
            app.say("Nothing was decided.")
            return
        workspace = app.session.offline()
        try:
            if outcome == "approve":
                done = approve_many(workspace, items, self._opened())
            else:
                done = answer_many(workspace, items, answers[confirmed.choice or 0])
        except CountersignError as error:
            app.say(f"Not {DONE[outcome].lower()}: {error}", error=True)
            return
        self.clear()
        left = [one for one in done if one.why_not is not None]
        app.say(_told(outcome, len(done) - len(left), left), error=bool(left))
        app.store_changed()

    def _answers(self, outcome: Outcome) -> list[tuple[str, Answer]]:
        from core.review.decide import Answer

        if outcome == "reject":
            return [
                (f"{code}: {REJECT_REASONS[code]}", Answer("reject", reason=code))
                for code in REASONS
            ]
        if outcome == "approve":
            return []
        app = self._screen.console_app
        found = deferrals(app.session.clock.now(), app.zone)
        return [(name, Answer("defer", until=until)) for name, until in found.items()]

    def _items(self) -> list[Marked]:
        from core.review.bulk import Marked

        return [Marked(*key, digest) for key, digest in self._digests.items()]

    def _opened(self) -> set[str]:
        """Return the hashes of what was painted in this session."""
        return {digest for _, _, digest in self._screen.console_app.seen}


def _listed(row: ChangeRow) -> Content:
    return joined(
        own(f"{row.proposal[:8]}/{row.idx}  "),
        foreign(what(row), "bold"),
        "  ",
        foreign(row.patient_label or "(erased)"),
    )


def _told(outcome: Outcome, count: int, left: Sequence[Answered]) -> str:
    told = f"{DONE[outcome]}: {many(count, 'change')}."
    if left:
        names = ", ".join(f"{one.item.proposal[:8]}/{one.item.index}" for one in left[:3])
        told += f" Left: {names} ({left[0].why_not})."
    return told
