"""`appointment@1`: a time asked for or booked, for the patient with somebody or somewhere.

Source: FHIR R4 Appointment (https://hl7.org/fhir/R4/appointment.html), invariants app-2 to app-4.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from core.canonical import JsonObject
from core.forms.form import Form, Given, present, reference
from core.forms.values import Actor, Instant, Prose, Values, Word, time_of


class Appointment(Values):
    """Everybody, the patient too, has yet to answer."""

    status: Literal["proposed", "pending", "booked"]
    start: Instant
    end: Instant
    actors: list[Actor] = Field(min_length=1, max_length=10)
    """Whom the patient meets, and where."""
    reason: Word | None = None
    comment: Prose | None = None

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: str, info: ValidationInfo) -> str:
        start = info.data.get("start")
        if start is not None and time_of(end) <= time_of(start):
            raise ValueError("is not after start")
        return end

    @field_validator("actors")
    @classmethod
    def _once(cls, actors: list[str]) -> list[str]:
        if len(set(actors)) != len(actors):
            raise ValueError("names somebody twice")
        return actors


def _make(values: Appointment, given: Given) -> JsonObject:
    return present(
        resourceType="Appointment",
        status=values.status,
        reasonCode=None if values.reason is None else [{"text": values.reason}],
        start=values.start,
        end=values.end,
        comment=values.comment,
        participant=[
            {"actor": reference(actor), "required": "required", "status": "needs-action"}
            for actor in (given.patient, *values.actors)
        ],
    )


FORM = Form("appointment@1", "create", "Appointment", "An appointment.", Appointment, _make)
