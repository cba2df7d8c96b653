"""What the trail says of incidents, entries by hand and broken glass."""

from __future__ import annotations

from collections.abc import Callable

from core.canonical import JsonObject
from core.ledger import incident_events


def _declared(data: JsonObject) -> str:
    return f"INCIDENT {data['category']}, {data['severity']}, found by {data['source']}"


def _entered(data: JsonObject) -> str:
    frozen = ", although a freeze was in force" if data.get("freeze") else ""
    return f"entered by hand by {data['reviewer']} as {data['role']}{frozen}; never sent from here"


def _checked(data: JsonObject) -> str:
    if data["found"] == "matched":
        return "the entry by hand was read in the chart"
    return f"the entry by hand is not confirmed by the chart: {data['found']}"


def _broken(data: JsonObject) -> str:
    what = " and ".join(data["bypasses"])
    return f"GLASS BROKEN by {data['reviewer']} as {data['role']} ({data['purpose']}): {what}"


TOLD: dict[str, Callable[[JsonObject], str]] = {
    incident_events.DECLARED: _declared,
    incident_events.CLOSED: lambda _data: "incident closed",
    incident_events.ENTERED: _entered,
    incident_events.CHECKED: _checked,
    incident_events.BROKEN: _broken,
}
