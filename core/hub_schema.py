"""The JSON Schemas of what travels over the hub between an agent and the gateway.

`task` is the Task as an agent POSTs it, `statement` the payload of the signed proposal inside it,
`outcome` the payload of the gateway's answer. Source: hub-protocol §2, §3, §5, §7; the dialect is
JSON Schema 2020-12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from core.forms import FORMS, json_schemas
from core.hub.task import (
    AGENT_SYSTEM,
    APPROVE_CODE,
    JOSE,
    PROPOSAL,
    PROPOSAL_SYSTEM,
    STATEMENT_SYSTEM,
    TASK_SYSTEM,
)
from core.lifecycle import State
from core.proposal import MAX_CHANGES, json_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
QUARANTINED = "quarantined"
DUPLICATE = "duplicate-of"
QUARANTINE_CODES: Mapping[str, str] = {
    "inputs": "the Task carries no proposal statement, or several",
    "statement": "the statement is not a JWS of the required form, or its signature does not hold",
    "signer": "the signing key is not an enrolled, unrevoked key of this agent",
    "team": "the statement is for another team",
    "ehr": "this gateway serves no EHR of that name",
    "schema": "the payload does not match `countersign schema statement`",
    "size": "the Task or the statement is too large",
    "identifier": "the Task's identifier is not `<agent>.<correlation id>` of the payload",
    "display": "the Task's requester, for or intent contradicts the payload",
    "correlation-reused": "this correlation id was used before for another body",
}
"""Why a Task is put aside before anyone sees it; the only thing that an agent learns of it."""

_UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_ENVELOPE: Mapping[str, Any] = {
    "v": {"const": 1},
    "team": {"type": "string", "minLength": 1, "description": "the team that shares the hub"},
    "id": {"type": "string", "pattern": _UUID, "description": "a new random UUID"},
    "at": {"type": "string", "format": "date-time", "description": "when, as the signer claims"},
}
_INDEX = {"type": "integer", "minimum": 0, "maximum": MAX_CHANGES - 1}
_CODE = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}


def task_schema() -> dict[str, Any]:
    """Return the schema of the proposal Task as an agent POSTs it."""
    coding = {"system": STATEMENT_SYSTEM, "code": PROPOSAL}
    data = {"type": "string", "contentEncoding": "base64", "description": "base64 of the JWS"}
    attachment = _closed({"contentType": {"const": JOSE}, "data": data})
    carried = _closed({"type": {"const": {"coding": [coding]}}, "valueAttachment": attachment})
    name = {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9._-]{1,64}$"}
    identifier = _closed({"system": {"const": PROPOSAL_SYSTEM}, "value": name})
    agent = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
    requester = _closed({"system": {"const": AGENT_SYSTEM}, "value": agent})
    codings = [{"system": TASK_SYSTEM, "code": PROPOSAL}, dict(APPROVE_CODE)]
    members: dict[str, Any] = {
        "resourceType": {"const": "Task"},
        "identifier": _one(identifier),
        "status": {"const": "requested"},
        "intent": {"const": "proposal"},
        "code": {"const": {"coding": codings}},
        "authoredOn": {"type": "string", "format": "date-time"},
        "requester": _closed({"identifier": requester}),
        "input": _one(carried),
    }
    return _document("Task that carries a proposal", _closed(members))


def statement_schema() -> dict[str, Any]:
    """Return the schema of the payload of a proposal statement: the proposal and its envelope."""
    proposal = json_schema()
    members = {**_ENVELOPE, **proposal["properties"]}
    required = [*_ENVELOPE, *proposal["required"]]
    return _document(
        "Payload of a proposal statement",
        {**proposal, "properties": members, "required": required, "description": _SIGNED},
    )


def forms_schema() -> dict[str, Any]:
    """Return the schema of what a change says of its form: one of them, with its values."""
    forms = [
        _closed({"form": {"const": name}, "values": {"$ref": f"#/$defs/{name}"}}) for name in FORMS
    ]
    # An identity of its own lets each schema refer to its own definitions.
    defs = {name: {"$id": f"urn:countersign:form:{name}", **body}
            for name, body in json_schemas().items()}  # fmt: skip
    return _document("Form and values of a change", {"oneOf": forms, "$defs": defs})


def form_schema(name: str) -> dict[str, Any]:
    """Return the schema of the values of one form."""
    return _document(name, json_schemas()[name])


def outcome_schema() -> dict[str, Any]:
    """Return the schema of the payload of an outcome; a later one replaces an earlier one."""
    states = sorted(State)
    change = _closed(
        {
            "index": _INDEX,
            "revision": {"type": "integer", "minimum": 0},
            "state": {"enum": states},
            "operation": {"type": "string", "description": "the id of the write, where there is"},
            "reasons": {"type": "array", "items": _CODE, "description": "static codes"},
            "edited": {"const": True, "description": "a person corrected it before deciding"},
        },
        optional=("operation", "edited"),
    )
    shared = {
        **_ENVELOPE,
        "task": {"type": "string", "pattern": "^Task/[A-Za-z0-9.-]{1,64}$"},
        "final": {"type": "boolean", "description": "whether no other outcome will follow"},
    }
    judged = {
        "proposal": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "its digest"},
        "state": {"enum": states},
        "changes": {"type": "array", "items": change, "minItems": 1, "maxItems": MAX_CHANGES},
    }
    put_aside = {
        "proposal": {"type": "null"},
        "state": {"const": QUARANTINED},
        "final": {"const": True},
        "code": {"enum": sorted(QUARANTINE_CODES)},
        "changes": {"type": "array", "maxItems": 0},
    }
    repeated = {
        "proposal": judged["proposal"],
        "state": {"const": DUPLICATE},
        "final": {"const": True},
        "duplicate_of": {"type": "string", "description": "the Task or id that carries it already"},
        "changes": {"type": "array", "maxItems": 0},
    }
    forms = [_closed({**shared, **form}) for form in (judged, put_aside, repeated)]
    return _document("Payload of an outcome statement", {"oneOf": forms})


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "proposal": json_schema,
    "task": task_schema,
    "statement": statement_schema,
    "outcome": outcome_schema,
    "forms": forms_schema,
    **{name: partial(form_schema, name) for name in FORMS},
}
"""Every schema by the name that `countersign schema` takes."""

_SIGNED = (
    "Signed as a JWS compact string whose header has exactly alg (Ed25519), kid (RFC 7638 "
    "thumbprint of the signing key) and typ (countersign.proposal.v1)."
)


def _document(title: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, **body, "title": title}


def _closed(members: Mapping[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the schema of an object with exactly these members."""
    return {
        "type": "object",
        "properties": dict(members),
        "required": [name for name in members if name not in optional],
        "additionalProperties": False,
    }


def _one(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(item), "minItems": 1, "maxItems": 1}
