"""A key in the queue against the same key in the plainest table, both in a pseudo-terminal.

Measured from the byte that goes in to the last byte of the frame that answers it. Both show 1,000
rows of the same texts at the same size; the cursor goes down and up over more than a screenful,
so that most keys move the cursor alone and some scroll.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import cold, ours
from tests.bench.queue import fill
from tests.bench.terminal import Terminal

ROWS = 1_000
STAGED = 20
ROUNDS = 3
DOWN, UP, ENTER, ESCAPE = b"\x1b[B", b"\x1b[A", b"\r", b"\x1b"
KEYS = [DOWN] * 60 + [UP] * 60
WARM_UP = 10
OPENINGS = 40
OURS, TABLE = "tests.bench.stay", "tests.bench.table"


def key_ratios() -> list[float]:
    """Return the p95 of a key in our queue over that in the table, round by round."""
    with _workspace() as (place, env):
        with ours.opened(place) as opened:
            fill(opened.folder.connection, ROWS)
        return [_key(OURS, str(place), env) / _key(TABLE, str(ROWS), {}) for _ in range(ROUNDS)]


def opening_ratios() -> tuple[list[float], list[float]]:
    """Return the p95 of opening a review, in seconds, and over pushing two panes of text."""
    with _workspace() as (place, env):
        with ours.opened(place) as opened:
            asyncio.run(cold.fill(opened, STAGED))
        pairs = [
            (_opening(OURS, str(place), env), _opening(TABLE, str(ROWS), {})) for _ in range(ROUNDS)
        ]
    return [mine for mine, _ in pairs], [mine / bare for mine, bare in pairs]


@contextmanager
def _workspace() -> Iterator[tuple[Path, dict[str, str]]]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "clinic"
        yield place, ours.make(place)


def _key(module: str, argument: str, env: dict[str, str]) -> float:
    with _started(module, argument, env) as terminal:
        return _p95([terminal.press(key) for key in KEYS])


def _opening(module: str, argument: str, env: dict[str, str]) -> float:
    with _started(module, argument, env) as terminal:
        found = []
        for _ in range(OPENINGS):
            found.append(terminal.press(ENTER))
            terminal.press(ESCAPE)
        return _p95(found)


@contextmanager
def _started(module: str, argument: str, env: dict[str, str]) -> Iterator[Terminal]:
    with Terminal(module, argument, env) as terminal:
        terminal.until(b"URGENCY")
        for key in [DOWN] * WARM_UP:
            terminal.press(key)
        yield terminal


def _p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20)[-1]
