"""Reading an HTTP answer: bounded, of the right kind, and no more believed than it must be."""

from __future__ import annotations

import re

from core.canonical import RESPONSE, JsonObject, parse_object
from core.errors import CountersignError, Unreachable
from core.ports import Fetched, Response
from sync.ehr.addresses import reference_in
from sync.wire import httpx

MAX_BYTES = RESPONSE.max_bytes
MEDIA = frozenset({"application/fhir+json", "application/json"})
_ETAG = re.compile(r'(?:W/)?"([A-Za-z0-9.-]{1,64})"')
_ISSUE = re.compile(r"[a-z-]{1,32}")
_HIDDEN = frozenset({"REDACTED", "SUBSETTED", "MASKED", "REDACT"})


class WrongAnswer(Unreachable):
    """The server answered with another resource than was asked for: a detour, not an answer."""

    code = "wrong-answer"


async def body(response: httpx.Response) -> bytes:
    """Return the body within the byte limit; Unreachable beyond it."""
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > MAX_BYTES:
            raise Unreachable("the EHR answered with more than the limit of 16 MiB")
    return bytes(data)


def resource_in(response: httpx.Response, data: bytes) -> JsonObject:
    """Return the JSON object in an answer; Unreachable when it is none."""
    media = response.headers.get("content-type", "").split(";")[0].strip().lower()
    if media not in MEDIA:
        raise Unreachable("the EHR did not answer with FHIR JSON")
    try:
        return parse_object(data, RESPONSE)
    except CountersignError:
        raise Unreachable("the EHR answered with JSON that cannot be read exactly") from None


def fetched(resource: JsonObject, response: httpx.Response | None = None) -> Fetched:
    """Return a resource with its version, from the resource itself or else the ETag."""
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    version = meta.get("versionId")
    if not isinstance(version, str) and response is not None:
        version = etag(response)
    if not isinstance(version, str):
        raise Unreachable("the EHR answered without a version")
    labels = [*(meta.get("security") or []), *(meta.get("tag") or [])]
    hidden = any(isinstance(item, dict) and item.get("code") in _HIDDEN for item in labels)
    return Fetched(resource, version, hidden)


def etag(response: httpx.Response) -> str | None:
    """Return the version in the ETag, if it is a FHIR version id."""
    found = _ETAG.fullmatch(response.headers.get("etag", "").strip())
    return found.group(1) if found else None


def written(base_url: str, response: httpx.Response, data: bytes | None) -> Response:
    """Return what the EHR answered to a write; an unreadable body leaves only the headers."""
    resource: JsonObject | None = None
    if data:
        try:
            resource = resource_in(response, data)
        except Unreachable:
            resource = None
    issues: tuple[str, ...] = ()
    if resource is not None and resource.get("resourceType") == "OperationOutcome":
        issues, resource = _issues(resource), None
    version = etag(response)
    location = _location(base_url, response)
    if resource is not None:
        meta = resource.get("meta")
        if version is None and isinstance(meta, dict):
            version = meta.get("versionId")
        if location is None and isinstance(resource.get("id"), str):
            location = f"{resource.get('resourceType')}/{resource['id']}"
    return Response(response.status_code, version, location, resource, issues)


def _location(base_url: str, response: httpx.Response) -> str | None:
    for name in ("location", "content-location"):
        value = response.headers.get(name)
        if value:
            return reference_in(base_url, value)
    return None


def _issues(outcome: JsonObject) -> tuple[str, ...]:
    found = [item.get("code") for item in outcome.get("issue") or [] if isinstance(item, dict)]
    return tuple(code for code in found if isinstance(code, str) and _ISSUE.fullmatch(code))
