"""Proposals as agents write them: the document, its changes and its quotes. Source: design §5."""

from __future__ import annotations

from collections.abc import Sequence

from core.canonical import Json, JsonObject, Number

MODEL = "example-model@2026-10"
PROMPT = "chart-update@4"
EHR = "sandbox"


def proposal(
    correlation: str,
    agent: str,
    patient: str,
    changes: Sequence[JsonObject],
    evidence: Sequence[JsonObject],
    rationale: str,
    *,
    confidence: str = "0.93",
    purpose: str = "TREAT",
    urgency: str = "routine",
    encounter: str | None = None,
) -> JsonObject:
    """Return a proposal for one patient of the clinic."""
    found: JsonObject = {
        "agent": {"id": agent, "model": MODEL, "prompt": PROMPT},
        "ehr": EHR,
        "patient": f"Patient/{patient}",
        "purpose": purpose,
        "workflow": "visit-follow-up",
        "urgency": urgency,
        "confidence": Number(confidence),
        "rationale": rationale,
        "correlation_id": correlation,
        "changes": list(changes),
        "evidence": list(evidence),
    }
    if encounter is not None:
        found["encounter"] = encounter
    return found


def create(resource: JsonObject, depends_on: Sequence[int] = ()) -> JsonObject:
    """Return a change that creates a resource."""
    found: JsonObject = {"op": "create", "resource": resource}
    if depends_on:
        found["depends_on"] = [Number(str(index)) for index in depends_on]
    return found


def update(target: str, *patch: JsonObject, base_version: str = "1") -> JsonObject:
    """Return a change that patches the version that the agent read."""
    return {"op": "update", "target": target, "base_version": base_version, "patch": list(patch)}


def replace(path: str, value: Json) -> JsonObject:
    """Return an RFC 6902 operation that replaces one value."""
    return {"op": "replace", "path": path, "value": value}


def quote(source: str, words: str, *supports: int) -> JsonObject:
    """Return a quote from the first version of a note."""
    return {
        "source": f"DocumentReference/{source}",
        "version": "1",
        "quote": words,
        "supports": [Number(str(index)) for index in supports],
    }
