"""Small synthetic charts, proposals and workspaces for tests."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from core.canonical import JsonObject, exact
from core.consent.chart import ChartConsents
from core.intake.documents import Document, documents
from core.workspace import Workspace
from sync.keys.ring import KeyRing
from sync.store.connection import connect
from sync.store.ledger import StoreLedger
from tests.begun import begun
from tests.fakes import FakeClock, FakeConsents, FakeEhr, FakeIds

NOTE_TEXT = (
    "Seen today. Patient reports a new mobile number 555 0199. "
    "Assessment: essential hypertension, newly diagnosed. Father had diabetes."
)

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "example",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    "active": True,
    "name": [{"use": "official", "family": "Synthetic", "given": ["Ada"]}],
    "telecom": [
        {"system": "phone", "value": "555 0100", "use": "home"},
        {"system": "phone", "value": "555 0111", "use": "mobile"},
    ],
    "gender": "female",
    "birthDate": "1970-01-01",
}

NOTE: dict[str, Any] = {
    "resourceType": "DocumentReference",
    "id": "n1",
    "status": "current",
    "subject": {"reference": "Patient/example"},
    "date": "2026-11-20T10:00:00Z",
    "content": [
        {
            "attachment": {
                "contentType": "text/plain",
                "data": base64.b64encode(NOTE_TEXT.encode()).decode(),
            }
        }
    ],
}

CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "clinicalStatus": {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
        ]
    },
    "verificationStatus": {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                "code": "provisional",
            }
        ]
    },
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "59621000"}]},
    "subject": {"reference": "Patient/example"},
}

PHONE_PATCH = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0199"}]


def phone_change(**overrides: Any) -> dict[str, Any]:
    return {
        "op": "update",
        "target": "Patient/example",
        "base_version": "1",
        "patch": PHONE_PATCH,
        **overrides,
    }


def problem_change(**overrides: Any) -> dict[str, Any]:
    return {"op": "create", "resource": CONDITION, **overrides}


def problem_of(code: str, **elements: Any) -> dict[str, Any]:
    """Return the create of another problem, so that it is not the same fact."""
    concept = {"coding": [{"system": "http://snomed.info/sct", "code": code}]}
    return problem_change(resource={**CONDITION, "code": concept, **elements})


def proposal(*changes: dict[str, Any], **overrides: Any) -> dict[str, Any]:
    return {
        "agent": {"id": "scribe-1", "model": "model-a@1", "prompt": "intake@3"},
        "ehr": "sandbox",
        "patient": "Patient/example",
        "purpose": "TREAT",
        "workflow": "visit",
        "confidence": 0.9,
        "rationale": "The note says so.",
        "correlation_id": "c-1",
        "changes": list(changes) or [phone_change(), problem_change()],
        "evidence": [
            {
                "source": "DocumentReference/n1",
                "quote": "a new mobile number 555 0199",
                "supports": [0],
            }
        ],
        **overrides,
    }


def document(value: dict[str, Any]) -> Document:
    found = documents(json.dumps(value).encode())
    assert len(found) == 1
    return found[0]


def exact_object(value: dict[str, Any]) -> JsonObject:
    found = exact(value)
    assert isinstance(found, dict)
    return found


def chart(ehr: FakeEhr) -> FakeEhr:
    for resource in (PATIENT, NOTE):
        ehr.put(exact_object(resource))
    return ehr


class Bench:
    """A workspace on a store in a folder, with fakes for everything outside.

    They share their keys and the id of their ledger, unless one is to be `foreign` to the others.
    """

    def __init__(
        self,
        folder: Path,
        ehr: FakeEhr | None = None,
        profile: str = "sandbox",
        *,
        foreign: bool = False,
    ):
        self.path = folder / "store.db"
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.ehr = chart(FakeEhr()) if ehr is None else ehr
        first = (begun.__wrapped__ if foreign else begun)(profile, self.ehr.base_url)
        self.path.write_bytes(first.store)
        self.ids.count = first.ids
        self.ring: KeyRing = first.ring
        self.consents: FakeConsents | ChartConsents = FakeConsents()
        self.connection = connect(self.path, None)
        self.ledger = StoreLedger(self.connection, self.clock, self.ring.checkpoint_key)
        self.epoch = self.take_lease()

    @property
    def workspace(self) -> Workspace:
        return Workspace(
            team="solo",
            reviewer="dr-lee",
            ledger=self.ledger,
            keys=self.ring,
            clock=self.clock,
            ids=self.ids,
            ehrs={"sandbox": self.ehr},
            consents=self.consents,
        )

    def take_lease(self) -> int:
        self.connection.execute(
            "INSERT INTO lease (name, epoch) VALUES ('gateway', 1)"
            " ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1"
        )
        found = self.connection.execute("SELECT epoch FROM lease").fetchone()
        return int(found[0])
