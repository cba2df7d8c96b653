"""athenahealth, beyond its profile: what one call too many is answered with."""

from __future__ import annotations

from typing import ClassVar

from core.canonical import JsonObject
from core.traffic.limits import Window
from sync.sandbox.manner import Arrival
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.personality.product import Product


class Athenahealth(Product):
    """403 for a call over the rate, 429 to the minute's end at the token endpoint.

    The order of keys is another than was sent. Source: explorer.usecobalt.com (403, second hand);
    docs.athenahealth.com (token endpoint, keys).
    """

    preview: ClassVar[bool] = False

    def token_calls(self) -> int | None:
        """Return what its token endpoint answers in a minute: in preview, far less."""
        known = self.profile
        found = (
            known.token_calls_per_minute_preview if self.preview else known.token_calls_per_minute
        )
        return found.value

    def over(self, window: Window, left: int) -> OutcomeError:
        """Return the refusal of a call over the rate."""
        del window, left
        return refusal(403, "throttled", "over the rate")

    def shaped(self, resource: JsonObject, arrival: Arrival) -> JsonObject:
        """Turn the order of the keys around, for it is not stable."""
        del arrival
        return dict(reversed(resource.items()))


class AthenahealthPreview(Athenahealth):
    """Its environment for trying out."""

    preview = True
