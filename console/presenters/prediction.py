"""What this EHR will make of a change, painted: what alters its meaning first, and loud.

Source: design §8 (what this EHR is known to do to it).
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from console.commands.output import value_text
from console.presenters.texts import foreign, joined, own
from core.discrepancy import MISSING
from core.discrepancy.classes import Side
from core.prediction.predicted import Predicted
from core.prediction.words import of_basis
from core.view import ChangeView

WARNING = "THIS EHR WILL NOT KEEP IT AS IT STANDS HERE"
PERHAPS = "THIS EHR MAY NOT KEEP IT AS IT STANDS HERE"
STANDING = "⚠ this EHR alters it"
MOST = 5
"""How many differences of one fact are shown."""


def warning_parts(view: ChangeView) -> Iterator[Content]:
    """Yield what nobody may overlook, to stand before the change."""
    loud = [one for one in _facts(view) if one.is_loud]
    if loud:
        words = WARNING if any(one.sure for one in loud) else PERHAPS
        yield own(f" {words} ", "bold reverse $error")
    for one in loud:
        yield joined(own("⚠ ", "bold $error"), foreign(one.words, "bold"), _class(one))
        yield from _values(view, one)
        yield foreign(f"    {of_basis(one.basis)}", "dim")


def expected_parts(view: ChangeView) -> Iterator[Content]:
    """Yield what else is expected, to stand after the change, and how it came true."""
    for one in _facts(view):
        if not one.is_loud:
            yield joined("· ", foreign(one.words), _class(one),
                         foreign(f" ({of_basis(one.basis)})", "dim"))  # fmt: skip
    for fact, class_, outcome in (view.scored or {}).get("facts", ()):
        yield foreign(f"  expected: {fact}, {class_}: {outcome.replace('-', ' ')}", "dim")
    for path, class_ in (view.scored or {}).get("unexpected", ()):
        yield joined(own("⚠ ", "bold $warning"), foreign(f"not expected: {path}, {class_}"))


def alterations(view: ChangeView) -> tuple[str, ...]:
    """Return what is said once more where a decision is confirmed; no value of the chart."""
    return tuple(one.words for one in _facts(view) if one.is_loud)


def standing(view: ChangeView) -> str:
    """Return what the heading of the change says, which no scrolling hides."""
    return f"  {STANDING}" if view.prediction is not None and view.prediction.is_loud else ""


def _facts(view: ChangeView) -> tuple[Predicted, ...]:
    return () if view.prediction is None else view.prediction.facts


def _class(one: Predicted) -> Content:
    if one.refuses:
        return own("  refused", "bold")
    return own("") if one.class_ is None else own(f"  {one.class_}", "bold")


def _values(view: ChangeView, one: Predicted) -> Iterator[Content]:
    if view.hidden.values:
        return
    for item in one.differences[:MOST]:
        yield joined("    ", _side(item.intended), " becomes ", _side(item.persisted))
    if len(one.differences) > MOST:
        yield own(f"    and {len(one.differences) - MOST} more", "dim")


def _side(side: Side) -> Content:
    return own("nothing") if side is MISSING else foreign(f'"{value_text(side)}"', "bold")
