"""What a server's answers mean: documents, versions, failures.

Source: FHIR R4 http.html; RFC 9110 §8.8.3 (ETag), §10.2.3 (Retry-After).
"""

from __future__ import annotations

import functools
import re
from email.message import Message

from core.canonical import RESPONSE, JsonObject, Limits, parse_object
from core.errors import BadInput, CountersignError, Refused, Unreachable
from core.ports import Fetched
from sync.fhir.channel import Answer
from sync.fhir.dates import http_date
from sync.fhir.errors import Redirected, Throttled, Unreadable, WrongAnswer
from sync.fhir.urls import is_id
from sync.wire import httpx

MAX_ISSUES = 50
MAX_WAIT = 86_400
JSON_TYPES = frozenset({"application/fhir+json", "application/json"})
# v3-ObservationValue codes that say content was taken out, blurred or replaced.
INCOMPLETE = frozenset(
    {"ABSTRED", "AGGRED", "ANONYED", "MASKED", "PSEUDED", "REDACTED", "SUBSETTED"}
)
_ETAG = re.compile(r'(?:W/)?"([A-Za-z0-9.-]{1,64})"')
_ISSUE = re.compile(r"[a-z-]{1,32}")
_WINDOW = re.compile(r"\bt=(\d{1,5})\b")


def document(name: str, answer: Answer, limits: Limits = RESPONSE) -> JsonObject:
    """Return the JSON object of an answer; raises Unreadable without a word of its content."""
    if not is_json(answer.headers):
        raise Unreadable(f"{name} answered with another content type than JSON in UTF-8")
    try:
        return parse_object(answer.body, limits)
    except BadInput:
        # The parser's words may quote a key of the document.
        pass
    raise Unreadable(f"{name} answered with JSON that cannot be read")


def is_json(headers: httpx.Headers) -> bool:
    """Tell whether a response declares JSON in UTF-8."""
    return _is_json_type(headers.get("content-type", ""))


@functools.lru_cache(maxsize=64)
def _is_json_type(declared: str) -> bool:
    message = Message()
    message["content-type"] = declared
    charset = message.get_param("charset")
    utf8 = charset is None or (isinstance(charset, str) and charset.lower() in ("utf-8", "utf8"))
    return utf8 and message.get_content_type() in JSON_TYPES


def etag(headers: httpx.Headers) -> str | None:
    """Return the version that an ETag names; None when there is none or it is ambiguous."""
    found = _ETAG.fullmatch(headers.get("etag", "").strip())
    return found[1] if found else None


def version_of(resource: JsonObject) -> str | None:
    """Return `meta.versionId`."""
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return version if is_id(version) else None


def is_redacted(resource: JsonObject) -> bool:
    """Tell whether a security label or tag says that this is not all of the resource."""
    meta = resource.get("meta")
    if not isinstance(meta, dict):
        return False
    codings = [*_list(meta.get("security")), *_list(meta.get("tag"))]
    return any(isinstance(coding, dict) and coding.get("code") in INCOMPLETE for coding in codings)


def fetched(
    name: str,
    resource: JsonObject,
    type_: str,
    id_: str | None = None,
    fallback: str | None = None,
) -> Fetched:
    """Return a resource of that type and id; its version is empty where nothing names one.

    `fallback` is the version to take where `meta.versionId` is missing. Raises WrongAnswer.
    """
    found = resource.get("id")
    if resource.get("resourceType") != type_ or not is_id(found) or id_ not in (None, found):
        raise WrongAnswer(f"{name} answered with another resource than was asked for")
    return Fetched(resource, version_of(resource) or fallback or "", is_redacted(resource))


def issues(resource: JsonObject | None) -> tuple[str, ...]:
    """Return the issue codes of an OperationOutcome; none for anything else."""
    if resource is None or resource.get("resourceType") != "OperationOutcome":
        return ()
    codes = [item.get("code") for item in _list(resource.get("issue")) if isinstance(item, dict)]
    valid = [code for code in codes if isinstance(code, str) and _ISSUE.fullmatch(code)]
    return tuple(valid[:MAX_ISSUES])


def is_absent(name: str, answer: Answer) -> bool:
    """Tell whether the FHIR server says that there is no such resource.

    A web page is no such word: something in front of the server made it. Raises Unreachable then.
    """
    if answer.status not in (404, 410):
        return False
    if answer.headers.get("content-type", "").strip().lower().startswith("text/html"):
        raise Unreadable(f"{name} answered {answer.status} with a web page, not as a FHIR server")
    return True


def require_ok(name: str, answer: Answer) -> None:
    """Raise what any status but 200 means for a read."""
    if answer.status != 200:
        raise failure(name, answer)


def failure(name: str, answer: Answer) -> CountersignError:
    """Return the error that a failed read or token request ends with."""
    status = answer.status
    if 300 <= status < 400:
        return Redirected(
            f"{name} answered with a redirect ({status}), which is never followed",
            remedy="Check the configured URL, or whether the record was merged",
        )
    if status in (401, 403):
        return Refused(
            f"{name} refuses this client ({status})",
            remedy="Check the client's registration, key and scopes with the EHR's administrator",
        )
    if status in (429, 503):
        throttled = Throttled(f"{name} asks for fewer requests ({status})", remedy="Wait")
        throttled.retry_after = retry_after(answer.headers)
        return throttled
    return Unreachable(f"{name} answered {status}", remedy="Try again later")


def retry_after(headers: httpx.Headers) -> float | None:
    """Return how many seconds the server asks to wait, at most a day; None when it does not say.

    A date counts from the answer's own `Date`; else the window of a RateLimit header is used.
    """
    text = headers.get("retry-after", "").strip()
    seconds: float | None = None
    if text.isascii() and text.isdigit() and len(text) < 9:
        seconds = float(text)
    elif text:
        seconds = _until(text, headers.get("date", ""))
    elif window := _WINDOW.search(headers.get("ratelimit", "")):
        seconds = float(window[1])
    return None if seconds is None else min(max(seconds, 0.0), MAX_WAIT)


def _until(moment: str, now: str) -> float | None:
    then, told = http_date(moment), http_date(now)
    return None if then is None or told is None else (then - told).total_seconds()


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
