"""What only a probe asks of a server: what it is, and that a scratch resource goes away.

Nothing but a scratch resource is ever deleted, and only where the write client's registration
includes the delete scope of that type. Source: design §9; FHIR R4 http.html (delete).
"""

from __future__ import annotations

from core.canonical import JsonObject
from core.errors import BadInput, Refused, Unreachable
from core.probe.scratch import TYPE
from sync.fhir.channel import Channel, Outgoing
from sync.fhir.tokens import Tokens
from sync.fhir.urls import Base, split_reference

MAX_NAME = 80


def software(statement: JsonObject) -> str | None:
    """Return `name version` of a CapabilityStatement's software; None where it states none."""
    found = statement.get("software")
    if not isinstance(found, dict):
        return None
    words = [str(found[key]) for key in ("name", "version") if isinstance(found.get(key), str)]
    return " ".join(words)[:MAX_NAME] or None


async def discard(base: Base, channel: Channel, writing: Tokens | None, reference: str) -> bool:
    """Delete it; True when the server says that it is gone."""
    type_, id_ = split_reference(reference)
    if type_ != TYPE:
        raise BadInput("only scratch resources are deleted", field="reference")
    if writing is None:
        return False
    try:
        token = await writing.token(f"system/{TYPE}.d", exact=True)
        outgoing = Outgoing("DELETE", base.of_resource(type_, id_)).adding(token.headers())
        answer = await channel.fetch(outgoing)
    except (Refused, Unreachable):
        return False
    return answer.status in (200, 204, 404, 410)
