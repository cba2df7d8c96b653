"""Review of one change: the patient always in sight, evidence before values, the agent last.

Every decision is keyed to what was painted. Source: design §8, §14.9.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from console import actions
from console.actions import Action
from console.deciding import DONE, Choice, Outcome, Shown, carry_out
from console.permitted import refusal
from console.presenters.labels import NOT_YOURS
from console.presenters.prediction import alterations
from console.presenters.queue import Key, what
from console.screens.decide import DecisionModal
from console.screens.glass import BY_COMMAND, ask_to_break
from console.screens.reviewing import STALE, Reviewing
from core.errors import CountersignError
from core.intake.sensitive import label_words
from core.ledger.event import moment
from core.lifecycle import State
from core.records import ChangeRow
from core.review.attention import LAPSES
from core.review.attestation import wanted
from core.review.consult import colleagues
from core.review.decide import Looked
from core.review.dependencies import GONE, gone, words
from core.review.hidden import reveal
from core.view import ChangeView, ProposalView
from core.waiting import waits_for
from core.workspace import roster_in_force

_DECIDING = frozenset({"approve", "reject", "defer", "edit"})


class ReviewScreen(Reviewing, inherit_bindings=False):
    """Decides what `Reviewing` shows, and goes through the worklist."""

    SCOPE = "review"
    BINDINGS = actions.bindings("review")
    _claimed_at: datetime | None = None
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012  as Textual declares it

    def blocked(self, action: Action) -> str | None:
        """Say why a decision, or a move, cannot be made now."""
        if action.id in _DECIDING:
            return self._undecidable(action.id)
        if action.id == "break_glass":
            return self._unbreakable()
        if action.id == "by_hand":
            return self._unpainted() or self._refused("enter") or self._unseen()
        if action.id == "reveal":
            return self._not_to_reveal()
        if action.id == "consult":
            return self._not_askable()
        if action.id in ("next_item", "previous_item") and len(self._worklist) < 2:
            return "there is no other change in the queue"
        if action.id in ("next_change", "previous_change") and self._siblings < 2:
            return "this proposal has one change only"
        return None

    def _unpainted(self) -> str | None:
        if self.shown is None or self._painted_at is None:
            return "the change is not painted yet"
        return STALE if self._stale else None

    def _refused(self, act: str) -> str | None:
        view = self.shown
        return None if view is None else refusal(self.console_app.session, act, view.row)

    def _unbreakable(self) -> str | None:
        if (why := self._unpainted() or self._refused("break-glass")) is not None:
            return why
        view = self.shown
        if view is not None and view.content is None:
            return "its content was erased"
        if view is not None and wanted(view.row.route_json):
            return BY_COMMAND
        return self._unseen()

    def _not_askable(self) -> str | None:
        if self.shown is not None and not self._colleagues():
            return "there is nobody else in the roster to ask"
        return self._refused("consult")

    def _unseen(self) -> str | None:
        if self._hidden.groups:
            return f"some of it is hidden, labelled {label_words(self._hidden.groups)}"
        return None

    def _not_to_reveal(self) -> str | None:
        if self.shown is None or self._painted_at is None:
            return "the change is not painted yet"
        if not self._hidden.groups:
            return "nothing of this change is hidden"
        return None if self._hidden.revealable else NOT_YOURS

    def _undecidable(self, outcome: str) -> str | None:
        why = self._unpainted() or self._refused(outcome)
        view = self.shown
        if why is None and outcome in ("approve", "edit") and view and view.content is None:
            return "its content was erased"
        if why is None and outcome in ("approve", "edit"):
            return self._unseen()
        return why

    def store_changed(self) -> None:
        """Compare what is shown with what is stored now.

        What waits for a decision, or came back to wait, is never replaced under the reader's eyes.
        """
        view = self.shown
        if view is None:
            return
        row = self.console_app.session.ledger.change(*self._key)
        if row == view.row and not self._lost_something(view):
            return
        if row is not None and State.PENDING not in (row.state, view.row.state):
            self._load()
            return
        self._stale = True
        self._show_line(view.row)
        self.refresh_bindings()

    def _lost_something(self, view: ChangeView) -> bool:
        """Tell whether something that the change rests on is gone since it was painted."""
        if self._view is None or not view.row.depends_on:
            return False
        painted = [one.idx for one in self._missing(self._view, view)]
        return painted != [one.idx for one in gone(self.console_app.session.ledger, view.row)]

    def on_unmount(self) -> None:
        """Let others look."""
        self._release()

    def _painted(self, number: int) -> None:
        super()._painted(number)
        if number == self._load_number:
            self._claim()

    def _go(self, key: Key) -> None:
        if key != self._key:
            self._release()
        super()._go(key)

    def _claim(self) -> None:
        """Tell others that somebody looks, and say who else does; it gates nothing."""
        app = self.console_app
        now = app.session.clock.now()
        if app.read_only or self.shown is None or self.shown.row.state != State.PENDING:
            return
        if self._claimed_at is not None and now - self._claimed_at < LAPSES / 2:
            return
        first, self._claimed_at = self._claimed_at is None, now
        other = app.session.attention.claim(self._key, app.session.reviewer, now)
        if other is not None and first:
            app.say(f"{other} is looking at this too.")

    def _release(self) -> None:
        if self._claimed_at is not None:
            session = self.console_app.session
            session.attention.release(self._key, session.reviewer)
        self._claimed_at = None

    def tick(self) -> None:
        """Move the countdown on, and renew the claim."""
        if self.shown is not None:
            self._claim()
            self._show_line(self.shown.row)
            self.look()
            self.refresh_bindings()

    def action_back(self) -> None:
        """Go back to the queue."""
        self.console_app.close_review(self._key)

    def action_reload(self) -> None:
        """Read what is shown again."""
        self._load()
        self.console_app.say("Read again.")

    def action_next_item(self) -> None:
        """Open the next change of the queue."""
        self._go(self._worklist.step(self._key, 1))

    def action_previous_item(self) -> None:
        """Open the previous change of the queue."""
        self._go(self._worklist.step(self._key, -1))

    def action_next_change(self) -> None:
        """Go to the next change of the proposal."""
        self._go((self._key[0], (self._key[1] + 1) % self._siblings))

    def action_previous_change(self) -> None:
        """Go to the previous change of the proposal."""
        self._go((self._key[0], (self._key[1] - 1) % self._siblings))

    def action_approve(self) -> None:
        """Ask to approve."""
        self._ask("approve")

    def action_reject(self) -> None:
        """Ask to reject."""
        self._ask("reject")

    def action_defer(self) -> None:
        """Ask to defer."""
        self._ask("defer")

    def action_by_hand(self) -> None:
        """Show what to type at the EHR and ask whether it was typed."""
        from console.screens.byhand import ask_by_hand

        app, view, change = self.console_app, self._view, self.shown
        if view is not None and change is not None:
            words = self._banner(view).plain
            ask_by_hand(app, change.row, words)

    def action_break_glass(self) -> None:
        """Ask to approve past what the glass bypasses."""
        if (view := self._view) is not None and (change := self.shown) is not None:
            shown = self._as_shown(view, change)
            ask_to_break(self.console_app, change.row, shown, partial(self._answered, shown))

    def action_edit(self) -> None:
        """Open the values of the change to correct them."""
        from console.screens.edit import EditScreen

        change = self.shown
        if change is not None:
            screen = EditScreen(self._key, change.row.change_digest)
            self.console_app.push_screen(screen, self._edited)

    def action_reveal(self) -> None:
        """Show what the labels hide of this change; who did is recorded."""
        app = self.console_app
        try:
            groups = reveal(app.session.offline(), self._key[0], [self._key[1]])
        except CountersignError as error:
            app.say(f"Not shown: {error}", error=True)
            return
        self._load()
        app.say(f"Shown, and recorded that you asked: {label_words(groups)}.")

    def action_consult(self) -> None:
        """Ask whom, and for the words."""
        from console.screens.consulting import ask_colleague

        if self.shown is not None:
            ask_colleague(self, self.shown, self._colleagues())

    def _colleagues(self) -> list[str]:
        session = self.console_app.session
        return colleagues(roster_in_force(session.ledger), session.reviewer)

    def _edited(self, told: str | None) -> None:
        if told is None:
            self.console_app.say("Nothing was edited.")
            return
        self._load()
        self.console_app.say(told)
        self.console_app.store_changed()

    def _ask(self, outcome: Outcome) -> None:
        view, change = self._view, self.shown
        if view is None or change is None:
            return
        shown = self._as_shown(view, change)
        expires = None if change.row.expires is None else moment(change.row.expires)
        modal = DecisionModal(outcome, shown, expires)
        self.console_app.push_screen(modal, partial(self._answered, shown))

    def _as_shown(self, view: ProposalView, change: ChangeView) -> Shown:
        missing = self._missing(view, change)
        return Shown(
            proposal=self._key[0],
            index=self._key[1],
            digest=change.row.change_digest,
            patient=self._banner(view).plain,
            what=what(change.row),
            attestation=tuple(wanted(change.row.route_json)),
            without=tuple(one.idx for one in missing),
            warnings=(*words(missing, first=1), *alterations(change)),
        )

    def _missing(self, view: ProposalView, change: ChangeView) -> list[ChangeRow]:
        """Return what the change rests on and what was gone when it was painted."""
        rests = set(change.row.depends_on)
        return [one.row for one in view.changes if one.row.idx in rests and one.row.state in GONE]

    def _answered(self, shown: Shown, choice: Choice | None) -> None:
        app = self.console_app
        if choice is None:
            app.say("Nothing was decided.")
            return
        failed = f"Not {DONE[choice.outcome].lower()}: "
        if self._stale or self._painted_at is None:
            app.say(failed + STALE, error=True)
            return
        dwell_ms = int((app.monotonic() - self._painted_at) * 1000)
        try:
            looked = Looked(dwell_ms, tuple(sorted(self._looking.opened)))
            state = carry_out(app.session, shown, choice, looked)
        except CountersignError as error:
            self.store_changed()
            app.say(failed + str(error), error=True)
            return
        row = app.session.ledger.change(shown.proposal, shown.index)
        waits = waits_for(state, "" if row is None else row.rung)
        told = f"{DONE[choice.outcome]}: {shown.what}, {waits or f'now {state}'}."
        app.decided(choice.outcome, (shown.proposal, shown.index), state)
        app.say(told + app.hold_words() + self._advance())

    def _advance(self) -> str:
        """Go to the next change that was not looked at yet; return what to say of it."""
        app = self.console_app
        key = self._worklist.next_unseen(self._key, app.seen, app.session.clock.now())
        if key is not None:
            self._go(key)
            return ""
        self._load()
        return " Nothing unseen is left in the queue; esc goes back."
