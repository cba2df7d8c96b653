"""How many requests at once and how many a second one EHR takes, learned from its answers.

Additive increase, multiplicative decrease for those in flight; once the EHR has asked for fewer, a
rate as well, which is what was answered of late, held, and then probed ever faster. A window alone
would be told off in every one of its cycles. Source: design §9 (AIMD); RFC 5681; RFC 9438.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

START = 8.0
MEASURED_S = 2.0
"""How far back answers are counted to tell the rate that the EHR sustains."""
CUT_AGAIN_S = 0.5
"""What is refused this soon after a cut was on its way before it."""
BELOW = 0.98
MUCH_BELOW = 0.93
SOON_S = 4.0
"""Refused again so soon, the rate is far above what is sustained, whatever was measured."""
HOLD_S = 10.0
SHORT_HOLD_S = 2.0
"""After a deep cut, which may have been too deep."""
MAX_HOLD_S = 80.0
"""A rate that is found again and again is probed ever more seldom."""
SAME = 0.05
SHORT_S = 1.0
"""Less than this is no measurement: a burst that was saved up would count."""
GAIN = 0.01
DOUBLING_S = 5.0
MAX_GAIN = 0.5
LEAST_RATE = 0.2


@dataclass
class Pace:
    """The pace of one EHR; times are seconds on a monotonic clock."""

    most: int
    """The most requests at once, whatever is learned."""
    ceiling: float | None = None
    """The most a second, where the profile knows it."""
    window: float = START
    rate: float | None = None
    paused_until: float = 0.0
    _due: float = 0.0
    _cut_at: float = -1e9
    _grown_at: float = 0.0
    _hold: float = HOLD_S
    _begun: float | None = None
    _paused: float = 0.0
    _cut_active: float = -1e9
    _acks: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.window = min(self.window, float(self.most))

    @property
    def places(self) -> int:
        """How many requests may be in flight now."""
        return max(1, int(self.window))

    def wait(self, now: float) -> float:
        """Return how long a request that begins now has to wait, without taking its turn."""
        return max(0.0, self.paused_until - now, self._due - now)

    @property
    def round_s(self) -> float:
        """How long it takes until each request in flight has had one turn at the known rate."""
        rate = self._rate()
        return 0.0 if rate is None else self.places / rate

    def take(self, now: float) -> float:
        """Take the next turn and return how long to wait for it."""
        wait = self.wait(now)
        rate = self._rate()
        if rate is not None:
            self._due = now + wait + 1 / rate
        return wait

    def answered(self, now: float, *, pressed: bool) -> None:
        """Take up that a request was answered; `pressed`: more would have been asked at once."""
        active = self._active(now)
        if self._begun is None:
            self._begun = active
        self._acks.append(active)
        while self._acks[0] < active - MEASURED_S:
            self._acks.popleft()
        if pressed:
            self.window = min(float(self.most), self.window + 1 / self.window)
        self._grow(now)

    def pause(self, now: float, seconds: float) -> None:
        """Ask nothing for so long, as the EHR said (Retry-After)."""
        until = max(self.paused_until, now + seconds)
        self._paused += until - max(self.paused_until, now)
        self.paused_until = until

    def throttled(self, now: float, *, pressed: bool) -> None:
        """Take up that the EHR asked for fewer requests (429); call it before `pause`.

        Where nothing waited for its turn our own rate was not the reason, and teaches nothing.
        """
        if now - self._cut_at < CUT_AGAIN_S:
            return
        measured = self._measured(now)
        if not pressed:
            self.slow(now)
            return
        # Once a rate is known, it and not the window is what was exceeded.
        self.window = max(1.0, self.window * (0.5 if self.rate is None else 0.9))
        soon = self._active(now) - self._cut_active < SOON_S
        self._cut_at = self._grown_at = now
        self._cut_active = self._active(now)
        self._learn(measured, MUCH_BELOW if soon else BELOW)

    def _learn(self, measured: float | None, below: float) -> None:
        before = self.rate
        if before is None:
            self.rate = None if measured is None else max(LEAST_RATE, BELOW * measured)
            return
        found = before if measured is None else min(measured, before)
        self.rate = max(LEAST_RATE, before / 2, min(BELOW * found, below * before))
        if below != BELOW:
            self._hold = SHORT_HOLD_S
        else:
            same = before - found <= SAME * before
            self._hold = min(MAX_HOLD_S, 2 * max(self._hold, HOLD_S)) if same else HOLD_S

    def slow(self, now: float) -> None:
        """Take up that a request was not answered in time or failed at the EHR."""
        if now - self._cut_at >= CUT_AGAIN_S:
            self.window = max(1.0, self.window * 0.5)
            self._cut_at = now

    def _measured(self, now: float) -> float | None:
        """Return how many were answered a second of late; None where there is little to tell."""
        active = self._active(now)
        begun = active if self._begun is None else max(active - MEASURED_S, self._begun)
        if active - begun < SHORT_S:
            return None
        return sum(at >= begun for at in self._acks) / (active - begun)

    def _active(self, now: float) -> float:
        """Return the time without the pauses that the EHR asked for."""
        return max(now, self.paused_until) - self._paused

    def _grow(self, now: float) -> None:
        if self.rate is None:
            return
        begun = self._cut_at + self._hold
        since = max(self._grown_at, begun)
        if now <= since:
            return
        gain = min(MAX_GAIN, GAIN * 2.0 ** ((now - begun) / DOUBLING_S))
        self.rate *= 1 + gain * (now - since)
        self._grown_at = now

    def _rate(self) -> float | None:
        if self.rate is None or self.ceiling is None:
            return self.ceiling if self.rate is None else self.rate
        return min(self.rate, self.ceiling)
