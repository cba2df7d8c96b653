"""Conditional requests: If-Match, If-None-Match and If-None-Exist, read strictly.

A precondition that is not understood is an error, never ignored: an ignored one is a lost update.
Source: FHIR R4 http.html §3.1.0.5 and §3.1.0.6, RFC 9110 §13.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from sync.sandbox.outcome import OutcomeError, refusal

_ETAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e]+)"')
_HEADERS = ("if-match", "if-none-match", "if-none-exist", "if-unmodified-since")


@dataclass(frozen=True, slots=True)
class UpdateCondition:
    """What an update demands of the current version.

    `match` is a version id, `*` (any version, but one) or None; `absent` that there is none.
    """

    match: str | None
    absent: bool


def etag(version: int) -> str:
    """Return the weak entity tag of a version."""
    return f'W/"{version}"'


def update_condition(headers: Headers) -> UpdateCondition:
    """Return the preconditions of a PUT; raises 400 for what cannot be honoured."""
    found = _conditions(headers, allowed=("if-match", "if-none-match"))
    match, none_match = found.get("if-match"), found.get("if-none-match")
    if none_match not in (None, "*"):
        raise refusal(400, "not-supported", "on an update If-None-Match must be *")
    if match is not None and match != "*":
        match = _version(match)
    return UpdateCondition(match, absent=none_match == "*")


def delete_condition(headers: Headers) -> UpdateCondition:
    """Return the precondition of a DELETE: If-Match; raises 400 for any other."""
    match = _conditions(headers, allowed=("if-match",)).get("if-match")
    if match is not None and match != "*":
        match = _version(match)
    return UpdateCondition(match, absent=False)


def check_update(condition: UpdateCondition, current: int | None) -> None:
    """Raise 412 unless `condition` holds for the current version (None: no such resource)."""
    if condition.absent and current is not None:
        raise _failed("the resource exists already")
    if condition.match == "*" and current is None:
        raise _failed("there is no such resource")
    if condition.match not in (None, "*", str(current)):
        raise _failed("If-Match names another version than the current one")


def create_condition(headers: Headers) -> str | None:
    """Return the search of If-None-Exist, or None; raises 400 for other preconditions."""
    found = _conditions(headers, allowed=("if-none-exist",)).get("if-none-exist")
    if found is not None and not found.strip():
        raise refusal(400, "required", "If-None-Exist is empty")
    return found


def not_modified(headers: Headers, version: int) -> bool:
    """Return whether a read's If-None-Match names `version`, so that 304 is the answer."""
    known = ",".join(headers.getlist("if-none-match"))
    return known.strip() == "*" or str(version) in _ETAG.findall(known)


def _conditions(headers: Headers, *, allowed: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _HEADERS:
        values = headers.getlist(name)
        if not values:
            continue
        if name not in allowed:
            raise refusal(400, "not-supported", f"{name} does not apply to this interaction")
        if len(values) > 1:
            raise refusal(400, "invalid", f"{name} stands twice")
        found[name] = values[0].strip()
    return found


def _version(tag: str) -> str:
    found = _ETAG.fullmatch(tag)
    if not found:
        raise refusal(400, "invalid", 'If-Match must be one entity tag such as W/"3"')
    return found[1]


def _failed(why: str) -> OutcomeError:
    return refusal(412, "conflict", why)
