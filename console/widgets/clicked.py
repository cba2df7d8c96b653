"""Which of the parts that stand side by side on one line a click hit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from textual import events
from textual.widget import Widget


def spans(texts: Iterable[str], gap: int) -> list[range]:
    """Return the columns that each text takes, with `gap` empty columns between two of them."""
    found, start = [], 0
    for text in texts:
        found.append(range(start, start + cell_len(text)))
        start = found[-1].stop + gap
    return found


def clicked(widget: Widget, event: events.Click, parts: Sequence[range]) -> int | None:
    """Return the part under a single click, counted from 0; None beside every part."""
    place = event.get_content_offset(widget)
    if place is None or event.chain != 1:
        return None
    return next((number for number, part in enumerate(parts) if place.x in part), None)
