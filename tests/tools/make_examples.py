"""Write the FHIR examples of docs/examples: `python -m tests.tools.make_examples`.

Their statements are signed with keys that everybody can compute, so they verify against
`keys.json` and prove nothing: the agent's key is the one of RFC 8037, appendix A.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.canonical import Json, JsonObject, exact, parse_object
from core.hub.task import proposal_task, with_outputs
from core.statement import Statement, b64url, sign, thumbprint, unb64url

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
SEEDS = {
    "agent": unb64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"),
    "gateway": hashlib.sha256(b"example gateway").digest(),
    "reviewer": hashlib.sha256(b"example reviewer").digest(),
}
TEAM, TASK, OPERATION = "north", "Task/123", "0f6f2b64-8f8e-4f0c-9d55-1c6f4dd0a111"
AGENT, REVIEWER = "scribe-1", "dr-lee"


class ExampleSigner:
    """Signs with a key that is no secret."""

    def __init__(self, name: str):
        self._key = Ed25519PrivateKey.from_private_bytes(SEEDS[name])
        self.x = b64url(self._key.public_key().public_bytes_raw())

    @property
    def kid(self) -> str:
        return thumbprint(self.x)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def pages() -> dict[str, str]:
    """Return every generated example by file name."""
    proposal = signed_proposal()
    posted = proposal_task(AGENT, correlation(), proposal.text, "2026-11-23T09:00:00Z")
    admission, outcome = signed_admission(), signed_outcome(proposal)
    outputs = [("admission", admission.text), ("outcome", outcome.text)]
    answered = with_outputs({"id": "123", **posted}, outputs, "completed", "verified")
    made: Mapping[str, Any] = {
        "task.json": posted,
        "task-answered.json": answered,
        "provenance-decision.json": provenance(signed_decision(proposal)),
        "library-register.json": register(signed_roster()),
        "outcome.json": outcome.payload,
        "keys.json": {"keys": [public(name) for name in SEEDS]},
    }
    return {name: _pretty(value) for name, value in made.items()}


def public(name: str) -> dict[str, str]:
    """Return the public JWK of an example key."""
    signer = ExampleSigner(name)
    return {"kty": "OKP", "crv": "Ed25519", "x": signer.x, "kid": signer.kid}


def correlation() -> str:
    return str(_proposal()["correlation_id"])


def signed_proposal() -> Statement:
    envelope = _envelope("5b1d0d2e-7a55-4a6b-8a53-d19a14c3b0a1", "2026-11-23T09:00:00Z")
    return sign("proposal", {**envelope, **_proposal()}, ExampleSigner("agent"))


def signed_admission() -> Statement:
    change = {
        "index": 0, "revision": 0, "operation": OPERATION, "change": _digest("change"),
        "bytes": _digest("bytes"), "verdict": _digest("verdict"),
        "state": "pending-human-review", "expires": "2026-11-24T09:00:02Z", "hold_s": 0,
    }  # fmt: skip
    members = {"task": TASK, "position": 41, "changes": [change]}
    return _signed("admission", "c1f2d1a0-58ad-4a54-b5ce-24c47b5bbd02", "09:00:02", members)


def signed_outcome(proposal: Statement) -> Statement:
    change = {
        "index": 0, "revision": 0, "state": "verified", "operation": OPERATION, "reasons": [],
    }  # fmt: skip
    members = {
        "task": TASK, "proposal": proposal.digest, "state": "verified", "final": True,
        "changes": [change],
    }  # fmt: skip
    return _signed("outcome", "8d7c6f1b-52f0-4a2b-8b0e-0b8d6a1e3c03", "09:06:00", members)


def signed_decision(proposal: Statement) -> Statement:
    members = {
        "task": TASK, "proposal": proposal.digest, "index": 0, "revision": 0,
        "outcome": "approve", "change": _digest("change"), "bytes": _digest("bytes"),
        "shown": _digest("shown"), "operation": OPERATION, "ehr": "sandbox",
        "verdict": _digest("verdict"), "policy": _digest("policy"), "roster": 12, "head": 345,
        "reviewer": REVIEWER, "role": "physician", "expires": "2026-11-23T13:00:00Z",
        "review": {"dwell_ms": 14200, "evidence_opened": [0]},
    }  # fmt: skip
    id_ = "6f0c2f0e-2d2b-4f1c-9a60-5f1f0e8c9b04"
    return _signed("decision", id_, "09:05:10", members, "reviewer")


def signed_roster() -> Statement:
    agent, gateway, reviewer = (
        {"kid": ExampleSigner(name).kid, "x": ExampleSigner(name).x} for name in SEEDS
    )
    members = {
        "seq": 12, "prev": _digest("roster 11"),
        "people": [{"id": REVIEWER, "roles": ["physician", "admin"], "keys": [reviewer]}],
        "agents": [{"id": AGENT, "keys": [agent]}],
        "gateways": [{**gateway, "ehr": "sandbox"}],
        "admins": {"keys": [reviewer], "threshold": 1},
    }  # fmt: skip
    id_ = "b0a7f3c2-0c3e-4b0e-93d3-7f2a6c5d4e05"
    return _signed("roster", id_, "08:00:00", members, "reviewer")


def provenance(decision: Statement) -> JsonObject:
    who = {"identifier": {"system": "urn:countersign:reviewer", "value": REVIEWER}}
    types = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
    signature = {
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5"}],
        "when": "2026-11-23T09:05:10Z", "who": who, "sigFormat": "application/jose",
        "data": base64.b64encode(decision.text.encode("ascii")).decode("ascii"),
    }  # fmt: skip
    return {
        "resourceType": "Provenance",
        "target": [{"reference": TASK}],
        "recorded": "2026-11-23T09:05:10Z",
        "activity": {"coding": [{"system": "urn:countersign:statement", "code": "decision"}]},
        "agent": [{"type": {"coding": [{"system": types, "code": "verifier"}]}, "who": who}],
        "signature": [signature],
    }


def register(roster: Statement) -> JsonObject:
    kind = "http://terminology.hl7.org/CodeSystem/library-type"
    data = base64.b64encode(roster.text.encode("ascii")).decode("ascii")
    return {
        "resourceType": "Library",
        "identifier": [{"system": "urn:countersign:register", "value": f"{TEAM}/roster"}],
        "status": "active",
        "version": "12",
        "type": {"coding": [{"system": kind, "code": "asset-collection"}]},
        "content": [{"contentType": "application/jose", "data": data}],
    }


def _proposal() -> JsonObject:
    return parse_object((EXAMPLES / "proposal.json").read_bytes())


def _signed(
    kind: str, id_: str, time: str, members: Mapping[str, Any], by: str = "gateway"
) -> Statement:
    payload = exact({**_envelope(id_, f"2026-11-23T{time}Z"), **members})
    assert isinstance(payload, dict)
    return sign(kind, payload, ExampleSigner(by))


def _envelope(id_: str, at: str) -> dict[str, Json]:
    return {"v": exact(1), "team": TEAM, "id": id_, "at": at}


def _digest(of: str) -> str:
    return hashlib.sha256(f"example {of}".encode()).hexdigest()


def _pretty(value: Any) -> str:
    def plain(item: Any) -> Any:
        return item.plain()

    return json.dumps(value, indent=2, default=plain) + "\n"


if __name__ == "__main__":
    for name, text in pages().items():
        (EXAMPLES / name).write_text(text, "utf-8")
