"""Oracle Health Millennium, beyond its profile. Source: github.com/cerner/fhir.cerner.com, r4."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import cast

from core.canonical import JsonObject, exact
from core.profile.places import copy
from core.profile.profile import Profile
from core.traffic.limits import Window
from sync.sandbox.manner import Arrival
from sync.sandbox.outcome import refusal
from sync.sandbox.personality.product import Product
from sync.sandbox.store import Store

_DATED = {
    "Observation": "effectiveDateTime",
    "Procedure": "performedDateTime",
    "Immunization": "occurrenceDateTime",
}
RENEWED_EVERY = timedelta(minutes=1)
"""Its documentation says that renewing a token more often may be throttled."""
_DATE_ONLY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


class OracleHealth(Product):
    """Dates need a time; extensions are ignored; diagnoses are ranked anew.

    A token is renewed once a minute at most (content/authorization.md).
    """

    def __init__(
        self,
        profile: Profile,
        clock: Callable[[], datetime],
        windows: Sequence[Window] | None = None,
    ) -> None:
        super().__init__(profile, clock, windows)
        self._clock = clock
        self._tokens: dict[tuple[str, str], datetime] = {}

    def asked_for_token(self, client_id: str, scope: str) -> None:
        """Refuse to renew a client's token of the same scopes more than once a minute."""
        now, key = self._clock(), (client_id, scope)
        with self._lock:
            last = self._tokens.get(key)
            if last is not None and now < last + RENEWED_EVERY:
                raise refusal(429, "throttled", "a token was asked for less than a minute ago")
            self._tokens[key] = now

    def check(self, resource: JsonObject, interaction: str, store: Store) -> None:
        """Refuse a date without a time."""
        del interaction, store
        name = _DATED.get(str(resource.get("resourceType")), "")
        if _DATE_ONLY.fullmatch(str(resource.get(name, ""))):
            path = f"{resource['resourceType']}.{name}"
            raise refusal(422, "value", "a date needs its time", expression=path)

    def shaped(self, resource: JsonObject, arrival: Arrival) -> JsonObject:
        """Leave out extensions, as what it does not support; number diagnoses from 1."""
        del arrival
        made = cast("JsonObject", copy(resource))
        made.pop("extension", None)
        if made.get("resourceType") == "Encounter":
            for place, diagnosis in enumerate(made.get("diagnosis") or []):
                diagnosis["rank"] = exact(place + 1)
        return made
