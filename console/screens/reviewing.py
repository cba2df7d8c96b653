"""What a review shows of one change: patient, evidence, and one of several tabs beside it.

Opening has no side effect; nothing here decides. Source: design §8, §14.9.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from console.looking import LOOK_S, Looking
from console.presenters import prediction
from console.presenters.beside import after_parts, before_parts, standing
from console.presenters.change import change_parts, moved_parts, unchanged_parts
from console.presenters.evidence import evidence_blocks
from console.presenters.judgement import agent_text, judgement_parts, outcome_parts
from console.presenters.patient import Identity, alarms, banner
from console.presenters.queue import Key, what
from console.presenters.tabs import TABS, chart_text, history_text, policy_text, raw_text
from console.presenters.texts import foreign, joined, lines, own, span
from console.presenters.urgent import needed_text
from console.screens.scrolling import ScrollingScreen
from console.widgets.key_bar import KeyBar
from console.widgets.pane import ChangePane, EvidencePane
from console.widgets.segments import Segments
from console.widgets.status_line import StatusLine
from console.worklist import Worklist
from core.context import rests_on
from core.ledger.event import moment
from core.lifecycle import State
from core.records import ChangeRow
from core.review.hidden import Hidden, Sight, sights
from core.veil import view_for
from core.view import ChangeView, ProposalView
from core.waiting import state_words

STALE = "this changed; reload with ctrl+r"
_SIGNS = {
    State.PENDING: "?",
    State.REJECTED: "✗",
    State.DENIED: "✗",
    State.DEFERRED: "…",
    State.EXPIRED: "!",
    State.EXCEPTION: "!",
}
"""A sibling's state in one character; anything that was approved has a tick."""


