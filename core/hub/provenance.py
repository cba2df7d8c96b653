"""A Provenance that carries a statement: what a solo workspace makes of it.

Source: hub-protocol §3 (decision as Provenance), §7. A solo workspace decides locally, so a
decision that comes from outside is either its own, written back to it, or a cause for alarm.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from core.canonical import JsonObject
from core.hub.task import JOSE, STATEMENT_SYSTEM
from core.roster import SIGNERS, Roster
from core.statement import InvalidStatement, header, statement_digest, verify

Severity = Literal["ignore", "quarantine", "alarm"]
_PREFIX, _SUFFIX = "countersign.", ".v1"


@dataclass(frozen=True, slots=True)
class JudgedProvenance:
    """The finding; `code` is static."""

    severity: Severity
    code: str = ""


IGNORED = JudgedProvenance("ignore")


def inspect_provenance(
    resource: JsonObject, roster: Roster, known: Callable[[str], bool]
) -> JudgedProvenance:
    """Judge a Provenance; `known` tells whether a statement digest is in this ledger.

    What bears no statement activity is somebody else's and ignored.
    """
    if not bears_statement(resource):
        return IGNORED
    texts = statements(resource)
    if not texts:
        return JudgedProvenance("quarantine", "statement")
    for text in texts:
        found = _judge(text, roster, known)
        if found is not IGNORED:
            return found
    return IGNORED


def _judge(text: str, roster: Roster, known: Callable[[str], bool]) -> JudgedProvenance:
    try:
        head = header(text)
        kind = str(head.get("typ")).removeprefix(_PREFIX).removesuffix(_SUFFIX)
        if known(statement_digest(text)):
            return IGNORED
        if not roster.knows(str(head.get("kid"))):
            return JudgedProvenance("alarm", "unknown-signer")
        if kind not in SIGNERS:
            return JudgedProvenance("quarantine", "statement")
        verify(text, kind, roster.keys_for(kind))
    except InvalidStatement:
        return JudgedProvenance("quarantine", "statement")
    return JudgedProvenance("alarm", "foreign-decision")


def bears_statement(resource: JsonObject) -> bool:
    """Tell whether a Provenance is one of ours, by its activity."""
    activity = resource.get("activity")
    codings = activity.get("coding") if isinstance(activity, dict) else None
    return resource.get("resourceType") == "Provenance" and any(
        item.get("system") == STATEMENT_SYSTEM for item in _objects(codings)
    )


def statements(resource: JsonObject) -> list[str]:
    """Return the statements in its signatures; none where one of them cannot be read."""
    found: list[str] = []
    for item in _objects(resource.get("signature")):
        data = item.get("data")
        if item.get("sigFormat") != JOSE or not isinstance(data, str):
            continue
        try:
            found.append(base64.b64decode(data, validate=True).decode("ascii"))
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return []
    return found


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
