"""What an EHR will make of a change, in plain text."""

from __future__ import annotations

from console.commands.output import say, value_text
from core.discrepancy import MISSING, Discrepancy
from core.discrepancy.classes import Side
from core.prediction.predicted import Predicted
from core.prediction.words import of_basis
from core.view import ChangeView


def print_expected(view: ChangeView) -> None:
    """Print every fact, what alters the meaning with an exclamation mark, and how it came true."""
    for one in () if view.prediction is None else view.prediction.facts:
        class_ = "refused" if one.refuses else one.class_ or ""
        mark = "! " if one.is_loud else ""
        say(f"  {mark}{one.words}  {class_}  ({of_basis(one.basis)})")
        if one.is_loud and not view.hidden.values:
            _print_values(one)
    for fact, class_, outcome in (view.scored or {}).get("facts", ()):
        say(f"  expected: {fact}, {class_}: {outcome.replace('-', ' ')}")
    for path, class_ in (view.scored or {}).get("unexpected", ()):
        say(f"  ! not expected: {path}, {class_}")


def _print_values(one: Predicted) -> None:
    for item in one.differences:
        say(f"      {_becomes(item)}")


def _becomes(item: Discrepancy) -> str:
    return f"{_side(item.intended)} becomes {_side(item.persisted)}"


def _side(side: Side) -> str:
    return "nothing" if side is MISSING else f'"{value_text(side)}"'
