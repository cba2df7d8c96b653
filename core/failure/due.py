"""When a write is tried, read or looked for again: pure arithmetic on a time and a throw of dice.

Backoff doubles from FIRST to LONGEST with half of it left to chance, so that many that failed at
one moment do not come back at one moment. What the server asks for is never undercut.
Source: design §9.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=15)
SPREAD = timedelta(seconds=5)
"""Over how long those that wait for the edge of a window are spread behind it."""
POLL_FIRST = timedelta(minutes=1)
POLL_LONGEST = timedelta(hours=1)
HELD = timedelta(hours=24)
"""How long what the EHR took in may stay out of the chart before a person is told."""
GIVE_UP = timedelta(days=3)
"""How long a write is put off by an EHR that asks for fewer requests."""


def roll_of(nonce: str) -> float:
    """Return a number from 0 up to 1 from a random hexadecimal text."""
    return int(nonce[:8], 16) / 2**32


def backoff(
    now: datetime,
    tries: int,
    roll: float,
    first: timedelta = FIRST,
    longest: timedelta = LONGEST,
) -> datetime:
    """Return when to try again after the `tries`-th failure in a row."""
    step: timedelta = min(first * int(2 ** min(max(tries, 1) - 1, 20)), longest)
    return now + step / 2 + step / 2 * roll


def next_try(
    now: datetime, tries: int, roll: float, until: str | None, retry_after: float | None
) -> datetime:
    """Return when a write that was put off is sent again.

    `until` is the window that it waits for, `retry_after` what the server said, in seconds.
    """
    found = backoff(now, tries, roll) if until is None else edge(now, until) + SPREAD * roll
    if retry_after is not None:
        asked = now + timedelta(seconds=retry_after)
        found = max(found, asked + min(SPREAD, timedelta(seconds=retry_after)) * roll)
    return found


def edge(now: datetime, until: str) -> datetime:
    """Return the end of the window: of the minute, of the UTC day, or a whole day from now.

    An EHR that says "tomorrow" does not say in which zone; a day from now it is tomorrow in all.
    """
    now = now.astimezone(UTC)
    if until == "minute":
        return now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if until == "day":
        return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return now + timedelta(days=1)


def next_poll(now: datetime, tries: int, roll: float) -> datetime:
    """Return when what the EHR took in is looked for again."""
    return backoff(now, tries, roll, POLL_FIRST, POLL_LONGEST)
