"""A switch that lets the sandbox be away for a while."""

from __future__ import annotations

from collections.abc import Callable

from sync.sandbox.outcome import refusal


class Outage:
    """While it lasts every FHIR request is answered with 503; nothing is stored."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until = 0.0

    def begin(self, seconds: float) -> None:
        """Be away from now on for so many seconds."""
        self._until = self._monotonic() + seconds

    def check(self) -> None:
        """Raise OutcomeError with 503 while it lasts, saying when to come back."""
        left = self._until - self._monotonic()
        if left > 0:
            headers = {"Retry-After": str(max(1, round(left)))}
            raise refusal(503, "transient", "the server is away for a while", headers=headers)
