"""Supervisor: who carries what, what expires, and giving it to somebody who can decide it.

Source: design §1, §8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from console import actions
from console.actions import Action
from console.permitted import refusal
from console.presenters.queue import Key
from console.presenters.supervisor import (
    CHANGE_COLUMNS,
    LOAD_COLUMNS,
    SPANS,
    change_row,
    listed,
    load_row,
)
from console.presenters.texts import foreign, joined, lines, many, own
from console.screens.confirm import Confirmed, ConfirmModal
from console.screens.listing import ListScreen
from console.widgets.key_bar import KeyBar
from console.widgets.row_list import RowList
from console.widgets.status_line import StatusLine
from core.duty.resolve import on_duty
from core.errors import CountersignError
from core.records import ChangeRow
from core.review.load import GROUPINGS, Carried, Grouping, carried
from core.review.reassign import Handover, Item, candidates, reassign
from core.workspace import roster_in_force

_EMPTY = "Nothing waits for a decision."
MOST_LISTED = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the dialog: to whom."""

    to_role: str | None
    to_person: str | None


class SupervisorScreen(ListScreen[None], inherit_bindings=False):
    """The load above, what expires below."""

    SCOPE = "supervisor"
    BINDINGS = actions.bindings("supervisor")
    AUTO_FOCUS = "#list"

    def __init__(self) -> None:
        super().__init__()
        self._ready = False
        self._by: Grouping = "route"
        self._only: str | None = None
        self._carried: Carried | None = None

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        load: RowList[str] = RowList(LOAD_COLUMNS, id="load")
        yield load
        changes: RowList[Key] = RowList(CHANGE_COLUMNS, id="list")
        changes.border_title = "waits or has expired, soonest first"
        yield changes
        yield Static(_EMPTY, id="empty", markup=False)
        yield StatusLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill both lists."""
        self._ready = True
        self._read()

    def on_screen_resume(self) -> None:
        """Take up what happened meanwhile."""
        super().on_screen_resume()
        self._read()

    @property
    def changes(self) -> RowList[Key]:
        """The list of changes."""
        return self.query_one("#list", RowList)

    def blocked(self, action: Action) -> str | None:
        """Say why something cannot be done now."""
        in_load = self.query_one("#load", RowList).has_focus
        if action.id == "pick" and (in_load or self.changes.cursor is None):
            return "no change is under the cursor"
        if action.id == "open" and self.list.cursor is None:
            return "there is nothing under the cursor"
        return self._refusal() if action.id == "reassign" else None

    def store_changed(self) -> None:
        """Patch both lists."""
        self._read()

    def tick(self) -> None:
        """Move the countdowns on."""
        self._read()

    def on_row_list_moved(self) -> None:
        """Say anew what can be done."""
        self.refresh_bindings()

    def on_row_list_opened(self) -> None:
        """Open by mouse as by key."""
        self.action_open()

    def action_open(self) -> None:
        """Open the change in review, or show one group only."""
        load = self.query_one("#load", RowList)
        if load.has_focus:
            self._only = load.cursor
            self._read()
            self.changes.focus()
            self.console_app.say(f"Only {self._only}; esc shows every group.")
            return
        key = self.changes.cursor
        if key is not None and self._carried is not None:
            every = [(one.proposal, one.idx) for one in self._carried.changes]
            self.console_app.open_review(key, every)

    def action_pick(self) -> None:
        """Pick the change under the cursor, or let go of it, and go on."""
        picked = self.changes.pick()
        count = len(self.changes.picked)
        self.console_app.say(f"{'Picked' if picked else 'Let go'}; {many(count, 'change')} picked.")
        self.changes.move(1)
        self.refresh_bindings()

    def action_next_group(self) -> None:
        """Group by the next of route, role and person."""
        place = GROUPINGS.index(self._by)
        self._by, self._only = GROUPINGS[(place + 1) % len(GROUPINGS)], None
        self._read()
        self.console_app.say(f"Grouped by {self._by}.")

    def action_reload(self) -> None:
        """Read again and say so."""
        self._read()
        self.console_app.say("Read again.")

    def action_back(self) -> None:
        """Let go of what is picked, show every group, or go back to the queue."""
        if self.changes.picked:
            self.changes.picked.clear()
            self.changes.refresh()
            self.console_app.say("Nothing is picked.")
        elif self._only is not None:
            self._only = None
            self._read()
        else:
            self.console_app.go_to_mode("queue")

    def action_reassign(self) -> None:
        """Ask to whom, then until when and why."""
        chosen = self._chosen()
        choices = self._choices(chosen)
        if not choices:
            self.console_app.say(
                "Nobody holds a role that every picked change asks for.", error=True
            )
            return
        about = [own(" REASSIGN ", "bold reverse"), *map(listed, chosen[:MOST_LISTED])]
        if len(chosen) > MOST_LISTED:
            about.append(own(f"and {len(chosen) - MOST_LISTED} more"))
        about.append(own("To whom?  1 of 2; older votes become void.", "bold"))
        lines_ = [self._choice_text(choice) for choice in choices]
        modal = ConfirmModal(lines(about), choices=lines_)
        items = [Item(one.proposal, one.idx, one.change_digest, one.state) for one in chosen]
        self.console_app.push_screen(modal, partial(self._ask_when, items, choices))

    def _ask_when(
        self, items: Sequence[Item], choices: Sequence[Choice], confirmed: Confirmed | None
    ) -> None:
        if confirmed is None or confirmed.choice is None:
            self.console_app.say("Nothing was reassigned.")
            return
        choice = choices[confirmed.choice]
        about = lines(
            [
                own(" REASSIGN ", "bold reverse"),
                joined(f"{many(len(items), 'change')} to ", self._choice_text(choice)),
                own("Until when, and why?  2 of 2", "bold"),
            ]
        )
        modal = ConfirmModal(about, reason=True, choices=[own(name) for name in SPANS])
        self.console_app.push_screen(modal, partial(self._carry_out, items, choice))

    def _carry_out(
        self, items: Sequence[Item], choice: Choice, confirmed: Confirmed | None
    ) -> None:
        app = self.console_app
        if confirmed is None or confirmed.choice is None:
            app.say("Nothing was reassigned.")
            return
        span = list(SPANS.values())[confirmed.choice]
        handover = Handover(choice.to_role, choice.to_person, span, confirmed.reason)
        try:
            done = reassign(app.session.offline(), items, handover)
        except CountersignError as error:
            app.say(f"Not reassigned: {error}", error=True)
            return
        left = [one for one in done if one.why_not is not None]
        told = f"Reassigned: {many(len(done) - len(left), 'change')}."
        if left:
            names = ", ".join(f"{one.item.proposal[:8]}/{one.item.index}" for one in left[:3])
            told += f" Not: {names} ({left[0].why_not})."
        self.changes.picked.clear()
        app.say(told, error=bool(left))
        app.store_changed()

    def _chosen(self) -> Sequence[ChangeRow]:
        """Return the picked changes in the order of the list, or the one under the cursor."""
        wanted = set(self.changes.chosen())
        found = () if self._carried is None else self._carried.changes
        return [one for one in found if (one.proposal, one.idx) in wanted]

    def _choices(self, chosen: Sequence[ChangeRow]) -> Sequence[Choice]:
        """Return who could get every one of them: roles first, then people."""
        roster = roster_in_force(self.console_app.session.ledger)
        both = [candidates(roster, change) for change in chosen]
        roles = set.intersection(*(set(found) for found, _ in both)) if both else set()
        people = set.intersection(*(set(found) for _, found in both)) if both else set()
        found = [Choice(role, None) for role in sorted(roles)]
        return [*found, *(Choice(None, name) for name in sorted(people))][:9]

    def _choice_text(self, choice: Choice) -> Content:
        if choice.to_role:
            count = len(self._there(choice.to_role))
            words = f"  {count} on duty" if count else own("  nobody on duty", "bold $warning")
            return joined("any ", foreign(choice.to_role, "bold"), words)
        session = self.console_app.session
        now = session.clock.now()
        found = carried(session.ledger, roster_in_force(session.ledger), "person", now)
        load = next((one for one in found.groups if one.name == choice.to_person), None)
        count = 0 if load is None else load.waiting
        there = choice.to_person in self._there()
        return joined(
            foreign(choice.to_person or "", "bold"), f"  could decide {count:,} now",
            "  on duty" if there else own("  off duty", "bold $warning"),
        )  # fmt: skip

    def _there(self, role: str | None = None) -> Sequence[str]:
        """Return who is on duty now, in that role or in any."""
        ledger = self.console_app.session.ledger
        roster = roster_in_force(ledger)
        roles = {name for held in roster.roles().values() for name in held}
        return on_duty(roster, ledger.interval(), {role} if role else roles)

    def _refusal(self) -> str | None:
        """Return why none of what is chosen may be reassigned from here."""
        session, chosen = self.console_app.session, self._chosen()
        if not chosen:
            return "no change is under the cursor or picked"
        first = None
        for change in chosen:
            why = refusal(session, "reassign", change)
            if why is None:
                return None
            first = first or why
        return first

    def _read(self) -> None:
        if not self._ready:
            return
        session, now = self.console_app.session, self.console_app.session.clock.now()
        roster = roster_in_force(session.ledger)
        self._carried = found = carried(session.ledger, roster, self._by, now, self._only)
        self.query_one("#load", RowList).show_rows([load_row(one, now) for one in found.groups])
        self.changes.show_rows([change_row(one, now) for one in found.changes])
        self.changes.display = bool(found.changes)
        self.query_one("#empty").display = not found.changes
        expired = sum(one.expired for one in found.groups) if self._by == "route" else None
        parts = [f"by {self._by}"]
        parts += [f"only {self._only}"] if self._only else []
        parts += [f"{expired:,} expired"] if expired is not None else []
        parts += [] if found.whole else ["at least: only the first 2,000 are counted"]
        text = "  ".join(parts)
        self.query_one("#title", Static).update(self.console_app.titled("Supervisor", text))
        self.refresh_bindings()
