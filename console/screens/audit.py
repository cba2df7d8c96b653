"""The audit: every event of the ledger, newest first, and whether the ledger holds.

Painting reads two pages of events at most; searching and verifying go on in threads that read on
connections of their own. Nothing here writes. Source: design §4, §14.8, §14.9.
"""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Footer, Input, Static
from textual.worker import Worker, WorkerState, get_current_worker

from console import actions
from console.actions import Action
from console.audit_search import Search, Stopped, Verification
from console.audit_source import Matches, WholeLedger
from console.presenters.audit import COLUMNS, detail_text, verified_text
from console.presenters.texts import foreign, joined, many, own
from console.screens.listing import ListScreen
from console.widgets.pane import Pane
from console.widgets.press import Press
from console.widgets.row_list import RowList
from console.widgets.status_line import StatusLine
from core.audit.about import about, completed
from core.audit.events import leaf_of
from core.audit.search import Found, search
from core.audit.statements import check_statement, statements_of
from core.audit.verify import Verified
from core.audit.wanted import Wanted, parse_wanted
from core.errors import CountersignError

_NONE_FOUND = (
    "No event matches.\n\nHere would stand the events that do, newest first.\n"
    "Press esc for every event, / for another filter."
)
_LOOKING = "Looking…\n\nEvents appear here as they are found; c stops, esc shows every event."
_HINT = "type:decision reviewer:ID agent:ID patient:NAME since:2026-11-20"


class AuditScreen(ListScreen[None], inherit_bindings=False):
    """The events, one of them closely, and the verification."""

    SCOPE = "audit"
    BINDINGS = actions.bindings("audit")
    AUTO_FOCUS = "#list"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012  as Textual declares it

    class Walked(Message):
        """A step of a search is done."""

        def __init__(self, of: Search, found: Found) -> None:
            super().__init__()
            self.of = of
            self.found = found

    class Told(Message):
        """A verification came further."""

        def __init__(self, what: str, done: int, of: int) -> None:
            super().__init__()
            self.step = (what, done, of)

    def __init__(self) -> None:
        super().__init__()
        self._size = 0
        self._newer = 0
        self._search: Search | None = None
        self._asked: tuple[str, Content] | None = None
        self._verification = Verification()
        self._report_shown = False
        self._detail = Content("")

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        with Horizontal(id="asked"):
            yield Static(id="asked-words", markup=False)
            yield Press(" esc  every event ", id="all")
            yield Press("", id="newer")
        yield Input(placeholder=_HINT, id="filter")
        with Container(id="body"):
            yield RowList[int](COLUMNS, id="list")
            yield Static(id="empty", markup=False)
            yield Pane("event", id="detail")
        yield StatusLine()
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Show the newest events before the first paint."""
        self.query_one("#filter").display = False
        self._size = self._ledger.size
        self._show_all()
        if self._asked is not None:
            self.show_trail(*self._asked)

    def on_screen_resume(self) -> None:
        """Count what came while another screen was on top."""
        if self.is_mounted and self._size:
            self.store_changed()

    @property
    def list(self) -> RowList[int]:
        """The events."""
        return self.query_one(RowList)

    @property
    def _ledger(self) -> AuditReads:
        return self.console_app.session.ledger

    def blocked(self, action: Action) -> str | None:
        """Say why an action is of no use now."""
        if not self.is_mounted:
            return None
        if action.id in ("open", "trail") and self.list.cursor is None:
            return "there is no event under the cursor"
        if action.id == "trail" and self._proposal() is None:
            return "this event is about no proposal"
        if action.id == "verify" and self._verification.running:
            return "the ledger is being verified; c stops it"
        if action.id == "newer" and not self._newer:
            return "nothing newer came"
        if action.id == "newer" and self._searching:
            return "the search still runs; c stops it"
        if action.id == "stop" and not self._stoppable:
            return "nothing is being searched or verified"
        if action.id == "back" and not self._leavable:
            return "every event is shown already"
        return None

    @property
    def _searching(self) -> bool:
        return self._search is not None and self._search.running

    @property
    def _stoppable(self) -> bool:
        halted = self._search is not None and not self._search.whole
        return self._verification.running or halted

    @property
    def _leavable(self) -> bool:
        inside = isinstance(self.focused, Pane | Input)
        return inside or self._report_shown or self._search is not None
