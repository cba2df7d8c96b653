"""AdvancedMD, beyond its profile: how it tells of too many calls.

It publishes no limit for FHIR ("discretionary"); of its other API it says that a call too many is
answered 429 QuotaViolation, and so for about a minute.
Source: fhir.advancedmd.com/terms-of-service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from core.profile.profile import Profile
from core.traffic.limits import Window
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.personality.product import Product

SHUT = timedelta(minutes=1)
VIOLATED = "QuotaViolation"


class AdvancedMD(Product):
    """Once there was a call too many, nothing is answered for a minute."""

    def __init__(
        self,
        profile: Profile,
        clock: Callable[[], datetime],
        windows: Sequence[Window] | None = None,
    ) -> None:
        super().__init__(profile, clock, windows)
        self._clock = clock
        self._shut_until: datetime | None = None

    def admit(self, *, token: bool) -> None:
        """Count a request; refuse it while the quota is violated."""
        with self._lock:
            if self._shut_until is not None and self._clock() < self._shut_until:
                raise _violated()
        try:
            super().admit(token=token)
        except OutcomeError:
            with self._lock:
                self._shut_until = self._clock() + SHUT
            raise

    def over(self, window: Window, left: int) -> OutcomeError:
        """Return the refusal of a call too many."""
        del window, left
        return _violated()


def _violated() -> OutcomeError:
    return refusal(429, "throttled", VIOLATED)
