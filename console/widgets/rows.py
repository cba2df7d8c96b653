"""What a list draws: rows with a key, columns that fit a width, and where rows come from."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from rich.cells import cell_len, set_cell_size

from core.inert import inert

Key = TypeVar("Key", bound=Hashable)
Mark = Literal["late", "loud", "gone", "good"]
"""How a cell stands out; every mark changes the text too, so that colour is never all."""


@dataclass(frozen=True, slots=True)
class Row(Generic[Key]):
    """One row: what it is, and what its cells say; texts are foreign and not yet inert."""

    key: Key
    cells: Mapping[str, str]
    marks: Mapping[str, Mark] = field(default_factory=dict)
    """Column → mark; the column `*` marks the whole row."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; the first `width` cells are its own, and a `share` of what is left over.

    It is left out of a list narrower than `from_width`.
    """

    name: str
    head: str
    width: int
    share: int = 0
    from_width: int = 0


class Source(Protocol[Key]):
    """Where a list gets its rows, counted from 0."""

    def __len__(self) -> int:
        """Return how many rows there are, as far as is known."""

    def row(self, number: int) -> Row[Key] | None:
        """Return a row; None where there is none after all."""

    def place(self, key: Key) -> int | None:
        """Return where a key stands; None where it is not shown."""

    def settle(self) -> int:
        """Make numbers right where reading showed them too high; return by how much they fell."""


class FixedRows(Generic[Key]):
    """Rows that are all in memory."""

    def __init__(self, rows: Sequence[Row[Key]] = ()) -> None:
        self.rows = list(rows)
        self._places = {row.key: number for number, row in enumerate(self.rows)}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def row(self, number: int) -> Row[Key] | None:
        """Return a row."""
        return self.rows[number] if 0 <= number < len(self.rows) else None

    def place(self, key: Key) -> int | None:
        """Return where a key stands."""
        return self._places.get(key)

    def settle(self) -> int:
        """Their numbers are always right."""
        return 0


def fitting(columns: Sequence[Column], width: int) -> list[tuple[Column, int]]:
    """Return the columns that a list of that width shows, each with its cells."""
    shown = [column for column in columns if width >= column.from_width]
    rest = max(0, width - sum(column.width for column in shown))
    shares = sum(column.share for column in shown)
    found, given = [], 0
    for column in shown:
        extra = rest * column.share // shares if shares else 0
        given += extra
        found.append((column, column.width + extra))
    if shares and given < rest:
        last = max(place for place, column in enumerate(shown) if column.share)
        found[last] = (found[last][0], found[last][1] + rest - given)
    return found


def fitted(text: str, width: int) -> str:
    """Return inert text in exactly `width` cells with a gap at its end, the cut shown."""
    safe = inert(text)
    if cell_len(safe) >= width:
        safe = set_cell_size(safe, max(0, width - 2)) + "…"
    return set_cell_size(safe, width)
