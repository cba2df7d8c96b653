"""Exceptions: what a person must look at, each with what is known of it and what can be done."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from console import actions
from console.actions import Action
from console.permitted import refusal
from console.presenters.clocks import NAMES, around, clock_line, queues_line
from console.presenters.exceptions import (
    COLUMNS,
    Around,
    Tried,
    let_stand,
    trouble_row,
    trouble_text,
)
from console.presenters.queue import what
from console.presenters.texts import foreign, joined, lines, many, own
from console.screens.confirm import Confirmed, ConfirmModal
from console.screens.next_steps import BESIDE, STEPS, NextStepsScreen
from console.screens.unwritten import ACTS
from console.widgets.key_bar import KeyBar
from console.widgets.pane import Pane
from console.widgets.row_list import RowList
from console.widgets.status_line import StatusLine
from core.errors import CountersignError
from core.reconcile.became import became
from core.reconcile.clocks import standings
from core.reconcile.levels import Queue
from core.reconcile.trouble import Trouble, troubles
from core.veil import Compared, body_groups, compared_for

_EMPTY = (
    "Nothing to look at.\n\n"
    "Discrepancies between what was approved and what the chart holds, writes that the EHR refused "
    "or whose fate is unknown, approvals that became void, and Tasks that were set aside come here."
)
HEAD = 2
"""The lines of the list that hold no row: its heads, and one that ends it."""
_NONE_FOUND = "None of this kind. f goes on to the next kind, esc shows all."


class ExceptionsScreen(NextStepsScreen, inherit_bindings=False):
    """The list, and one of them closer."""

    SCOPE = "exceptions"
    BINDINGS = actions.bindings("exceptions")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (160, "-wide")]  # noqa: RUF012  as Textual declares it
    AUTO_FOCUS = "#list"

    def __init__(self) -> None:
        super().__init__()
        self._ready = False
        self._kind = ""
        self._queue: Queue | None = None
        """The queue that is shown; none was chosen while both are empty."""

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        yield Static(id="clocks", markup=False)
        with Container(classes="split"):
            yield RowList(COLUMNS, id="list")
            yield Pane("what is known of it", id="detail")
        yield Static(_EMPTY, id="empty", markup=False)
        yield StatusLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill the list."""
        self._ready = True
        self._read()

    def on_screen_resume(self) -> None:
        """Take up what happened meanwhile."""
        super().on_screen_resume()
        self._read()

    def blocked(self, action: Action) -> str | None:
        """Say why something cannot be done with what is under the cursor."""
        item = self.chosen
        if action.id in ACTS:
            return self.not_done(action, item)
        if action.id in STEPS or action.id in BESIDE:
            return self.not_next(action, item)
        if action.id in ("open", "accept", "close_finding") and item is None:
            return "there is nothing under the cursor"
        if action.id == "open" and item is not None and item.change is None:
            return "no change belongs to it; it never reached the queue"
        if action.id == "close_finding" and item is not None and item.finding is None:
            return "only what was found about Tasks can be dismissed"
        if action.id == "close_finding":
            return refusal(self.console_app.session, "dismiss")
        return self._not_acceptable(item) if action.id == "accept" and item is not None else None

    def _not_acceptable(self, item: Trouble) -> str | None:
        if item.exception is None or item.change is None:
            return "only an exception of a write can be accepted"
        return refusal(self.console_app.session, "settle", item.change)

    def store_changed(self) -> None:
        """Patch the list; the cursor stays on what it is on."""
        self._read()

    def tick(self) -> None:
        """Move the ages on."""
        self._read()

    def on_row_list_moved(self) -> None:
        """Show the one under the cursor closer."""
        self._show_detail()

    def on_row_list_opened(self) -> None:
        """Open by mouse as by key."""
        action = actions.named("exceptions", "open")
        if action is not None:
            self.call_later(self.run_registered, action)

    def action_open(self) -> None:
        """Open its change in review."""
        item = self.chosen
        if item is not None and item.change is not None:
            every = [(one.change.proposal, one.change.idx)
                     for one in self._found.values() if one.change is not None]  # fmt: skip
            key = item.change.proposal, item.change.idx
            self.console_app.open_review(key, list(dict.fromkeys(every)))

    def action_accept(self) -> None:
        """Ask for the reason, then close it."""
        item = self.chosen
        if item is None or item.change is None:
            return
        about = lines(
            [
                joined(
                    own(" ACCEPT AS IS ", "bold reverse"), " ", foreign(what(item.change), "bold")
                ),
                foreign(item.change.patient_label or "(erased)", "bold"),
                joined(item.code, " ", foreign(item.class_)),
                *let_stand(self._compared(item)),
                own("Nothing is written to the chart. It counts as looked at and right."),
            ]
        )
        modal = ConfirmModal(about, reason=True)
        self.console_app.push_screen(modal, partial(self._accepted, item))

    def action_close_finding(self) -> None:
        """Ask, then take a finding off the list."""
        item = self.chosen
        if item is None or item.finding is None:
            return
        about = lines(
            [
                joined(own(" DISMISS ", "bold reverse"), " ", foreign(item.code, "bold")),
                foreign(f"{item.finding.task}  {item.finding.code}"),
                own("It stays in the ledger and leaves this list."),
            ]
        )
        self.console_app.push_screen(ConfirmModal(about), partial(self._dismissed, item))

    def action_next_queue(self) -> None:
        """Go to the other queue."""
        self._queue = "reconciliation" if self._queue == "review" else "review"
        self._kind = ""
        self._read()
        self.console_app.say(f"Queue: {NAMES[self._queue].lower()}.")

    def action_next_kind(self) -> None:
        """Go to the next kind."""
        every = troubles(self.console_app.session.ledger)
        kinds = ["", *sorted({item.code for item in every if self._queue in (None, item.queue)})]
        place = kinds.index(self._kind) if self._kind in kinds else -1
        self._kind = kinds[(place + 1) % len(kinds)]
        self._read()
        self.console_app.say(f"Only: {self._kind}." if self._kind else "Every kind.")

    def action_reload(self) -> None:
        """Read again and say so."""
        self._read()
        self.console_app.say(f"Read again: {many(len(self._found), 'item')}.")

    def action_back(self) -> None:
        """Show every kind, or go back to the queue."""
        if self._kind:
            self._kind = ""
            self._read()
        else:
            self.console_app.go_to_mode("queue")

    def _accepted(self, item: Trouble, confirmed: Confirmed | None) -> None:
        from core.reconcile.settle import settle

        app = self.console_app
        if confirmed is None or item.change is None:
            app.say("Nothing was accepted.")
            return
        now = app.session.ledger.exceptions(item.change.proposal, item.change.idx)
        if item.exception not in now:
            app.say("Not accepted: this exception is not the one that was shown.", error=True)
            return
        try:
            state = settle(
                app.session.offline(), item.change.proposal, item.change.idx, confirmed.reason
            )
        except CountersignError as error:
            app.say(f"Not accepted: {error}", error=True)
            return
        app.say(f"Accepted: {what(item.change)}, now {state}.")
        app.store_changed()

    def _dismissed(self, item: Trouble, confirmed: Confirmed | None) -> None:
        from core.hub.receive import dismiss

        app = self.console_app
        if confirmed is None:
            app.say("Nothing was dismissed.")
            return
        try:
            dismiss(app.session.offline(), item.number)
        except CountersignError as error:
            app.say(f"Not dismissed: {error}", error=True)
            return
        app.say("Dismissed.")
        app.store_changed()

    def _read(self) -> None:
        if not self._ready:
            return
        now = self.console_app.session.clock.now()
        every = troubles(self.console_app.session.ledger)
        if self._queue is None and every:
            # Chosen once: a list does not move to another queue by itself.
            self._queue = "review" if any(i.queue == "review" for i in every) else "reconciliation"
        mine = [item for item in every if item.queue == self._queue]
        shown = [item for item in mine if self._kind in ("", item.code)]
        clocks = queues_line(standings(every, now), self._queue or "review", now)
        self.query_one("#clocks", Static).update(clocks)
        self._found = {item.key: item for item in shown}
        rows = self.query_one("#list", RowList)
        rows.show_rows([trouble_row(item, now) for item in shown])
        # A short list leaves its room to what is known of the one under the cursor.
        rows.styles.max_height = None if self.has_class("-wide") else len(shown) + HEAD
        empty = self.query_one("#empty", Static)
        other = len(every) - len(mine)
        none = _EMPTY if not other else f"Nothing in this queue; w shows the other's {other}."
        empty.update(_NONE_FOUND if self._kind else none)
        empty.display = not shown
        self.query_one(".split").display = bool(shown)
        words = f"{len(shown):,} to look at" + (f"  only {self._kind}" if self._kind else "")
        self.query_one("#title", Static).update(self.console_app.titled("Exceptions", words))
        self._show_detail()

    def _show_detail(self) -> None:
        item = self.chosen
        self.refresh_bindings()
        if item is None:
            return
        found = self._compared(item)
        text = trouble_text(
            item,
            found.differences,
            found.sent,
            found.hidden,
            self._tried(item),
            self._around(item, found.hidden),
        )
        self.query_one("#detail", Pane).show(text)

    def _compared(self, item: Trouble) -> Compared:
        """Return what was compared for one of them."""
        session = self.console_app.session
        if item.change is not None and item.exception is not None:
            return compared_for(session.offline(), session.ledger, item.change)
        return Compared() if item.finding is None else self._wanted(item.number)

    def _wanted(self, number: int) -> Compared:
        """Return the values for which somebody said that a mapping is missing."""
        session = self.console_app.session
        entry = session.ledger.entry(number)
        if entry is None or entry.body is None or "differences" not in entry.body:
            return Compared()
        hidden = body_groups(session.offline(), session.ledger, entry.leaf, entry.body)
        return Compared(() if hidden else tuple(entry.body["differences"]), None, hidden)

    def _around(self, item: Trouble, hidden: frozenset[str]) -> Around:
        """Return its clock, who changed the chart, and what was done about it so far."""
        app = self.console_app
        reads, now = app.session.ledger, app.session.clock.now()
        clock = clock_line(item, now, app.zone)
        if item.exception is None:
            return Around(clock)
        key = item.exception.proposal, item.exception.idx
        entry = None if hidden else reads.entry(item.exception.id)
        body = None if entry is None else entry.body
        asked = [(row.by, became(reads, row)) for row in reads.corrections(*key)]
        return Around(clock, tuple(around(item, asked, body)))

    def _tried(self, item: Trouble) -> Tried:
        """Return the failure of its write in words, and every attempt."""
        from core.failure.log import attempts
        from core.failure.say import said

        if item.change is None:
            return Tried()
        reads, change = self.console_app.session.ledger, item.change
        told = said(reads, change)
        if told is None:
            return Tried()
        return Tried(told, tuple(attempts(reads.trail(change.proposal), change.idx)))
