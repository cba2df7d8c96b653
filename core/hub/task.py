"""The Task that carries a proposal: its shape, what it holds, and one more output on it.

Source: hub-protocol §3, §5. Nothing here is believed: state comes from signatures alone.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from core.canonical import JsonObject

PROPOSAL_SYSTEM = "urn:countersign:proposal"
TASK_SYSTEM = "urn:countersign:task"
AGENT_SYSTEM = "urn:countersign:agent"
STATEMENT_SYSTEM = "urn:countersign:statement"
STATUS_SYSTEM = "urn:countersign:state"
PROPOSAL = "proposal"
JOSE = "application/jose"
MAX_TASK = 900_000
MAX_OUTPUTS = 64

APPROVE_CODE = {"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "approve"}


@dataclass(frozen=True, slots=True)
class Carried:
    """A statement in an attachment: its type code and the JWS, None where that cannot be read."""

    kind: str
    text: str | None


def proposal_identifier(agent: str, correlation: str) -> str:
    """Return the value of the proposal's identifier; an agent id holds no dot."""
    return f"{agent}.{correlation}"


def proposal_task(agent: str, correlation: str, statement: str, authored: str) -> JsonObject:
    """Return the Task as an agent POSTs it; `statement` is the signed proposal, `authored` when."""
    return {
        "resourceType": "Task",
        "identifier": [
            {"system": PROPOSAL_SYSTEM, "value": proposal_identifier(agent, correlation)}
        ],
        "status": "requested",
        "intent": "proposal",
        "code": {
            "coding": [{"system": TASK_SYSTEM, "code": PROPOSAL}, dict(APPROVE_CODE)],
        },
        "authoredOn": authored,
        "requester": {"identifier": {"system": AGENT_SYSTEM, "value": agent}},
        "input": [carry(PROPOSAL, statement)],
    }


def carry(kind: str, statement: str) -> JsonObject:
    """Return one `input` or `output` that carries a statement."""
    return {
        "type": {"coding": [{"system": STATEMENT_SYSTEM, "code": kind}]},
        "valueAttachment": {
            "contentType": JOSE,
            "data": base64.b64encode(statement.encode("ascii")).decode("ascii"),
        },
    }


def is_proposal(task: JsonObject) -> bool:
    """Tell whether a resource is a Task with our proposal code."""
    return coded(task, PROPOSAL)


def coded(task: JsonObject, wanted_code: str) -> bool:
    """Tell whether a resource is a Task with that code of ours."""
    code = task.get("code")
    codings = _list(code.get("coding")) if isinstance(code, dict) else []
    wanted = {"system": TASK_SYSTEM, "code": wanted_code}
    return task.get("resourceType") == "Task" and any(
        isinstance(item, dict) and all(item.get(key) == value for key, value in wanted.items())
        for item in codings
    )


def inputs(task: JsonObject) -> list[Carried]:
    """Return the statements among `input`, in order; other inputs are passed over."""
    return _carried(task.get("input"))


def outputs(task: JsonObject) -> list[Carried]:
    """Return the statements among `output`, in order; other outputs are passed over."""
    return _carried(task.get("output"))


def with_outputs(
    task: JsonObject, added: Iterable[tuple[str, str]], status: str, business: str
) -> JsonObject:
    """Return the stored Task with more outputs (kind, JWS) and the display of a new state.

    Everything else stays as the server holds it, elements that we do not know included.
    """
    more = [carry(kind, text) for kind, text in added]
    changed: JsonObject = {
        **task,
        "status": status,
        "businessStatus": {"coding": [{"system": STATUS_SYSTEM, "code": business}]},
    }
    if more or task.get("output"):
        changed["output"] = [*_list(task.get("output")), *more]
    return changed


def _carried(items: object) -> list[Carried]:
    found: list[Carried] = []
    for item in _list(items):
        if not isinstance(item, dict):
            continue
        kind = _statement_code(item.get("type"))
        if kind is not None:
            found.append(Carried(kind, _jws(item.get("valueAttachment"))))
    return found


def _statement_code(concept: object) -> str | None:
    codings = _list(concept.get("coding")) if isinstance(concept, dict) else []
    for coding in codings:
        if isinstance(coding, dict) and coding.get("system") == STATEMENT_SYSTEM:
            return str(coding.get("code"))
    return None


def _jws(attachment: object) -> str | None:
    if not isinstance(attachment, dict) or not isinstance(attachment.get("data"), str):
        return None
    try:
        return base64.b64decode(attachment["data"], validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
