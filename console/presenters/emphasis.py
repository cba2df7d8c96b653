"""Two values with what differs between them made stronger, by more than colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from textual.content import Content

from console.presenters.texts import foreign

LONG = 400
"""Longer texts are compared by words, shorter ones by characters within a changed word."""
GONE = "underline $diff-removed"
NEW = "bold underline $diff-added"
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


def emphasised(before: str, after: str) -> tuple[Content, Content]:
    """Return both texts; what left is underlined in the first, what came in the second."""
    if len(before) + len(after) > LONG:
        old, new = _WORDS.findall(before), _WORDS.findall(after)
    else:
        old, new = list(before), list(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < 0.3:
        return foreign(before, GONE), foreign(after, NEW)
    first: list[Content] = []
    second: list[Content] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        first.append(_piece(old[a:b], "" if kind == "equal" else GONE))
        second.append(_piece(new[c:d], "" if kind == "equal" else NEW))
    return Content("").join(first), Content("").join(second)


def _piece(parts: Sequence[str], style: str) -> Content:
    return foreign("".join(parts), style, newlines=True)
