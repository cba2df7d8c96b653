"""The audit: every event of the ledger, newest first, and whether the ledger holds.

Painting reads two pages of events at most, whatever the size of the ledger. Nothing here writes.
Source: design §4, §14.8, §14.9.
"""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Input

from console import actions
from console.actions import Action
from console.audit_search import Search
from console.audit_source import Matches, WholeLedger
from console.presenters.audit import verified_title
from console.presenters.texts import foreign, joined, many
from console.screens.audit_view import AuditView
from console.widgets.pane import Pane
from console.widgets.press import Press
from core.audit.about import about, completed
from core.audit.wanted import Wanted, parse_wanted
from core.errors import CountersignError


class AuditScreen(AuditView, inherit_bindings=False):
    """The events, one of them closely, and the verification."""

    SCOPE = "audit"
    BINDINGS = actions.bindings("audit")
    AUTO_FOCUS = "#list"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012  as Textual declares it

    def __init__(self) -> None:
        super().__init__()
        self._asked: tuple[str, Content] | None = None

    def on_mount(self) -> None:
        """Show the newest events before the first paint."""
        self.query_one("#filter").display = False
        self.size_shown = self.ledger.size
        self._show_every_event(None)
        if self._asked is not None:
            self.show_trail(*self._asked)

    def on_screen_resume(self) -> None:
        """Count what came while another screen was on top."""
        self.store_changed()

    def blocked(self, action: Action) -> str | None:
        """Say why an action is of no use now."""
        if not self.ready:
            return "the ledger is not read yet"
        if action.id in ("open", "trail") and self.list.cursor is None:
            return "there is no event under the cursor"
        if action.id == "trail" and self.proposal_at_cursor() is None:
            return "this event is about no proposal"
        if action.id == "verify" and self.verification.running:
            return "the ledger is being verified; c stops it"
        if action.id == "newer" and (not self.came or self.searching):
            running = "the search still runs; c stops it"
            return running if self.came else "nothing newer came"
        if action.id == "stop" and not self._stoppable:
            return "nothing is being searched or verified"
        if action.id == "back" and not self._leavable:
            return "every event is shown; ctrl+q leaves the console"
        return None

    @property
    def _stoppable(self) -> bool:
        halted = self.search is not None and not self.search.done
        return self.verification.running or self.searching or halted

    @property
    def _leavable(self) -> bool:
        inside = isinstance(self.focused, Pane | Input)
        return inside or self.report_shown or self.search is not None

    def store_changed(self) -> None:
        """Count what is newer; no row moves."""
        if self.ready:
            self._count_newer()
            self.forget()

    def show_trail(self, about_id: str, words: Content) -> None:
        """Show only the events about a proposal, an operation, a freeze, a person or an agent.

        `about_id` is its id, or `KIND:ID` where that is ambiguous; `words` say on screen what it
        is. A screen that is not mounted yet shows it once it is.
        """
        if not self.ready:
            self._asked = (about_id, words)
            return
        self._asked = None
        try:
            wanted = about(self.ledger, about_id)
        except CountersignError as error:
            self.console_app.say(str(error), error=True)
            return
        self._begin(wanted, joined("Trail of ", words))

    def action_open(self) -> None:
        """Go into the event under the cursor."""
        self._leave_report()
        self.query_one("#detail", Pane).focus()

    def on_row_list_opened(self) -> None:
        """Open by mouse as by key."""
        self.action_open()

    def on_row_list_moved(self) -> None:
        """Show the event under the cursor, once for however many moves."""
        self.report_shown = False
        self.call_after_refresh(self._take_up_cursor)

    def action_trail(self) -> None:
        """Show only the events of the proposal under the cursor."""
        proposal = self.proposal_at_cursor()
        if proposal is not None:
            self.show_trail(proposal, joined("proposal ", foreign(proposal[:8])))

    def action_filter(self) -> None:
        """Type a filter."""
        line = self.query_one("#filter", Input)
        line.value = "" if self.search is None else self.search.wanted.text
        line.display = True
        line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search for what was typed; what is no filter says why and stays to be corrected."""
        text = event.value.strip()
        try:
            wanted = completed(self.ledger, parse_wanted(text, self.console_app.zone))
        except CountersignError as error:
            self.console_app.say(str(error), error=True)
            return
        self.close_filter()
        if wanted.terms:
            self._begin(wanted, joined("Only ", foreign(text)))
        else:
            self._show_every_event(self.list.cursor)

    def action_verify(self) -> None:
        """Verify the whole ledger."""
        self.start_verification()
        self.show_words()
        self.console_app.say("Verifying the whole ledger; c stops it.")

    def action_stop(self) -> None:
        """Stop what runs, or go on with a search that was stopped."""
        if self.searching:
            self.stop_search()
            self.console_app.say("The search stopped.")
        elif self.verification.running:
            self.stop_verification()
            self.console_app.say("The verification stopped; it has found out nothing.")
        elif self.search is not None:
            self.start_search(self.search, self.search.reached)
            self.console_app.say("The search goes on.")
        self.show_words()

    def action_newer(self) -> None:
        """Take up what came since, above what is shown; the cursor stays on its event."""
        count = many(self.came, "newer event")
        if self.search is None:
            self.size_shown, self.came = self.ledger.size, 0
            self._show_every_event(self.list.cursor)
            self.console_app.say(f"{count} taken up above; g goes to the newest.")
            return
        self.start_search(self.search, *self.search.begin_newer(self.ledger.size))
        self.show_words()
        self.console_app.say(f"Looking at {count}.")

    def action_back(self) -> None:
        """Leave the filter line, the event, the report or the filter: one of them."""
        if isinstance(self.focused, Input):
            self.close_filter()
        elif isinstance(self.focused, Pane) and self.list.display:
            self.set_focus(self.list)
        elif self.report_shown:
            self._leave_report()
        else:
            self._show_every_event(self.list.cursor)

    async def on_press_pressed(self, event: Press.Pressed) -> None:
        """Do by mouse what the words say."""
        if event.press.id == "all":
            self._show_every_event(self.list.cursor)
            return
        newer = actions.named("audit", "newer")
        if newer is not None:
            await self.run_registered(newer)

    def search_moved(self, newer: int = 0) -> None:
        """Show what was found; what is new above moves no row that is in view."""
        self.list.renumber(self.list.cursor_row + newer, self.list.top + newer)
        self._count_newer()
        self.show_detail()
        self.show_words()

    def verification_moved(self) -> None:
        """Show how far it is; its report takes the place of the event until the cursor moves."""
        found = self.verification.found
        if found is not None:
            self.console_app.say(f"{verified_title(found)}.", error=not found.report.ok)
            self.show_report()
        self.show_words()

    def _begin(self, wanted: Wanted, words: Content) -> None:
        size = self.ledger.size
        matches = Matches(self.ledger, self.console_app.zone)
        self.start_search(Search(wanted, words, matches, size, size), size)
        self.came = 0
        self.show_source(matches, 0)

    def _show_every_event(self, seq: int | None) -> None:
        """Show the whole ledger with the cursor on an event, or on the newest."""
        self.stop_search()
        if self.search is not None:
            self.size_shown = max(self.size_shown, self.search.high)
            self.search = None
        whole = WholeLedger(self.ledger, self.size_shown, self.console_app.zone)
        self.came = max(0, self.ledger.size - self.size_shown)
        self.show_source(whole, 0 if seq is None else whole.place(seq) or 0)

    def _count_newer(self) -> None:
        known = self.size_shown if self.search is None else self.search.high
        self.came = max(0, self.ledger.size - known)

    def _leave_report(self) -> None:
        self.report_shown = False
        self.show_detail()

    def _take_up_cursor(self) -> None:
        self.show_detail()
        self.refresh_bindings()
