"""How much of a long test runs: `make test`, CI (COUNTERSIGN_FULL_SCALE=1), or `make soak`."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

_ASKED = os.environ.get("COUNTERSIGN_FULL_SCALE", "")
SOAK = _ASKED == "soak"
FULL = SOAK or _ASKED == "1"


def scaled(quick: T, full: T, soak: T | None = None) -> T:
    """Return what to run: `soak` (or `full` where that is all there is) is hours, not minutes."""
    if SOAK and soak is not None:
        return soak
    return full if FULL else quick
