"""What the chart says beside a change, painted: loud lines have a sign, never colour alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.content import Content

from console.presenters.texts import foreign, joined, own
from core.beside.lines import (
    Line,
    duplicate_lines,
    message_lines,
    person_lines,
    reaction_lines,
    taken_lines,
)
from core.beside.medication import NOT_CHECKED
from core.canonical import JsonObject
from core.view import ChangeView


def before_parts(view: ChangeView) -> Iterator[Content]:
    """Yield what must be read before the change: recipient, duplicates, allergies."""
    beside = _beside(view)
    yield from painted(message_lines(beside))
    yield from painted(duplicate_lines(beside))
    yield from painted(reaction_lines(beside))
    yield from painted(taken_lines(beside))


def after_parts(view: ChangeView) -> Iterator[Content]:
    """Yield what else the chart says around a medicine."""
    yield from painted(person_lines(_beside(view)))


def standing(view: ChangeView) -> str:
    """Return what the heading of the change says, which no scrolling hides."""
    return f"  ⚠ {NOT_CHECKED}" if "medication" in _beside(view) else ""


def painted(lines: Iterable[Line]) -> Iterator[Content]:
    """Yield each line, the loud ones with a sign."""
    for line in lines:
        if line.loud:
            yield joined(own("⚠ ", "bold $warning"), foreign(line.text, "bold", newlines=True))
        else:
            yield foreign(line.text)


def _beside(view: ChangeView) -> JsonObject:
    return {} if view.content is None else view.content.beside
