"""Counting calls against the windows of an EHR's quota, so that no count of its own is exceeded.

Nobody knows at which second the EHR's minute turns, how far its clock is off, or when a request
reached it. So a minute is any 60 s, a request counts from its start until 60 s after its answer,
and near midnight a call counts on both days. Source: design §9; `reference` limiter dialects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from core.traffic.limits import MINUTE_S, Limits, Window

BUCKET_S = 1
SKEW = timedelta(seconds=60)
"""How far an EHR's midnight may be from ours."""


class Tally(Protocol):
    """Counts of calls by window and bucket; a store shares them between processes."""

    def add(self, window: str, bucket: int, calls: int) -> None:
        """Add calls (or take them away) in one bucket."""

    def used(self, window: str, since: int) -> int:
        """Return how many calls stand in the buckets from `since` on."""

    def oldest(self, window: str, since: int) -> int | None:
        """Return the first bucket from `since` on that holds a call."""


@dataclass
class MemoryTally:
    """Counts of this process alone."""

    _counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def add(self, window: str, bucket: int, calls: int) -> None:
        """Add calls in one bucket and forget buckets that no window looks at any more."""
        counts = self._counts.setdefault(window, {})
        counts[bucket] = counts.get(bucket, 0) + calls
        if len(counts) > 4 * MINUTE_S:
            kept = sorted(counts)[-2 * MINUTE_S :]
            self._counts[window] = {key: counts[key] for key in kept}

    def used(self, window: str, since: int) -> int:
        """Return how many calls stand in the buckets from `since` on."""
        counts = self._counts.get(window, {})
        return sum(count for bucket, count in counts.items() if bucket >= since)

    def oldest(self, window: str, since: int) -> int | None:
        """Return the first bucket from `since` on that holds a call."""
        counts = self._counts.get(window, {})
        return min((key for key, count in counts.items() if key >= since and count), default=None)


@dataclass(frozen=True, slots=True)
class Call:
    """A counted call: the moment and windows it stands in."""

    at: datetime
    windows: tuple[Window, ...]


class Quota:
    """The quota of one EHR; `tally` holds its counts."""

    def __init__(self, limits: Limits, tally: Tally):
        self._windows = limits.windows
        self._tally = tally

    def wait(self, now: datetime, share: float, *, token: bool = False, calls: int = 1) -> float:
        """Return in how many seconds so many calls may begin; 0 for now.

        `share` is the part of each window that this kind of work may fill.
        """
        bound = self._binding(now, token=token)
        return max((self._wait(one, now, share, calls) for one in bound), default=0.0)

    def take(self, now: datetime, *, token: bool = False) -> Call:
        """Count a call that begins now."""
        bound = tuple(self._binding(now, token=token))
        for one in bound:
            for bucket in _buckets(one, now):
                self._tally.add(_name(one), bucket, 1)
        return Call(now, bound)

    def ended(self, call: Call, now: datetime) -> None:
        """Take up that it was answered, or given up: it may have reached the EHR as late as now."""
        for one in call.windows:
            before, after = _buckets(one, call.at), _buckets(one, now)
            for bucket in after - before:
                self._tally.add(_name(one), bucket, 1)
            if one.per == "minute":
                for bucket in before - after:
                    self._tally.add(_name(one), bucket, -1)

    def _binding(self, now: datetime, *, token: bool) -> list[Window]:
        return [one for one in self._windows
                if one.binds(now) and (one.counts_token_calls or not token)]  # fmt: skip

    def _wait(self, window: Window, now: datetime, share: float, calls: int) -> float:
        most = max(calls, math.floor(window.calls * share))
        if window.per == "day":
            full = any(
                self._tally.used(_name(window), bucket) + calls > most
                for bucket in _buckets(window, now)
            )
            return _until_tomorrow(now) if full else 0.0
        since = _second(now) - MINUTE_S
        if self._tally.used(_name(window), since) + calls <= most:
            return 0.0
        first = self._tally.oldest(_name(window), since)
        gone = (since if first is None else first) + MINUTE_S + BUCKET_S
        return max(0.01, gone - now.timestamp())


def _name(window: Window) -> str:
    part = "" if window.begins is None else f"-{window.begins:%H%M}"
    return f"{window.per}-{window.calls}{part}-{int(window.counts_token_calls)}"


def _buckets(window: Window, at: datetime) -> frozenset[int]:
    if window.per == "minute":
        return frozenset({_second(at)})
    return frozenset((at + skew).toordinal() for skew in (-SKEW, SKEW))


def _second(at: datetime) -> int:
    return math.floor(at.timestamp() / BUCKET_S)


def _until_tomorrow(now: datetime) -> float:
    tomorrow = (now + timedelta(days=1)).astimezone(UTC).replace(hour=0, minute=0, second=0,
                                                                 microsecond=0)  # fmt: skip
    return (tomorrow + SKEW - now).total_seconds()
