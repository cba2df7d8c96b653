"""The exact request of a write, from the approved bytes and the rung of the ladder."""

from __future__ import annotations

from dataclasses import replace

from core.canonical import JsonObject, encode
from core.errors import Failed
from core.intake.basing import UNFENCED
from core.ports import Request
from core.review.content import Content
from core.stamps import search_for


def write_request(content: Content, operation: str) -> Request:
    """Return the request that persists `content`; its body is the approved resource, encoded.

    Rungs (design §9): PUT If-Match for updates; PUT If-None-Match:* with a client id, or POST
    If-None-Exist on the operation id, for creates; a plain POST, searched for before and after,
    where policy allows it.
    """
    type_ = str(content.resource["resourceType"])
    body = encode(content.resource)
    if content.rung == "if-match":
        if content.held is None:
            raise Failed("an update without a base cannot be sent")
        headers = {"If-Match": f'W/"{content.held.version}"'}
        return Request("PUT", type_, _id(content.resource), headers, body)
    if content.rung == "if-none-match":
        return Request("PUT", type_, _id(content.resource), {"If-None-Match": "*"}, body)
    if content.rung == "if-none-exist":
        found = search_for(type_, operation)
        condition = "&".join(f"{key}={value}" for key, value in found.items())
        return Request("POST", type_, None, {"If-None-Exist": condition}, body)
    if content.rung == UNFENCED:
        return Request("POST", type_, None, {}, body)
    raise Failed("there is no safe way to write this; the change should have been denied")


def with_provenance(request: Request, provenance: JsonObject) -> Request:
    """Return the write and its Provenance as one transaction.

    The server must have been seen to roll back; the write keeps its condition, which fences both.
    """
    record = Request("POST", "Provenance", None, {}, encode(provenance))
    return replace(request, beside=record)


def scope(request: Request) -> str:
    """Return the SMART v2 scopes that this write needs and no other does, two for a transaction.

    A create by PUT is covered by the update scope (SMART App Launch 2, scopes for FHIR resources).
    """
    own = f"system/{request.type}.{'c' if request.method == 'POST' else 'u'}"
    return own if request.beside is None else f"{own} {scope(request.beside)}"


def _id(resource: JsonObject) -> str:
    found = resource.get("id")
    if not isinstance(found, str):
        raise Failed("the resource to send has no id")
    return found
