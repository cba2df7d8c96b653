"""What must never pass: each mutator yields every way it can damage a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from core.canonical import JsonObject, Number
from tests.core.discrepancy.tree import Path, drop, get, names, put, walk

Mutator = Callable[[JsonObject], Iterator[JsonObject]]

STATUSES = ("status", "intent", "docStatus", "clinicalStatus", "verificationStatus")
# What the EHR may do as it likes, or may lose with a lower class: judged by the rules' own tests.
LENIENT = ("meta", "extension", "display", "id", "resourceType", "div")
MODIFIERS: dict[str, list[tuple[str, Any]]] = {
    "Patient": [("active", False), ("deceasedBoolean", True)],
    "Observation": [("implicitRules", "http://a.example/rules")],
    "Condition": [("verificationStatus", {"text": "doubtful"})],
    "MedicationRequest": [("doNotPerform", True)],
    "AllergyIntolerance": [("clinicalStatus", {"text": "over"})],
    "DocumentReference": [("implicitRules", "http://a.example/rules")],
}


def places(resource: JsonObject) -> Iterator[tuple[Path, Any]]:
    for path, value in walk(resource):
        steps = names(path)
        lenient = any(step in LENIENT or step.startswith("_") for step in steps)
        if not lenient and not is_ours(value) and not is_ours(get(resource, path[:-1])):
            yield path, value


def other_number(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        if isinstance(value, Number):
            number = Decimal(value.text)
            for other in (number + 1, number * 10):
                # Beyond 28 digits the arithmetic here adds nothing.
                if other != number:
                    yield put(resource, path, Number(str(other)))


def other_text(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        if isinstance(value, str):
            yield put(resource, path, f"x{value}")


def other_code(resource: JsonObject) -> Iterator[JsonObject]:
    for path, _ in places(resource):
        if path[-1] == "code" and "coding" in path:
            yield put(resource, path, "99999-9")


def flipped_boolean(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        if isinstance(value, bool):
            yield put(resource, path, not value)


def other_status(resource: JsonObject) -> Iterator[JsonObject]:
    for name in STATUSES:
        held = resource.get(name)
        for code in ("entered-in-error", "refuted", "completed"):
            if isinstance(held, str):
                yield put(resource, (name,), code)
            elif isinstance(held, dict) and "coding" in held:
                yield put(resource, (name, "coding", 0, "code"), code)


def dropped_item(resource: JsonObject) -> Iterator[JsonObject]:
    for path, _ in places(resource):
        if isinstance(path[-1], int):
            yield drop(resource, path)


def dropped_element(resource: JsonObject) -> Iterator[JsonObject]:
    for path, _ in places(resource):
        if isinstance(path[-1], str):
            yield drop(resource, path)


def repeated_item(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        if isinstance(path[-1], int):
            holder = get(resource, path[:-1])
            yield put(resource, (*path[:-1], len(holder)), value)


def other_subject(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        if path[-1] == "reference" and str(value).startswith("Patient/"):
            yield put(resource, path, "Patient/p2")
            yield put(resource, path, "https://elsewhere.example/fhir/Patient/p1")
    if resource["resourceType"] == "Patient" and "id" in resource:
        yield put(resource, ("id",), "p2")


def other_encounter(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        if path[-1] == "reference" and str(value).startswith("Encounter/"):
            yield put(resource, path, "Encounter/e2")


def other_type(resource: JsonObject) -> Iterator[JsonObject]:
    yield put(resource, ("resourceType",), "Basic")


def added_modifier_extension(resource: JsonObject) -> Iterator[JsonObject]:
    added = [{"url": "http://a.example/not", "valueBoolean": True}]
    yield put(resource, ("modifierExtension",), added)
    for path, value in places(resource):
        if path[-1] in ("component", "reaction", "dosageInstruction") and isinstance(value, list):
            yield put(resource, (*path, 0, "modifierExtension"), added)


def added_modifier(resource: JsonObject) -> Iterator[JsonObject]:
    for name, value in MODIFIERS.get(str(resource["resourceType"]), []):
        yield put(resource, (name,), value)
    for path, value in places(resource):
        if isinstance(value, dict) and "value" in value and "code" in value:
            yield put(resource, (*path, "comparator"), "<")


def unknown_element(resource: JsonObject) -> Iterator[JsonObject]:
    yield put(resource, ("vendorFlag",), "on")
    for path, value in places(resource):
        if isinstance(value, dict):
            yield put(resource, (*path, "vendorFlag"), True)


def cut_care_text(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        steps = names(path)
        care = "note" in steps or "dosageInstruction" in steps
        if (
            path[-1] == "text"
            and isinstance(value, str)
            and (care or resource["resourceType"] == "AllergyIntolerance")
        ):
            yield put(resource, path, value[:-4])


def shifted_date(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        if isinstance(value, str) and value[:2] in ("19", "20") and value[4:5] == "-":
            yield put(resource, path, f"18{value[2:]}")
            if "T" in value:
                hour = "23" if value[11:13] != "23" else "22"
                yield put(resource, path, value[:11] + hour + value[13:])


def swapped_order(resource: JsonObject) -> Iterator[JsonObject]:
    for path, value in places(resource):
        if path[-1] in ("given", "line", "dosageInstruction") and len(value) > 1:
            yield put(resource, path, value[::-1])


def swapped_values(resource: JsonObject) -> Iterator[JsonObject]:
    components = [one for one in resource.get("component", []) if "valueQuantity" in one]
    if components != resource.get("component", []) or len(components) < 2:
        return
    if components[0]["code"] != components[1]["code"]:
        one, other = (item["valueQuantity"] for item in components[:2])
        swapped = put(resource, ("component", 0, "valueQuantity"), other)
        yield put(swapped, ("component", 1, "valueQuantity"), one)


def is_ours(value: Any) -> bool:
    """Our own operation id, and a list of nothing else, have a class of their own."""
    if isinstance(value, list):
        return bool(value) and all(is_ours(item) for item in value)
    return isinstance(value, dict) and value.get("system") == "urn:countersign:operation"


MUTATORS: dict[str, Mutator] = {
    mutator.__name__: mutator
    for mutator in (
        other_number,
        other_text,
        other_code,
        flipped_boolean,
        other_status,
        dropped_item,
        dropped_element,
        repeated_item,
        other_subject,
        other_encounter,
        other_type,
        added_modifier_extension,
        added_modifier,
        unknown_element,
        cut_care_text,
        shifted_date,
        swapped_order,
        swapped_values,
    )
}
