"""What stands where labels hide something, on screen. Source: design §7; ADR 0020."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from console.presenters.texts import own
from core.intake.sensitive import label_words
from core.review.hidden import Hidden

NOT_YOURS = "your roles may not see it"


def hidden_text(groups: Iterable[str], hidden: Hidden) -> Content:
    """Return what is hidden and which key shows it, or that none does."""
    found = frozenset(groups)
    how = "v shows it" if found <= hidden.revealable else NOT_YOURS
    return own(f"hidden: labelled {label_words(found)}; {how}", "bold italic")
