"""Oracle Health Millennium, beyond its profile. Source: github.com/cerner/fhir.cerner.com, r4."""

from __future__ import annotations

import re
from typing import cast

from core.canonical import JsonObject, exact
from core.profile.places import copy
from sync.sandbox.manner import Arrival
from sync.sandbox.outcome import refusal
from sync.sandbox.personality.product import Product
from sync.sandbox.store import Store

_DATED = {
    "Observation": "effectiveDateTime",
    "Procedure": "performedDateTime",
    "Immunization": "occurrenceDateTime",
}
_DATE_ONLY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


class OracleHealth(Product):
    """Dates need a time; extensions are ignored; diagnoses are ranked anew."""

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
