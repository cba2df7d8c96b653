"""What can be done on a list with a write that nobody sends any more; each step is confirmed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from console.actions import Action
from console.permitted import refusal
from console.presenters.exceptions import Key
from console.presenters.queue import what
from console.presenters.texts import foreign, joined, lines, many, own
from console.screens.confirm import Confirmed, ConfirmModal
from console.screens.listing import ListScreen
from console.widgets.row_list import RowList
from core.errors import CountersignError
from core.reconcile.trouble import Trouble
from core.records import ChangeRow

ACTS = {
    "replay": "replay",
    "send_to_review": "send-to-review",
    "close_letter": "close-dead-letter",
}
"""Action → the act of the table that it asks for."""
_TITLES = {
    "replay": " SEND AGAIN ",
    "send_to_review": " BACK TO REVIEW ",
    "close_letter": " CLOSE, NEVER WRITE ",
}
_WORDS = {
    "replay": "The chart is read first. Only if it is not there is it sent once more, as the same"
    " operation, with every guard.",
    "send_to_review": "Its approvals become void; it is decided again as it stands now.",
    "close_letter": "Nothing is written to the chart. Its agent is told, and what rests on it goes"
    " back to review.",
}


class UnwrittenScreen(ListScreen[None], inherit_bindings=False):
    """Replay, send to review and close, for a screen whose list holds what a person looks at."""

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[Key, Trouble] = {}
        """What the list shows, by the key of its row."""

    @property
    def chosen(self) -> Trouble | None:
        """What is under the cursor."""
        key = self.query_one(RowList).cursor
        return None if key is None else self._found.get(key)

    def not_done(self, action: Action, item: Trouble | None) -> str | None:
        """Say why one of the three cannot be done with what is under the cursor."""
        if item is None:
            return "there is nothing under the cursor"
        if item.change is None:
            return "only a write can be sent again, back to review or closed"
        return refusal(self.console_app.session, ACTS[action.id], item.change)

    def action_replay(self) -> None:
        """Ask, then have it sent again."""
        self._ask("replay", reason=False)

    def action_send_to_review(self) -> None:
        """Ask for the reason, then send it back to review."""
        self._ask("send_to_review", reason=True)

    def action_close_letter(self) -> None:
        """Ask for the reason, then close it."""
        self._ask("close_letter", reason=True)

    def _ask(self, id_: str, *, reason: bool) -> None:
        from core.review.dead_letters import paused_by

        item = self.chosen
        if item is None or item.change is None:
            return
        waiting = paused_by(self.console_app.session.ledger, item.change)
        about = [
            joined(own(_TITLES[id_], "bold reverse"), " ", foreign(what(item.change), "bold")),
            foreign(item.change.patient_label or "(erased)", "bold"),
            joined(item.change.state, " ", foreign(item.class_)),
            own(_WORDS[id_]),
        ]
        if waiting:
            about.append(own(f"{many(len(waiting), 'approved write')} wait for it."))
        modal = ConfirmModal(lines(about), reason=reason)
        self.console_app.push_screen(modal, partial(self._done, id_, item.change))

    def _done(self, id_: str, seen: ChangeRow, confirmed: Confirmed | None) -> None:
        from core.review import dead_letters

        app = self.console_app
        if confirmed is None:
            app.say("Nothing was done.")
            return
        if app.session.ledger.change(seen.proposal, seen.idx) != seen:
            app.say("Nothing was done: it is no longer as it was shown.", error=True)
            return
        workspace, reason = app.session.offline(), confirmed.reason
        acts: dict[str, Callable[[], str]] = {
            "replay": lambda: dead_letters.replay(workspace, seen.proposal, seen.idx),
            "send_to_review": lambda: dead_letters.send_to_review(
                workspace, seen.proposal, seen.idx, reason
            ),
            "close_letter": lambda: dead_letters.close(workspace, seen.proposal, seen.idx, reason),
        }
        try:
            state = acts[id_]()
        except CountersignError as error:
            app.say(f"Not done: {error}", error=True)
            return
        app.say(f"Done: {what(seen)}, now {state}.")
        app.store_changed()
