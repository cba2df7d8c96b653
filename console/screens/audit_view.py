"""What the audit paints: the list, one event closely, what is searched for, the verification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from console.audit_source import Matches, WholeLedger
from console.bodies import hidden_body
from console.presenters.audit import COLUMNS, detail_text, verified_text
from console.presenters.texts import many, own
from console.screens.auditing import Auditing
from console.widgets.key_bar import KeyBar
from console.widgets.pane import Pane
from console.widgets.press import Press
from console.widgets.row_list import RowList
from console.widgets.status_line import StatusLine
from core.audit.events import leaf_of, line_or_none
from core.audit.statements import check_statement, statements_of

if TYPE_CHECKING:
    from console.session import StoreReads
    from core.audit.events import StoredDetail
    from core.audit.statements import Checked

NONE_FOUND = (
    "No event matches.\n\nEvents that do would stand here, newest first.\n"
    "Press esc for every event, / for another filter."
)
LOOKING = "Looking…\n\nEvents appear here as they are found; c stops, esc shows every event."
HINT = "type:decision reviewer:ID agent:ID patient:NAME since:2026-11-20"


class AuditView(Auditing, inherit_bindings=False):
    """The parts of the screen and what they show."""

    def __init__(self) -> None:
        super().__init__()
        self.size_shown = 0
        """How many events the list of every event is about."""
        self.came = 0
        """How many came since."""
        self.report_shown = False
        self._source: WholeLedger | Matches | None = None
        self._painted: tuple[int | None, Content] = (None, Content(""))

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        with Horizontal(id="asked"):
            yield Static(id="asked-words", markup=False)
            yield Press(" esc every event ", id="all")
            yield Press("", id="newer")
        yield Input(placeholder=HINT, id="filter")
        with Container(id="body"):
            yield RowList[int](COLUMNS, id="list")
            yield Static(id="empty", markup=False)
            yield Pane("event", id="detail")
        yield StatusLine()
        yield KeyBar()

    @property
    def list(self) -> RowList[int]:
        """The events."""
        return self.query_one("#list", RowList)

    @property
    def ledger(self) -> StoreReads:
        """The reads of the store, on the screen's own connection."""
        return self.console_app.session.ledger

    @property
    def ready(self) -> bool:
        """Whether the ledger was read yet."""
        return self._source is not None

    def proposal_at_cursor(self) -> str | None:
        """Return the proposal that the event under the cursor is about."""
        seq = self.list.cursor
        found = [] if seq is None else self.ledger.events_at([seq])
        line = line_or_none(found[0]) if found else None
        return None if line is None else line.proposal

    def show_source(self, source: WholeLedger | Matches, cursor: int) -> None:
        """Show other rows with the cursor on row `cursor`, in the line where it stands now."""
        line = self.list.cursor_row - self.list.top
        self._source = source
        self.list.source = source
        self.list.renumber(cursor, cursor - line)
        self.report_shown = False
        self.show_detail()
        self.show_words()

    def forget(self) -> None:
        """Read again what is shown: a body may have been erased. No row moves."""
        if self._source is not None:
            self._source.forget()
        self.list.refresh()
        self.show_detail(anew=True)
        self.show_words()

    def show_detail(self, *, anew: bool = False) -> None:
        """Show the event under the cursor, unless it is shown already; `anew` reads it again."""
        seq = self.list.cursor
        if self.report_shown or (seq is not None and seq == self._painted[0] and not anew):
            return
        text = Content("") if seq is None else self._detail(seq)
        if (seq, text) == self._painted:
            return
        self._painted = (seq, text)
        pane = self.query_one("#detail", Pane)
        pane.border_title = "event"
        pane.show(text)

    def show_report(self) -> None:
        """Show the last verification in the place of the event."""
        if self.verification.found is None:
            return
        self.report_shown = True
        self._painted = (None, Content(""))
        pane = self.query_one("#detail", Pane)
        pane.border_title = "verification"
        pane.show(verified_text(self.verification.found))

    def show_words(self) -> None:
        """Show the title, what is searched for, and how many are newer."""
        size = self.size_shown if self.search is None else self.search.high
        parts = [f"{size:,} events", self.verification.title(self.ledger.size)]
        title = self.console_app.titled("Audit", " · ".join(part for part in parts if part))
        self.query_one("#title", Static).update(title)
        words = own("every event") if self.search is None else self.search.text()
        self.query_one("#asked-words", Static).update(words)
        self.query_one("#all").display = self.search is not None
        newer = self.query_one("#newer", Press)
        newer.display = self.came > 0
        newer.update(f" . {many(self.came, 'newer event')} ")
        self._show_emptiness()
        self.refresh_bindings()

    def action_cursor_up(self) -> None:
        """Move up in what has the focus."""
        if isinstance(self.focused, Pane):
            self.focused.scroll_up(animate=False)
        else:
            super().action_cursor_up()

    def action_cursor_down(self) -> None:
        """Move down in what has the focus."""
        if isinstance(self.focused, Pane):
            self.focused.scroll_down(animate=False)
        else:
            super().action_cursor_down()

    def action_page_up(self) -> None:
        """Move one page up in what has the focus."""
        if isinstance(self.focused, Pane):
            self.focused.scroll_page_up(animate=False)
        else:
            super().action_page_up()

    def action_page_down(self) -> None:
        """Move one page down in what has the focus."""
        if isinstance(self.focused, Pane):
            self.focused.scroll_page_down(animate=False)
        else:
            super().action_page_down()

    def action_first(self) -> None:
        """Move to the beginning of what has the focus."""
        if isinstance(self.focused, Pane):
            self.focused.scroll_home(animate=False)
        else:
            super().action_first()

    def action_last(self) -> None:
        """Move to the end of what has the focus."""
        if isinstance(self.focused, Pane):
            self.focused.scroll_end(animate=False)
        else:
            super().action_last()

    def close_filter(self) -> None:
        """Put the line away that a filter is typed in."""
        self.set_focus(self.list)
        self.query_one("#filter", Input).display = False

    def _show_emptiness(self) -> None:
        empty = len(self.list.source) == 0
        note = self.query_one("#empty", Static)
        if empty:
            note.update(LOOKING if self.searching else NONE_FOUND)
        note.display = empty
        if self.list.display == empty:
            if self.focused is self.list:
                self.set_focus(None)
            self.list.display = not empty
            if not empty and self.focused is None:
                self.set_focus(self.list)

    def _detail(self, seq: int) -> Content:
        detail = self.ledger.event_detail(seq)
        if detail is None:
            return own(f"event {seq:,} is missing", "bold $error")
        hidden = hidden_body(self.console_app.session.offline(), self.ledger, detail)
        return detail_text(detail, self._checked(detail), self.console_app.zone, hidden)

    def _checked(self, detail: StoredDetail) -> Sequence[Checked]:
        leaf = leaf_of(detail.leaf)
        if leaf is None:
            return []
        texts = statements_of(leaf, detail.statement)
        return [check_statement(self.ledger, detail.seq, leaf, text) for text in texts]
