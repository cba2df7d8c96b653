"""What an EHR took from one element and holds at another: no loss, but another statement.

An extension or a display says something of the element that it stands at. Where one is gone it is
a loss and where one was added it is an addition, each harmless enough; both of the very same words
are one thing that now speaks of something else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from core.discrepancy.classes import MISSING, Discrepancy, Missing, Side

REASON: Final = "The EHR moved this to another element."


def told(found: Sequence[Discrepancy]) -> tuple[Discrepancy, ...]:
    """Return the differences, a loss and an addition of the same thing as `changed`."""
    lost = {_words(one.intended) for one in found if _is_loss(one)}
    added = {_words(one.persisted) for one in found if _is_addition(one)}
    moved = lost & added
    if not moved:
        return tuple(found)
    return tuple(
        replace(one, class_="changed", reason=REASON)
        if (_is_loss(one) and _words(one.intended) in moved)
        or (_is_addition(one) and _words(one.persisted) in moved)
        else one
        for one in found
    )


def _is_loss(one: Discrepancy) -> bool:
    return one.class_ == "lossy" and one.persisted is MISSING and _speaks_of_another(one)


def _is_addition(one: Discrepancy) -> bool:
    return one.class_ == "enriched" and one.intended is MISSING and _speaks_of_another(one)


def _speaks_of_another(one: Discrepancy) -> bool:
    """Tell whether an extension or a display was lost or added; a resource's labels go together."""
    *holders, name = one.path.split(".")
    known = name.startswith(("extension", "_")) or name == "display"
    return known and "meta" not in holders


def _words(side: Side) -> str:
    return "" if isinstance(side, Missing) else json.dumps(side, sort_keys=True, default=repr)
