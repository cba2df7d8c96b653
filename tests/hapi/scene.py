"""A workspace that writes to a HAPI server, made and worked by the command line."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.__main__ import main
from console.bootstrap.system import SystemClock, SystemIds
from core.policy import sample_policy
from sync.profiles import load_profile
from sync.workspace.create import create
from sync.workspace.folder import OpenWorkspace, open_workspace
from tests.builders import CONDITION, NOTE, PATIENT
from tests.hapi.front import TIMEOUT_S, Front
from tests.scene import CHEAP, PASSPHRASE

PROFILE = "generic-r4"
SETTLES_S = 5
"""Between the front and the server lies nothing but loopback: no write is stored later."""
OPERATION = "urn:countersign:operation"
FHIR_JSON = "application/fhir+json"


@dataclass
class Hapi:
    """The server as its operator sees it, and one workspace; `patient` is `Patient/id`."""

    front: Front
    folder: Path
    env: dict[str, str]
    patient: str = ""
    note: str = ""
    admitted: list[str] = field(default_factory=list)
    """Every patient of this scene; `patient` is the newest."""

    @classmethod
    def made(cls, front: Front, place: Path, monkeypatch: pytest.MonkeyPatch) -> Hapi:
        """Make the patient, the note and the workspace; its policy is the sample policy."""
        folder, secret = place / "workspace", place / "passphrase"
        secret.write_text(PASSPHRASE)
        secret.chmod(0o600)
        env = {"COUNTERSIGN_WORKSPACE": str(folder), "COUNTERSIGN_PASSPHRASE_FILE": str(secret)}
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        found = cls(front, folder, env)
        found.admit()
        found._make_workspace()
        return found

    def admit(self) -> None:
        """Make a patient with a note, whom the next proposals are about."""
        tag = uuid.uuid4().hex[:12]
        self.patient, self.note = f"Patient/p-{tag}", f"DocumentReference/n-{tag}"
        self.put({**PATIENT, "id": f"p-{tag}"})
        self.put({**NOTE, "id": f"n-{tag}", "subject": {"reference": self.patient}})
        self.admitted.append(self.patient)

    def _make_workspace(self) -> None:
        clients = self.front.issue_clients()
        create(
            self.folder,
            ehr_url=self.front.base,
            token_url=self.front.token_url,
            profile=PROFILE,
            clients={item.plane: (item.client_id, item.private_jwk) for item in clients},
            passphrase=PASSPHRASE,
            reviewer="dr-lee",
            clock=SystemClock(),
            ids=SystemIds(),
            cost=CHEAP,
        )
        roster = self.folder / "roster.toml"
        roster.write_text(
            roster.read_text().replace("agents = []", 'agents = ["front-desk-1", "scribe-1"]')
        )
        policy = self.folder / "policy.toml"
        policy.write_text(sample_policy(PROFILE))
        profile = self.folder / "profile.toml"
        text, found = re.subn(
            r"(?m)^settles_s = \d+$", f"settles_s = {SETTLES_S}", load_profile(PROFILE)
        )
        assert found == 1
        profile.write_text(text)
        assert main(["profile", "adopt", PROFILE, str(profile)]) == 0
        assert main(["roster", "adopt"]) == 0
        assert main(["policy", "adopt", str(policy)]) == 0

    def opened(self) -> OpenWorkspace:
        """Open the workspace's store."""
        return open_workspace(self.folder, lambda: PASSPHRASE, SystemClock())

    def put(self, resource: dict[str, Any]) -> None:
        """Store a resource past every check, as the server's operator can."""
        url = f"{self.front.upstream}/{resource['resourceType']}/{resource['id']}"
        self._http("PUT", url, json=resource, headers={"Content-Type": FHIR_JSON})

    def get(self, path: str) -> dict[str, Any]:
        """Read past every check."""
        return self._http("GET", f"{self.front.upstream}/{path}")

    def history(self, path: str) -> list[dict[str, Any]]:
        """Return every version that the server's own history tells of, newest first."""
        return list(self._entries(f"{self.front.upstream}/{path}/_history?_count=200"))

    def _entries(self, url: str | None) -> Iterator[dict[str, Any]]:
        while url:
            bundle = self._http("GET", url)
            yield from (entry["resource"] for entry in bundle.get("entry", []))
            links = {link["relation"]: link["url"] for link in bundle.get("link", [])}
            url = links.get("next")

    @staticmethod
    def _http(method: str, url: str, **sent: Any) -> dict[str, Any]:
        headers = {"Cache-Control": "no-cache", **sent.pop("headers", {})}
        answer = httpx.request(
            method, url, headers=headers, timeout=TIMEOUT_S, trust_env=False, **sent
        )
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def proposal(self, *changes: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Return a proposal about this patient with a quote of this note."""
        return {
            "agent": {"id": "scribe-1", "model": "model-a@1", "prompt": "visit@1"},
            "ehr": PROFILE, "patient": self.patient, "purpose": "TREAT", "workflow": "visit",
            "confidence": 0.9, "rationale": "The note says so.", "correlation_id": "visit-1",
            "changes": list(changes),
            "evidence": [
                {"source": self.note, "quote": "a new mobile number 555 0199", "supports": [0]}
            ],
            **members,
        }  # fmt: skip

    def phone(self, version: str = "1", number: str = "555 0199") -> dict[str, Any]:
        """Return the update of the patient's mobile number."""
        patch = [{"op": "replace", "path": "/telecom/1/value", "value": number}]
        return {"op": "update", "target": self.patient, "base_version": version, "patch": patch}

    def problem(self, code: str = "59621000") -> dict[str, Any]:
        """Return the create of a problem."""
        coded = {"coding": [{"system": "http://snomed.info/sct", "code": code}]}
        resource = {**CONDITION, "code": coded, "subject": {"reference": self.patient}}
        return {"op": "create", "resource": resource}


def operations(resource: dict[str, Any]) -> list[str]:
    """Return the operation ids that a resource carries."""
    return [one["value"] for one in resource.get("identifier", []) if one["system"] == OPERATION]


def written(path: Path, value: dict[str, Any]) -> str:
    """Write a proposal and return its path."""
    path.write_text(json.dumps(value))
    return str(path)
