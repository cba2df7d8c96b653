"""A reviewer's statement as Provenance, which is filed before its Task bears it.

Source: hub-protocol §3 and §6 step 4. Provenance has no identifier, so a repeated POST may store a
twin: harmless, for readers go by the statement's own id.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from core.canonical import JsonObject
from core.hub.provenance import bears_statement, statements
from core.hub.task import JOSE, STATEMENT_SYSTEM, Carried
from core.ports_hub import Held, Hub
from core.statement import InvalidStatement, header, peek

REVIEWER_SYSTEM = "urn:countersign:reviewer"
SIGNATURE_TYPE = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5"}
VERIFIER = {
    "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
    "code": "verifier",
}


def provenance_of(task: str, kind: str, texts: Sequence[str]) -> JsonObject:
    """Return the Provenance of a statement on a Task; a note is a second text."""
    payload = peek(texts[0])
    who: JsonObject = {"identifier": {"system": REVIEWER_SYSTEM, "value": payload["reviewer"]}}
    return {
        "resourceType": "Provenance",
        "target": [{"reference": task}],
        "recorded": payload["at"],
        "activity": {"coding": [{"system": STATEMENT_SYSTEM, "code": kind}]},
        "agent": [{"type": {"coding": [dict(VERIFIER)]}, "who": who}],
        "signature": [
            {
                "type": [dict(SIGNATURE_TYPE)],
                "when": payload["at"],
                "who": who,
                "sigFormat": JOSE,
                "data": base64.b64encode(text.encode("ascii")).decode("ascii"),
            }
            for text in texts
        ],
    }


async def file(hub: Hub, task: str, kind: str, texts: Sequence[str], *, again: bool) -> None:
    """POST the Provenance; `again` after an answer that was lost, when it is searched for first.

    Raises Unreachable, after which it is filed `again`, or Refused.
    """
    if again:
        found = await hub.about(task)
        if any(texts[0] in statements(one.resource) for one in found):
            return
    await hub.create(provenance_of(task, kind, texts))


def carried_in(found: Sequence[Held]) -> list[Carried]:
    """Return the decisions and recalls in Provenance, unverified: `core.hub.fold` judges them."""
    texts = [
        text for one in found if bears_statement(one.resource) for text in statements(one.resource)
    ]
    return [one for text in texts if (one := Carried(_kind(text), text)).kind]


def _kind(text: str) -> str:
    try:
        kind = str(header(text).get("typ"))
    except InvalidStatement:
        return ""
    kinds = {f"countersign.{name}.v1": name for name in ("decision", "recall")}
    return kinds.get(kind, "")
