"""Filling in a form; whatever is wrong is refused by the name of its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from core.canonical import JsonObject
from core.errors import BadInput
from core.forms import appointment, contact_details, note, problem, task, vital_sign
from core.forms.form import Form, Given
from core.forms.values import Values
from core.strict import bad_input

_ALL = (
    contact_details.FORM,
    vital_sign.FORM,
    problem.FORM,
    note.FORM,
    appointment.FORM,
    task.FORM,
)
FORMS: Mapping[str, Form] = {form.name: form for form in _ALL}
"""Every version of every form, by name."""


def form_names() -> tuple[str, ...]:
    """Return the names that a change may give, with their versions."""
    return tuple(sorted(FORMS))


def check(name: str, op: str, type_: str | None, values: JsonObject, field: str) -> Form:
    """Return the form that a change names, if its values are good.

    `field` is the change's own place; `type_` what an update is aimed at. Raises BadInput.
    """
    form, _ = _read(name, op, type_, values, field)
    return form


def fill(name: str, values: JsonObject, given: Given, field: str) -> JsonObject:
    """Return the resource that a form makes of values; raises BadInput naming the field."""
    op = "create" if given.base is None else "update"
    type_ = None if given.base is None else str(given.base.get("resourceType"))
    form, read = _read(name, op, type_, values, field)
    try:
        return form.make(read, given)
    except BadInput as error:
        place = f"{field}.values.{error.field}" if error.field else f"{field}.values"
        raise BadInput(error.problem, field=place, remedy=error.remedy) from None


def json_schemas() -> dict[str, Any]:
    """Return the JSON Schema of each form's values, by the form's name."""
    return {
        name: {**form.values.model_json_schema(), "title": name, "description": _about(form)}
        for name, form in sorted(FORMS.items())
    }


def _read(
    name: str, op: str, type_: str | None, values: JsonObject, field: str
) -> tuple[Form, Values]:
    form = FORMS.get(name)
    if form is None:
        raise BadInput(
            "is no form, or no version of one, that is known here",
            field=f"{field}.form",
            remedy=f"Use one of {', '.join(form_names())}",
        )
    if form.op != op:
        raise BadInput(f"is for an op {form.op}", field=f"{field}.form", remedy="Change the op")
    if type_ is not None and type_ != form.makes:
        raise BadInput(
            f"is not a {form.makes}, which this form is for",
            field=f"{field}.target",
            remedy="Name another target or another form",
        )
    try:
        return form, form.values.model_validate(values)
    except ValidationError as error:
        see = f"See `countersign schema {name}`"
        raise bad_input(error, under=f"{field}.values", see=see) from None


def _about(form: Form) -> str:
    return f"{form.about} {form.op.capitalize()}s a {form.makes}."
