"""What one page of a search holds, read fast: what is written back is read again, exactly.

Nothing in a page may stop the reading of the rest of it: whoever can post one Task would else stop
the sync. Source: hub-protocol §7, FHIR R4 bundle.html.
"""

from __future__ import annotations

import contextlib
import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from core.canonical import JsonObject, Number
from core.hub.task import MAX_TASK
from core.ports_hub import Held
from sync.fhir.answers import is_json, version_of
from sync.fhir.channel import Answer
from sync.fhir.errors import Unreadable
from sync.fhir.urls import is_id
from sync.wire import httpx

DEPTH = 200
"""How deep a page is read where it nests too deep for the parser; a statement stands far above."""
_STRUCTURE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def bundle_of(name: str, answer: Answer) -> JsonObject:
    """Return the Bundle of a page; raises Unreadable for anything else."""
    if not is_json(answer.headers):
        raise Unreadable(f"{name} answered with another content type than JSON in UTF-8")
    found = _parsed(answer.body)
    if not isinstance(found, dict) or found.get("resourceType") != "Bundle":
        raise Unreadable(f"{name} answers a search with something else than its result")
    return found


def is_whole(answer: Answer) -> bool:
    """Tell whether an answer is all of a JSON object, however odd, and not cut or a web page."""
    return is_json(answer.headers) and isinstance(_parsed(answer.body), dict)


def items_of(bundle: JsonObject, type_: str, length: int) -> list[Held]:
    """Return the matches of that type which name an id and a version; the others are no use.

    `length` is that of the page in bytes.
    """
    found: list[Held] = []
    for entry in objects(bundle.get("entry")):
        role = entry.get("search")
        if isinstance(role, dict) and role.get("mode", "match") != "match":
            continue
        held = _held(entry.get("resource"), type_, length)
        if held is not None:
            found.append(held)
    return found


def date_of(headers: httpx.Headers) -> datetime:
    """Return the server's time; without it a cursor could only be guessed."""
    try:
        found = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        found = None
    if found is None:
        raise Unreadable("the hub's answer bears no Date, so nothing newer could be told apart")
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects in a list; none of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _parsed(body: bytes) -> Any:
    with contextlib.suppress(ValueError, RecursionError):
        try:
            return json.loads(body, parse_float=Number, parse_int=Number)
        except RecursionError:
            return json.loads(_shallow(body.decode()), parse_float=Number, parse_int=Number)
    return None


def _shallow(text: str) -> str:
    """Return JSON with null for whatever lies deeper than DEPTH."""
    kept: list[str] = []
    depth = start = 0
    for found in _STRUCTURE.finditer(text):
        mark = text[found.start()]
        if mark in "[{":
            depth += 1
            if depth == DEPTH + 1:
                kept += [text[start : found.start()], "null"]
        elif mark in "]}":
            if depth == DEPTH + 1:
                start = found.end()
            depth -= 1
    return "".join([*kept, text[start:]]) if depth == 0 else ""


def _held(resource: object, type_: str, length: int) -> Held | None:
    if not isinstance(resource, dict) or resource.get("resourceType") != type_:
        return None
    id_, version = resource.get("id"), version_of(resource)
    if not is_id(id_) or version is None:
        return None
    # In a page no larger than one Task may be, nothing in it is.
    size = length if length <= MAX_TASK else _size(resource, length)
    return Held(resource, f"{type_}/{id_}", version, size)


def _size(resource: JsonObject, most: int) -> int:
    """Return how many bytes a resource has as compact JSON, two more for each number.

    What nests too deep to be measured counts as the whole page: it could not be written back.
    """
    try:
        text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"), default=_number)
    except RecursionError:
        return most
    return len(text.encode("utf-8", "surrogatepass"))


def _number(value: Number) -> str:
    return value.text
