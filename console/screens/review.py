"""Review of one change: the patient always in sight, evidence before values, the agent last.

Opening has no side effect. Every decision is keyed to what was painted. Source: design §8, §14.9.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Footer, Static

from console import actions
from console.actions import Action
from console.deciding import DONE, Choice, Outcome, Shown, carry_out
from console.presenters.change import change_parts, moved_parts
from console.presenters.evidence import evidence_text
from console.presenters.judgement import agent_text, judgement_parts, outcome_parts
from console.presenters.patient import Identity, alarms, banner
from console.presenters.queue import Key, queue_rows, what
from console.presenters.texts import foreign, joined, lines, own, span
from console.screens.decide import DecisionModal
from console.screens.scrolling import ScrollingScreen
from console.widgets.pane import ChangePane, Pane
from console.widgets.status_line import StatusLine
from console.worklist import Worklist
from core.errors import CountersignError
from core.ledger.event import moment
from core.lifecycle import State
from core.records import ChangeRow
from core.view import ChangeView, ProposalView, view_proposal
from core.waiting import state_words, waits_for

STALE = "this changed; reload with ctrl+r"
_DECIDING = frozenset({"approve", "reject", "defer"})


class ReviewScreen(ScrollingScreen[None], inherit_bindings=False):
    """One change of one proposal, and the way through the queue."""

    SCOPE = "review"
    BINDINGS = actions.bindings("review")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012  as Textual declares it

    def __init__(self, key: Key, worklist: Sequence[Key]) -> None:
        super().__init__()
        self._key = key
        self._worklist = Worklist(worklist)
        self._view: ProposalView | None = None
        self._before: Identity | None = None
        self._painted_at: float | None = None
        self._stale = False
        self._load_number = 0

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        yield Static(id="patient", markup=False)
        yield Static(id="alarms", markup=False)
        yield Static(own(f" {STALE} ", "bold reverse"), id="stale", markup=False)
        yield Static(id="change-line", markup=False)
        with Container(id="body"):
            yield Pane("evidence, in the source's own words", id="evidence")
            yield ChangePane("change", id="change")
        yield StatusLine()
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Show the change that was opened."""
        self._go(self._key)

    @property
    def key(self) -> Key:
        """The change that is shown."""
        return self._key

    @property
    def shown(self) -> ChangeView | None:
        """The change as it was painted, or None where there is none."""
        if self._view is None or self._key[1] >= len(self._view.changes):
            return None
        return self._view.changes[self._key[1]]

    def blocked(self, action: Action) -> str | None:
        """Say why a decision, or a move, cannot be made now."""
        if action.id in _DECIDING:
            return self._undecidable(action.id)
        if action.id in ("next_item", "previous_item") and len(self._worklist.keys) < 2:
            return "there is no other change in the queue"
        if action.id in ("next_change", "previous_change") and self._siblings < 2:
            return "this proposal has one change only"
        return None

    def _undecidable(self, outcome: str) -> str | None:
        view = self.shown
        if view is None or self._painted_at is None:
            return "the change is not painted yet"
        if self._stale:
            return STALE
        row = view.row
        if row.state != State.PENDING:
            return f"this change is {row.state}, not waiting for review"
        now = self.console_app.session.clock.now()
        if row.expires is None or now >= moment(row.expires):
            return "this change has expired"
        if outcome == "approve" and view.content is None:
            return "its content was erased"
        if self._voted(view):
            return "you have already decided this change; another person must decide too"
        return None

    def _voted(self, view: ChangeView) -> bool:
        return any(
            vote.reviewer == self.console_app.session.reviewer
            and vote.revision == view.row.revision
            and vote.void is None
            and vote.outcome != "defer"
            for vote in view.decisions
        )

    @property
    def _siblings(self) -> int:
        return 0 if self._view is None else len(self._view.changes)

    def store_changed(self) -> None:
        """Compare what is shown with what is stored now.

        What waits for a decision, or came back to wait, is never replaced under the reader's eyes.
        """
        view = self.shown
        if view is None:
            return
        row = self.console_app.session.ledger.change(*self._key)
        if row == view.row:
            return
        if row is not None and State.PENDING not in (row.state, view.row.state):
            self._load()
            return
        self._stale = True
        self._show_line(view.row)
        self.refresh_bindings()

    def tick(self) -> None:
        """Move the countdown on."""
        if self.shown is not None:
            self._show_line(self.shown.row)
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

    def _go(self, key: Key) -> None:
        """Show another change; the patient shown before is remembered for the alarm."""
        self._key = key
        self._before = self.console_app.last_patient
        self._load()

    def _load(self) -> None:
        self._stale, self._painted_at = False, None
        self._load_number += 1
        ledger = self.console_app.session.ledger
        row = ledger.proposal(self._key[0])
        self._view = None if row is None else view_proposal(ledger, row)
        self._paint()
        self.refresh_bindings()
        self.call_after_refresh(self._painted, self._load_number)

    def _painted(self, number: int) -> None:
        """Only now may what is shown be decided."""
        if number == self._load_number:
            self._painted_at = self.console_app.monotonic()
            if self.shown is not None:
                self.console_app.seen.add((*self._key, self.shown.row.change_digest))
            self.refresh_bindings()

    def _paint(self) -> None:
        view, change = self._view, self.shown
        self._show_title()
        if view is None or change is None:
            self._static("change-line", own("This change is not in the store.", "bold $error"))
            return
        now, zone = self.console_app.session.clock.now(), self.console_app.zone
        here = Identity(view.row.patient_tag, view.row.ehr, view.row.patient_label or "(erased)")
        self._static("patient", banner(view.patient, view.row.patient, now))
        loud = alarms(view.patient, here, self._before)
        self._static("alarms", loud)
        self.query_one("#alarms").display = bool(loud.plain)
        self.console_app.last_patient = here
        self._show_line(change.row)
        self.query_one("#evidence", Pane).show(evidence_text(view.evidence, self._key[1]))
        self.query_one("#change", ChangePane).show(
            lines(
                [
                    *moved_parts(change),
                    *change_parts(change),
                    own(""),
                    *judgement_parts(change, now, zone),
                    *outcome_parts(change, zone),
                ]
            )
        )
        self.query_one("#change", ChangePane).show_agent(agent_text(view))

    def _show_title(self) -> None:
        self._static("title", self.console_app.titled("Review", self._worklist.position(self._key)))

    def _show_line(self, row: ChangeRow) -> None:
        parts = [own(f"change {row.idx + 1} of {self._siblings}: "), foreign(what(row), "bold")]
        parts.append(foreign(f"  {state_words(row.state)}"))
        if row.urgency != "routine":
            parts.append(joined(" ", own(f" {row.urgency.upper()} ", "bold reverse")))
        if row.expires and row.state == State.PENDING:
            left = span(moment(row.expires), self.console_app.session.clock.now())
            parts.append(own(" expired" if left == "expired" else f" {left} left"))
        self._static("change-line", Content("").join(parts))
        self.query_one("#stale").display = self._stale

    def _static(self, id_: str, text: Content) -> None:
        self.query_one(f"#{id_}", Static).update(text)

    def _ask(self, outcome: Outcome) -> None:
        view, change = self._view, self.shown
        if view is None or change is None:
            return
        app = self.console_app
        shown = Shown(
            proposal=self._key[0],
            index=self._key[1],
            digest=change.row.change_digest,
            patient=banner(view.patient, view.row.patient, app.session.clock.now()).plain,
            what=what(change.row),
        )
        expires = None if change.row.expires is None else moment(change.row.expires)
        app.push_screen(DecisionModal(outcome, shown, expires), partial(self._answered, shown))

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
            state = carry_out(app.session, shown, choice, dwell_ms)
        except CountersignError as error:
            self.store_changed()
            app.say(failed + str(error), error=True)
            return
        told = f"{DONE[choice.outcome]}: {shown.what}, {waits_for(state) or f'now {state}'}."
        app.say(told + self._advance())
        app.decided(choice.outcome)

    def _advance(self) -> str:
        """Go to the next change that was not looked at yet; return what to say of it."""
        app = self.console_app
        found = app.session.ledger.changes_in(State.PENDING)
        waiting = {(row.proposal, row.idx): row.change_digest for row in found}
        self._worklist.extend(row.key for row in queue_rows(found, app.session.clock.now()))
        key = self._worklist.next_unseen(self._key, waiting, app.seen)
        if key is not None:
            self._go(key)
            return ""
        self._load()
        return " Nothing unseen is left in the queue; esc goes back."
