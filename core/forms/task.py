"""`task@1`: something that somebody should do for the patient.

Source: FHIR R4 Task (https://hl7.org/fhir/R4/task.html).
"""

from __future__ import annotations

from typing import Literal

from core.canonical import JsonObject
from core.forms.form import Form, Given, present, reference
from core.forms.values import Instant, Owner, Prose, Values


class Task(Values):
    """`description` says what to do; `due` until when."""

    description: Prose
    status: Literal["draft", "requested"]
    intent: Literal["proposal", "plan", "order"]
    priority: Literal["routine", "urgent", "asap", "stat"]
    owner: Owner | None = None
    """Who should do it."""
    authored: Instant | None = None
    due: Instant | None = None


def _make(values: Task, given: Given) -> JsonObject:
    return present(
        resourceType="Task",
        status=values.status,
        intent=values.intent,
        priority=values.priority,
        description=values.description,
        for_=reference(given.patient),
        encounter=None if given.encounter is None else reference(given.encounter),
        authoredOn=values.authored,
        owner=None if values.owner is None else reference(values.owner),
        restriction=None if values.due is None else {"period": {"end": values.due}},
    )


FORM = Form("task@1", "create", "Task", "Something to be done for the patient.", Task, _make)
