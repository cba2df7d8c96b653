"""The queue: what waits for a person. Painting it reads the change table and nothing else."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer, Static

from console import actions
from console.actions import Action
from console.presenters.queue import Key, QueueRow, queue_rows, states
from console.presenters.texts import many
from console.screens.base import ConsoleScreen
from console.widgets.queue_list import HEADS, QueueList, columns, fitted
from console.widgets.status_line import StatusLine

_EMPTY = (
    "Nothing waits for review.\n\n"
    "Agents submit with `countersign propose`; what they submit appears here by itself.\n"
    "Press o to see every open state, ? for help."
)


class QueueScreen(ConsoleScreen[None], inherit_bindings=False):
    """The list, its heading and the status line."""

    SCOPE = "queue"
    BINDINGS = actions.bindings("queue")

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        yield Static(id="heads", markup=False)
        yield QueueList(id="list")
        yield Static(_EMPTY, id="empty", markup=False)
        yield StatusLine()
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Fill the list before the first paint."""
        self._read()

    def on_screen_resume(self) -> None:
        """Take up what happened while another screen was on top."""
        self._read()

    def on_resize(self) -> None:
        """Fit the heading to the new width."""
        self.call_after_refresh(self._show_heads)

    @property
    def rows(self) -> list[QueueRow]:
        """The rows that are shown."""
        return list(self._list.rows)

    @property
    def keys(self) -> list[Key]:
        """The changes that are shown, in their order."""
        return [row.key for row in self._list.rows]

    @property
    def _list(self) -> QueueList:
        return self.query_one(QueueList)

    def blocked(self, action: Action) -> str | None:
        """Say when there is nothing to open."""
        if action.id == "open" and self.is_mounted and self._list.cursor is None:
            return "there is nothing to open"
        return None

    def store_changed(self) -> None:
        """Patch the list from the store."""
        self._read()

    def tick(self) -> None:
        """Move the countdowns on."""
        self._read()

    def action_open(self) -> None:
        """Open the change under the cursor."""
        key = self._list.cursor
        if key is not None:
            self.console_app.open_review(key, self.keys)

    def on_queue_list_opened(self) -> None:
        """Open by mouse as by key."""
        self.action_open()

    def select(self, key: Key) -> None:
        """Move the cursor to a change."""
        self._list.move_to_key(key)

    def action_toggle_open(self) -> None:
        """Show every open state, or only what waits."""
        self._list.all_open = not self._list.all_open
        self._read()
        self._show_heads()

    def action_reload(self) -> None:
        """Read again and say so."""
        self._read()
        self.console_app.say(f"Read again: {many(len(self.rows), 'row')}.")

    def action_cursor_up(self) -> None:
        """Move up."""
        self._list.move(-1)

    def action_cursor_down(self) -> None:
        """Move down."""
        self._list.move(1)

    def action_page_up(self) -> None:
        """Move one page up."""
        self._list.move(1 - self._list.size.height)

    def action_page_down(self) -> None:
        """Move one page down."""
        self._list.move(self._list.size.height - 1)

    def action_first(self) -> None:
        """Move to the first row."""
        self._list.move_to(0)

    def action_last(self) -> None:
        """Move to the last row."""
        self._list.move_to(len(self._list.rows) - 1)

    def _read(self) -> None:
        if not self.is_mounted:
            return
        found = self.console_app.session.ledger.changes_in(*states(all_open=self._list.all_open))
        rows = queue_rows(found, self.console_app.session.clock.now())
        if rows != self._list.rows:
            self._list.show(rows)
        self.query_one("#empty").display = not rows
        self._list.display = bool(rows)
        self._show_title(rows)
        self.refresh_bindings()

    def _show_title(self, rows: list[QueueRow]) -> None:
        text = f"{len(rows):,} open" if self._list.all_open else f"{len(rows):,} waiting"
        self.query_one("#title", Static).update(self.console_app.titled("Queue", text))

    def _show_heads(self) -> None:
        fitting = columns(self._list.size.width or self.size.width, all_open=self._list.all_open)
        self.query_one("#heads", Static).update(
            "  " + "".join(fitted(HEADS[name], width) for name, width in fitting)
        )
