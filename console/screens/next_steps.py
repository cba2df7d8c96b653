"""What can be done next with an exception: correct, re-map, escalate, look again, an incident.

Each asks for its reason and a second key; the rules are core's. Source: design §10 (next steps).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.content import Content

from console.actions import Action
from console.permitted import refusal
from console.presenters.queue import what
from console.presenters.texts import foreign, joined, lines, own
from console.screens.confirm import Confirmed, ConfirmModal
from console.screens.declaring import ask_declare
from console.screens.unwritten import UnwrittenScreen
from core.errors import CountersignError
from core.reconcile.placed import placed
from core.reconcile.trouble import Trouble
from core.records import ChangeRow
from core.workspace import Workspace

STEPS = {"correct": "correct", "remap": "remap", "escalate": "escalate"}
"""Action → the act of the table that it asks for."""
BESIDE = ("look_again", "declare_incident")
_TITLES = {"correct": " CORRECT ", "remap": " RE-MAP ", "escalate": " ESCALATE "}
_WORDS = {
    "correct": "What was approved is proposed once more, on the chart as it is now; people decide"
    " it like any other change. Until then nothing is written.",
    "remap": "Whoever keeps this EHR's profile finds the paths and codes on this list. The"
    " exception stays open, since the chart still differs.",
    "escalate": "Whom its route escalates to is told, with the time by which it is due.",
}
_DONE = {
    "correct": "Asked for: the gateway proposes the correction in its next round.",
    "remap": "Listed: a mapping is missing.",
    "escalate": "Escalated.",
}


class NextStepsScreen(UnwrittenScreen, inherit_bindings=False):
    """The next steps, for a screen whose list holds what a person looks at."""

    def not_next(self, action: Action, item: Trouble | None) -> str | None:
        """Say why one of the steps cannot be done with what is under the cursor."""
        session = self.console_app.session
        if action.id == "declare_incident":
            return refusal(session, "declare-incident")
        if item is None:
            return "there is nothing under the cursor"
        if item.change is None:
            return "no write belongs to it"
        if action.id == "look_again":
            if placed(session.ledger, item.change) is None:
                return "nothing was written that could be looked at"
            return None
        return refusal(session, STEPS[action.id], item.change)

    def action_correct(self) -> None:
        """Ask for the reason, then for a correction."""
        self._ask_step("correct")

    def action_remap(self) -> None:
        """Ask for the reason, then say that a mapping is missing."""
        self._ask_step("remap")

    def action_escalate(self) -> None:
        """Ask for the reason, then give it to somebody else."""
        self._ask_step("escalate")

    def action_declare_incident(self) -> None:
        """Ask what went wrong, and declare it about the change under the cursor."""
        item = self.chosen
        ask_declare(self.console_app, None if item is None else item.change)

    def action_look_again(self) -> None:
        """Have the gateway read the chart again in its next round; nothing is written."""
        from core.reconcile.steps import ask_look

        item, app = self.chosen, self.console_app
        if item is None or item.change is None:
            return
        try:
            ask_look(app.session.offline(), item.change.proposal, item.change.idx)
        except CountersignError as error:
            app.say(f"Not asked: {error}", error=True)
            return
        app.say("The gateway looks at the chart again in its next round.")
        app.store_changed()

    def _ask_step(self, id_: str) -> None:
        item = self.chosen
        if item is None or item.change is None:
            return
        about = lines(
            [
                joined(own(_TITLES[id_], "bold reverse"), " ", foreign(what(item.change), "bold")),
                foreign(item.change.patient_label or "(erased)", "bold"),
                _which(item),
                own(_WORDS[id_]),
                *(self._way(item.change) if id_ == "correct" else ()),
            ]
        )
        modal = ConfirmModal(about, reason=True)
        self.console_app.push_screen(modal, partial(self._stepped, id_, item))

    def _way(self, change: ChangeRow) -> Iterator[Content]:
        """Yield by which way this EHR will take a correction, and who says so."""
        from core.reconcile.ways import way_back

        way = way_back(self.console_app.session.ledger, change)
        yield foreign(way.words, "bold" if way.by == "hand" else "")
        if way.source and way.by != "api":
            yield foreign(f"  {way.source}", "dim")

    def _stepped(self, id_: str, item: Trouble, confirmed: Confirmed | None) -> None:
        app = self.console_app
        if confirmed is None or item.change is None:
            app.say("Nothing was done.")
            return
        seen = item.change
        if item.exception not in app.session.ledger.exceptions(seen.proposal, seen.idx):
            app.say("Nothing was done: this exception is not the one that was shown.", error=True)
            return
        try:
            _do(app.session.offline(), id_, item, confirmed.reason)
        except CountersignError as error:
            app.say(f"Not done: {error}", error=True)
            return
        app.say(_DONE[id_])
        app.store_changed()


def _which(item: Trouble) -> Content:
    return joined(item.code, " ", foreign(item.class_))


def _do(workspace: Workspace, id_: str, item: Trouble, reason: str) -> None:
    from core.reconcile import steps

    if item.change is None:
        return
    key = item.change.proposal, item.change.idx
    acts: dict[str, Callable[[], object]] = {
        "correct": lambda: steps.ask_correction(workspace, *key, reason),
        "remap": lambda: steps.remap(workspace, *key, reason),
        "escalate": lambda: steps.escalate(workspace, *key, reason),
    }
    acts[id_]()
