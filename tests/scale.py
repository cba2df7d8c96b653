"""How much of a long test runs: `make test`, CI (COUNTERSIGN_FULL_SCALE=1), or `make soak`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

import pytest

T = TypeVar("T")

_ASKED = os.environ.get("COUNTERSIGN_FULL_SCALE", "")
SOAK = _ASKED == "soak"
FULL = SOAK or _ASKED == "1"


def scaled(quick: T, full: T, soak: T | None = None) -> T:
    """Return what to run: `soak` (or `full` where that is all there is) is hours, not minutes."""
    if SOAK and soak is not None:
        return soak
    return full if FULL else quick


def sampled(every: Iterable[T], quick: int) -> list[T]:
    """Return them all, or in `make test` only `quick` of them, evenly spread."""
    found = list(every)
    return found if FULL else found[:: max(1, len(found) // quick)][:quick]


def examples(full: int = 100) -> int:
    """Return how many examples a property is tried with: `full` in CI, else some of the same."""
    return scaled(max(20, full // 3), full)


slowest = pytest.mark.slowest
"""For what takes a minute or more in CI: it runs first."""
in_ci = pytest.mark.long
"""For what takes long and has a shorter test beside it; `make test` leaves it to CI."""
