"""A clock that may be wrong while one request is served, and right for all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

_SKEW: ContextVar[timedelta] = ContextVar("skew", default=timedelta())


def skewed(clock: Callable[[], datetime]) -> Callable[[], datetime]:
    """Return a clock that tells what `clock` does, off by what `skew` says in this context."""
    return lambda: clock() + _SKEW.get()


@contextmanager
def skew(seconds: float) -> Iterator[None]:
    """Let skewed clocks be so many seconds ahead (or behind) within the context."""
    token = _SKEW.set(timedelta(seconds=seconds))
    try:
        yield
    finally:
        _SKEW.reset(token)
