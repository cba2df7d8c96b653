"""The queue: what waits for a person, as a list that never moves by itself.

Painting reads one page of the change table and nothing else. What left the queue stays in its line,
marked; what came since is counted in the title until somebody takes it up. Source: design §14.9.
"""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.widgets import Input, Static

from console import actions
from console.actions import Action
from console.presenters.queue import Key, columns
from console.presenters.texts import many
from console.queue_state import QueueState
from console.screens.listing import ListScreen
from console.screens.marking import MARKING, Marks
from console.views import BASES
from console.widgets.chips import Chips
from console.widgets.key_bar import KeyBar
from console.widgets.row_list import RowList
from console.widgets.status_line import StatusLine
from core.errors import BadInput

_EMPTY = (
    "Nothing waits for review.\n\n"
    "Agents submit with `countersign propose`; what they submit appears here by itself.\n"
    "Press o to see every open state, ? for help."
)
_NONE_FOUND = "Nothing matches.\n\nPress esc to take the filter off, v for another view."


class QueueScreen(ListScreen[None], inherit_bindings=False):
    """The list, its filter and the status line."""

    SCOPE = "queue"
    BINDINGS = actions.bindings("queue")
    AUTO_FOCUS = "#list"

    def __init__(self) -> None:
        super().__init__()
        self._state: QueueState | None = None
        self._keep_view = False
        self._fresh = False
        self.marks = Marks(self)

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        yield Chips()
        yield Input(id="words")
        yield RowList(columns(all_open=False), id="list")
        yield Static(_EMPTY, id="empty", markup=False)
        yield StatusLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill the list before the first paint."""
        self.query_one("#words").display = False
        self.query_one(Chips).display = False
        self._state = QueueState(self.console_app.session, self.console_app.zone)
        self._show_list(0)
        self._fresh = True

    def on_screen_resume(self) -> None:
        """Take up what happened while another screen was on top."""
        super().on_screen_resume()
        if self._state is not None and not self._fresh:
            self._read()
        self._fresh = False

    @property
    def state(self) -> QueueState:
        """What is shown."""
        if self._state is None:
            raise NoMatches("the queue is not mounted yet")
        return self._state

    @property
    def list(self) -> RowList[Key]:
        """The list."""
        return self.query_one(RowList)

    def blocked(self, action: Action) -> str | None:
        """Say when there is nothing to open, to take up or to keep."""
        if self._state is None:
            return "the queue is not read yet"
        if action.id == "open" and self.list.cursor is None:
            return "there is nothing to open"
        if action.id in MARKING:
            return self.marks.blocked(action.id)
        if action.id == "clear" and not self._typing and self.marks:
            return None
        if action.id == "clear" and not self._typing and not self.state.narrowed:
            return "no filter is on; ctrl+q leaves the console"
        if action.id == "save_view" and not self.state.chosen.filter.terms:
            return "there is no filter to keep; / types one"
        return None

    def store_changed(self) -> None:
        """Hear what became of the rows in view; nothing moves but into an empty list."""
        if self._state is None:
            return
        if not len(self.state.rows):
            self._read()
            return
        self.state.look_around()
        if self.state.rows.refresh(self.list.top, self.list.lines):
            self.list.refresh()
        self._show_title()

    def tick(self) -> None:
        """Move the countdowns on."""
        if self._state is not None:
            self._state.look_around()
            self.list.refresh()

    def action_open(self) -> None:
        """Open the change under the cursor."""
        key = self.list.cursor
        if key is not None:
            self.console_app.open_review(key, self.state.rows)

    def on_row_list_opened(self) -> None:
        """Open by mouse as by key."""
        self.action_open()

    def on_row_list_moved(self) -> None:
        """Look further where a filter may find more."""
        if self.list.cursor_row + 2 * self.list.lines > len(self.state.rows):
            self._look_further()

    def select(self, key: Key) -> None:
        """Move the cursor to a change, or to the next one where that is gone."""
        self._read(key)

    def action_toggle_open(self) -> None:
        """Show every open state, or only what waits."""
        self.state.toggle_open()
        self.list.columns = columns(all_open=self.state.chosen.all_open)
        self._read()
        every = self.state.chosen.all_open
        self.console_app.say("Every open state." if every else "Only what waits for review.")

    def action_next_view(self) -> None:
        """Go to the next view."""
        self.state.next_view()
        self._read()
        self.console_app.say(f"View: {self.state.words or BASES['all']}.")

    def action_reload(self) -> None:
        """Read again and say so."""
        self._read()
        self.console_app.say(f"Read again: {many(len(self.state.rows), 'row')}.")

    def action_newer(self) -> None:
        """Take up what came since, and show as much of what stands above as fits."""
        count = sum(self.state.newer.values())
        self._read()
        if self.list.cursor_row < self.list.lines:
            self.list.renumber(self.list.cursor_row, 0)
        self.console_app.say(f"{many(count, 'newer row')} taken up." if count else "Nothing newer.")

    def action_mark(self) -> None:
        """Mark the change under the cursor, or let go of it, and go on."""
        self.marks.toggle()

    def action_approve_marked(self) -> None:
        """Ask to approve what is marked."""
        self.marks.ask("approve")

    def action_reject_marked(self) -> None:
        """Ask to reject what is marked."""
        self.marks.ask("reject")

    def action_defer_marked(self) -> None:
        """Ask to defer what is marked."""
        self.marks.ask("defer")

    def action_filter(self) -> None:
        """Type a filter."""
        words = self.query_one("#words", Input)
        words.placeholder = "risk:high agent:scribe !is:late ada   enter keeps, esc takes back"
        words.value = self.state.chosen.filter.text
        self._keep_view = False
        words.display = True
        words.focus()

    def action_save_view(self) -> None:
        """Ask for the name under which the filter is kept."""
        words = self.query_one("#words", Input)
        words.placeholder = "name of this view   enter keeps it, esc does not"
        words.value = self.state.chosen.name
        self._keep_view = True
        words.display = True
        words.focus()

    def action_clear(self) -> None:
        """Leave the line that is typed in, or take the filter off."""
        if self._typing:
            if not self._keep_view:
                self.state.revert()
                self._read()
            self._close_words()
            return
        if self.marks:
            self.marks.clear()
            return
        self.state.clear()
        self._read()
        self.console_app.say("The filter is off.")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as is typed; what is not a filter yet says why and changes nothing."""
        if self._keep_view or not self._typing:
            return
        try:
            self.state.try_filter(event.value)
        except BadInput as error:
            self.console_app.say(str(error), error=True)
            return
        self.console_app.say("")
        self._read()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep what was typed; what is no filter stays in the line."""
        try:
            if self._keep_view:
                self.console_app.say(self.state.keep(event.value.strip()))
            else:
                self.state.set_filter(event.value)
        except BadInput as error:
            self.console_app.say(str(error), error=True)
            return
        self._close_words()
        self._read()

    def on_chips_removed(self, event: Chips.Removed) -> None:
        """Take one term off by mouse."""
        self.state.without(event.number)
        self._read()

    @property
    def _typing(self) -> bool:
        return self.query_one("#words").display

    def _close_words(self) -> None:
        self.query_one("#words").display = False
        self.list.focus()

    def _read(self, key: Key | None = None) -> None:
        """Read the list anew; the cursor stays on its change and that change on its line."""
        if not self.is_mounted or self._state is None:
            return
        shown = self.list
        line = shown.cursor_row - shown.top
        cursor = self.state.read(shown.cursor_row, key)
        self._show_list(cursor, cursor - line)

    def _show_list(self, cursor: int, top: int = 0) -> None:
        self.list.source = self.state.rows
        self.list.renumber(cursor, top)
        self.list.move_to(cursor)
        self._show_parts()
        self._look_further()

    def _show_parts(self) -> None:
        empty = not len(self.state.rows)
        words = self.query_one("#empty", Static)
        words.update(_NONE_FOUND if self.state.narrowed else _EMPTY)
        words.display = empty
        self.list.display = not empty
        chips = self.query_one(Chips)
        chips.show([term.text for term in self.state.chosen.filter.terms])
        self._show_title()
        self.refresh_bindings()

    def _show_title(self) -> None:
        self.query_one("#title", Static).update(
            self.console_app.titled("Queue", self.state.title())
        )

    @work(exclusive=True, group="queue", exit_on_error=False)
    async def _look_further(self) -> None:
        """Go on with a filter until the view and what follows it are full."""
        await self.state.look_further(self.list.cursor_row + 3 * self.list.lines, self._grown)

    def _grown(self) -> None:
        self.list.renumber(self.list.cursor_row, self.list.top)
        self._show_parts()
