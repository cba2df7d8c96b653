"""How a product limits calls: fixed windows, with or without those to the token endpoint.

A window is a minute or a UTC day that turns with the clock, unlike the gateway's own count, which
has to be right for any minute. Source: the profile's `[limits]`, `token_calls_per_minute`, and the
row of its failures that says how too many calls are told.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from core.traffic.limits import Window

Over = Callable[[Window, int], Exception]
"""Makes the refusal of a call too many; the number is the seconds to the window's end."""


@dataclass
class Limiter:
    """Counts calls in the fixed windows of one server; safe to use from several threads."""

    clock: Callable[[], datetime]
    windows: Sequence[Window]
    over: Over
    token_windows: Sequence[Window] = ()
    """Windows of the token endpoint alone."""
    token_over: Over | None = None
    _counts: Counter[tuple[str, Window, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, *, token: bool) -> None:
        """Count a call; raises what `over` makes where a window is full. It is counted then, too.

        A call to the token endpoint meets the windows that count such, and those of its own.
        """
        now = self.clock().astimezone(UTC)
        own = list(self.token_windows) if token else []
        shared = [
            one for one in self.windows if one.binds(now) and (one.counts_token_calls or not token)
        ]
        with self._lock:
            for window in own:
                self._count("token", window, now, self.token_over or self.over)
            for window in shared:
                self._count("all", window, now, self.over)

    def _count(self, which: str, window: Window, now: datetime, over: Over) -> None:
        key = (which, window, _bucket(window, now))
        self._counts[key] += 1
        if self._counts[key] > window.calls:
            raise over(window, left(window, now))


def left(window: Window, now: datetime) -> int:
    """Return the whole seconds to the end of the window, at least 1."""
    if window.per == "minute":
        end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    else:
        end = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, round((end - now).total_seconds()))


def _bucket(window: Window, now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M" if window.per == "minute" else "%Y-%m-%d")
