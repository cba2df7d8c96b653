"""The baseline of `cold`: the plainest Textual app over the plainest SQLModel query."""

from __future__ import annotations

import sys

from sqlmodel import Field, Session, SQLModel, create_engine, select
from textual.app import App, ComposeResult
from textual.widgets import DataTable


class Item(SQLModel, table=True):
    """One row of the queue."""

    id: int = Field(primary_key=True)
    what: str
    who: str


class Bare(App[None]):
    """A table of rows, closed as soon as it was painted."""

    def __init__(self, path: str):
        super().__init__()
        self.engine = create_engine(f"sqlite:///{path}")

    def compose(self) -> ComposeResult:
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("what", "who")
        with Session(self.engine) as session:
            for item in session.exec(select(Item)):
                table.add_row(item.what, item.who)
        self.call_after_refresh(self.exit)


def fill(path: str, count: int) -> None:
    """Make the database."""
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    with Session(engine) as session:
        for number in range(count):
            session.add(Item(id=number, what="update Patient.telecom", who="Synthetic, Ada"))
        session.commit()


if __name__ == "__main__":
    Bare(sys.argv[1]).run(headless=True, size=(120, 40))
