"""The screen Incidents."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer, Static

from console import actions
from console.screens.listing import ListScreen
from console.widgets.row_list import RowList
from console.widgets.rows import Column
from console.widgets.status_line import StatusLine

COLUMNS = (Column("what", "WHAT", 20, share=1),)


class IncidentsScreen(ListScreen[None], inherit_bindings=False):
    """Incidents."""

    SCOPE = "incidents"
    BINDINGS = actions.bindings("incidents")

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static(id="title", markup=False)
        yield RowList(COLUMNS, id="list")
        yield StatusLine()
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Say where this is."""
        self.query_one("#title", Static).update(self.console_app.titled("Incidents", ""))
