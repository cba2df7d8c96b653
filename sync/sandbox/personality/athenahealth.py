"""athenahealth, beyond its profile: what one call too many is answered with."""

from __future__ import annotations

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

    def over(self, window: Window, left: int) -> OutcomeError:
        """Return the refusal of a call over the rate."""
        del window, left
        return refusal(403, "throttled", "over the rate")

    def shaped(self, resource: JsonObject, arrival: Arrival) -> JsonObject:
        """Turn the order of the keys around, for it is not stable."""
        del arrival
        return dict(reversed(resource.items()))
