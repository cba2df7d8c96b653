"""Good values for every form, and how to read a change that gives them."""

from __future__ import annotations

import json
from typing import Any

from core.canonical import JsonObject, parse_object
from core.proposal import Create, Update, read
from tests.builders import proposal

GOOD: dict[str, dict[str, Any]] = {
    "vital-sign@1": {
        "kind": "blood-pressure", "unit": "mm[Hg]", "systolic": 128, "diastolic": 82,
        "effective": "2026-11-20T10:05:00+01:00", "status": "final",
    },
    "problem@1": {
        "code_system": "snomed", "code": "59621000", "text": "Essential hypertension",
        "category": "problem-list-item", "clinical_status": "active",
        "verification_status": "provisional", "severity": "mild", "onset": "2026-11",
    },
    "note@1": {
        "kind": "progress-note", "text": "Seen today.\nWell; plan unchanged.", "title": "Visit",
        "date": "2026-11-20T10:05:00Z", "doc_status": "preliminary",
    },
    "appointment@1": {
        "status": "proposed", "start": "2026-12-01T09:00:00Z", "end": "2026-12-01T09:30:00Z",
        "actors": ["Practitioner/p1", "Location/l1"], "reason": "Blood pressure check",
    },
    "task@1": {
        "description": "Call the patient about the result.", "status": "requested",
        "intent": "order", "priority": "urgent", "owner": "PractitionerRole/r1",
        "due": "2026-12-02T17:00:00Z",
    },
    "contact-details@1": {
        "telecom": [{"system": "phone", "use": "mobile", "value": "555 0199"}],
        "address": {"use": "home", "line": ["1 Elm St"], "city": "Springfield",
                    "postal_code": "01101", "country": "US"},
    },
}  # fmt: skip
CREATES = sorted(set(GOOD) - {"contact-details@1"})


def formed(name: str, values: Any, **overrides: Any) -> dict[str, Any]:
    """Return a change by a form."""
    change: dict[str, Any] = {"op": "create", "form": name, "values": values}
    if name.startswith("contact-details"):
        change |= {"op": "update", "target": "Patient/example", "base_version": "1"}
    return {**change, **overrides}


def parsed(change: dict[str, Any], text: str | None = None, **more: Any) -> Create | Update:
    """Read one change; `text` stands for the number 42 in it."""
    data = json.dumps(proposal(change, **more))
    return read(
        parse_object((data if text is None else data.replace("42", text)).encode())
    ).changes[0]


def made(name: str, values: Any, text: str | None = None, **more: Any) -> JsonObject:
    """Return the resource that a form for a create makes."""
    found = parsed(formed(name, values), text, **more)
    assert isinstance(found, Create)
    return found.body
