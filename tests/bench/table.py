"""The baseline of `keys`: the plainest Textual app with one table of as many rows."""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import DataTable, Static

HEADS = ("DUE", "URGENCY", "RISK", "WHAT", "PATIENT", "AGENT", "STATE")
CELLS = ("5h 12m", "URGENT", "low", "update Patient.telecom", "Synthetic, Ada", "scribe-1",
         "pending-human-review")  # fmt: skip


class Opened(Screen[None]):
    """Two panes of text."""

    BINDINGS: ClassVar = [("escape", "dismiss", "Back")]

    def compose(self) -> ComposeResult:
        for _ in range(2):
            yield Static("\n".join(" ".join(CELLS) for _ in range(18)))


class Bare(App[None]):
    """A table of rows."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns(*HEADS)
        for _ in range(self.count):
            table.add_row(*CELLS)

    def on_data_table_row_selected(self) -> None:
        self.push_screen(Opened())


if __name__ == "__main__":
    Bare(int(sys.argv[1])).run()