class Reviewing(ScrollingScreen[None], inherit_bindings=False):
    """One change of one proposal, painted; `console.screens.review` decides it."""

    def __init__(self, key: Key, worklist: Worklist) -> None:
        super().__init__()
        self._key = key
        self._worklist = worklist
        self._view: ProposalView | None = None
        self._before: Identity | None = None
        self._painted_at: float | None = None
        self._stale = False
        self._load_number = 0
        self._tab = 0
        self._unfolded = False
        self._looking = Looking()
        self._confidence_shown = False

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        yield Static(id="patient", markup=False)
        yield Static(id="alarms", markup=False)
        yield Static(own(f" {STALE} ", "bold reverse"), id="stale", markup=False)
        yield Static(id="change-line", markup=False)
        yield Segments(id="siblings")
        with Container(id="body"):
            yield EvidencePane("evidence, in the source's own words", id="evidence")
            with Container(id="right"):
                yield Segments(id="tabs")
                yield ChangePane("change", id="change")
        yield StatusLine()
        yield KeyBar()

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

    @property
    def _siblings(self) -> int:
        return 0 if self._view is None else len(self._view.changes)

    def on_segments_clicked(self, event: Segments.Clicked) -> None:
        """Go to a tab or to a sibling by mouse."""
        if event.control.id == "tabs":
            self._show_tab(event.number)
        elif event.number < self._siblings:
            self._go((self._key[0], event.number))

    def action_next_tab(self) -> None:
        """Show the next tab."""
        self._show_tab((self._tab + 1) % len(TABS))

    def action_previous_tab(self) -> None:
        """Show the tab before."""
        self._show_tab((self._tab - 1) % len(TABS))

    def action_unfold(self) -> None:
        """Show what the change leaves as it is, or fold it."""
        self._unfolded = not self._unfolded
        self._show_tab(0)

    def _go(self, key: Key) -> None:
        """Show another change; the patient shown before is remembered for the alarm."""
        self._key = key
        self._before = self.console_app.last_patient
        self._tab, self._unfolded = 0, False
        self._load()

    def _load(self) -> None:
        self._stale, self._painted_at = False, None
        self._load_number += 1
        session = self.console_app.session
        row = session.ledger.proposal(self._key[0])
        self._view = None if row is None else view_for(session.offline(), session.ledger, row)
        self._paint()
        self.refresh_bindings()
        self.call_after_refresh(self._painted, self._load_number)

    def _painted(self, number: int) -> None:
        """Only now may what is shown be decided."""
        if number == self._load_number:
            self._painted_at = self.console_app.monotonic()
            self.look()
            if self.shown is not None:
                self.console_app.seen.add((*self._key, self.shown.row.change_digest))
            self.refresh_bindings()

    def _paint(self) -> None:
        view, change = self._view, self.shown
        self._show_title()
        self._show_siblings()
        if view is None or change is None:
            self._static("change-line", own("This change is not in the store.", "bold $error"))
            return
        here = Identity(view.row.patient_tag, view.row.ehr, view.row.patient_label or "(erased)")
        self._static("patient", self._banner(view))
        loud = alarms(view.patient, here, self._before)
        self._static("alarms", loud)
        self.query_one("#alarms").display = bool(loud.plain)
        self.console_app.last_patient = here
        self._show_line(change.row)
        blocks = evidence_blocks(view.evidence, self._key[1], change.hidden)
        self._looking = Looking(frozenset(number for number, _ in blocks if number is not None))
        self._confidence_shown = not self._looking.wanted and not change.hidden.evidence
        self.query_one("#evidence", EvidencePane).show_blocks(blocks)
        self._show_tab(self._tab)

    def _show_tab(self, tab: int) -> None:
        self._tab = tab
        self.query_one("#tabs", Segments).show([own(name) for name in TABS], tab)
        view, change = self._view, self.shown
        if view is None or change is None:
            return
        pane = self.query_one("#change", ChangePane)
        pane.border_title = TABS[tab].lower() + prediction.standing(change) + standing(change)
        pane.show(self._tab_text(view, change))
        self._show_agent(view)

    def _show_agent(self, view: ProposalView) -> None:
        supported = bool(self._looking.wanted or self._hidden.evidence)
        text = agent_text(view, looked=self._confidence_shown, supported=supported)
        self.query_one("#change", ChangePane).show_agent(text if self._tab == 0 else None)

    def on_evidence_pane_scrolled(self) -> None:
        """Take up which quotes came into view."""
        self.look()

    def look(self) -> None:
        """Take up which quotes are in view; show the confidence once all were, for a while."""
        if self._painted_at is None or self._view is None:
            return
        app, before = self.console_app, self._looking.since
        self._looking.saw(self.query_one("#evidence", EvidencePane).in_view(), app.monotonic())
        if self._looking.since is not None and before is None and app.timers:
            self.set_timer(LOOK_S, self.look)
        hidden = self._hidden.evidence
        if not self._confidence_shown and not hidden and self._looking.enough(app.monotonic()):
            self._confidence_shown = True
            self._show_agent(self._view)

    def _tab_text(self, view: ProposalView, change: ChangeView) -> Content:
        app = self.console_app
        now, zone = app.session.clock.now(), app.zone
        if TABS[self._tab] == "Raw JSON":
            return raw_text(change)
        if TABS[self._tab] == "History":
            return history_text(view, self._key[1], zone)
        if TABS[self._tab] == "Policy":
            return policy_text(change, now, zone)
        if TABS[self._tab] == "Chart":
            kept = app.session.ledger.kept(view.row.ehr, rests_on(view))
            return chart_text(kept, now, self._sight(change))
        return lines(
            [
                *moved_parts(change),
                *before_parts(change),
                *prediction.warning_parts(change),
                *change_parts(change),
                *unchanged_parts(change, unfolded=self._unfolded),
                *prediction.expected_parts(change),
                *after_parts(change),
                own(""),
                *judgement_parts(change, now, zone),
                *outcome_parts(change, zone),
            ]
        )

    def _banner(self, view: ProposalView) -> Content:
        now = self.console_app.session.clock.now()
        return banner(view.patient, view.row.patient, now, view.majority)

    @property
    def _hidden(self) -> Hidden:
        """What the labels hide of the change that is shown."""
        return Hidden() if self.shown is None else self.shown.hidden

    def _sight(self, change: ChangeView) -> Sight:
        session = self.console_app.session
        seen = sights(session.offline(), session.ledger, change.row.proposal, [change.row])
        return seen[change.row.idx]

    def _show_title(self) -> None:
        self._static("title", self.console_app.titled("Review", self._worklist.position(self._key)))

    def _show_siblings(self) -> None:
        strip = self.query_one("#siblings", Segments)
        strip.display = self._siblings > 1
        changes = () if self._view is None else self._view.changes
        strip.show([_sibling(one.row) for one in changes], self._key[1])

    def _show_line(self, row: ChangeRow) -> None:
        parts = [own(f"change {row.idx + 1} of {self._siblings}: "), foreign(what(row), "bold")]
        shown = self.shown
        held_up = None if shown is None else shown.held_up
        parts.append(foreign(f"  {state_words(row.state, row.rung, held_up)}"))
        if row.urgency != "routine":
            parts.append(joined(" ", own(f" {row.urgency.upper()} ", "bold reverse")))
        app, needed = self.console_app, None
        if self._view is not None:
            needed = needed_text(self._view.row, row, app.session.clock.now(), app.zone)
            parts += [] if needed is None else [needed]
        if row.expires and row.state == State.PENDING:
            left = span(moment(row.expires), self.console_app.session.clock.now())
            if needed is None or left == "expired":
                parts.append(own(" expired" if left == "expired" else f" {left} left"))
        self._static("change-line", Content("").join(parts))
        self.query_one("#stale").display = self._stale

    def _static(self, id_: str, text: Content) -> None:
        self.query_one(f"#{id_}", Static).update(text)


def _sibling(row: ChangeRow) -> Content:
    """Return `1 ? create Task` and on what it rests."""
    sign = _SIGNS.get(State(row.state), "✓")
    rests = "".join(f", rests on {index + 1}" for index in row.depends_on)
    return joined(own(f"{row.idx + 1} {sign} "), foreign(what(row)), own(rests))
