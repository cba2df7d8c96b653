"""A server's own numbers in its answer to a write: what they are, never what it wrote about them.

Where they stand: Epic puts them into OperationOutcome.issue.details.coding.code, eClinicalWorks
answers with a body that is no FHIR resource and has a number in `status`. Only digits are taken, so
that no word of a chart can come along. Source: fhir.epic.com/Specifications; eClinicalWorks Error
Code Reference Guide v1.0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.canonical import JsonObject, Number

MAX_CODES = 20
_CODE = re.compile(r"\d{1,6}")
_FAILED = frozenset({"error", "fatal"})


def own_codes(resource: JsonObject | None) -> tuple[str, ...]:
    """Return the numbers of an OperationOutcome, each once; of what failed where anything did."""
    found = list(_issues(resource))
    grave = [issue for issue in found if issue.get("severity") in _FAILED]
    codes = (code for issue in grave or found for code in _codes_of(issue))
    return tuple(dict.fromkeys(codes))[:MAX_CODES]


def is_failing(resource: JsonObject | None) -> bool:
    """Tell whether an OperationOutcome says that something failed, whatever the status says."""
    return any(issue.get("severity") in _FAILED for issue in _issues(resource))


def body_status(said: JsonObject | None) -> str | None:
    """Return the number in `status` of a body that is no FHIR resource."""
    status = None if said is None else said.get("status")
    text = status.text if isinstance(status, Number) else status
    return text if isinstance(text, str) and _CODE.fullmatch(text) else None


def _issues(resource: JsonObject | None) -> Iterator[JsonObject]:
    if resource is None or resource.get("resourceType") != "OperationOutcome":
        return
    listed = resource.get("issue")
    for issue in listed if isinstance(listed, list) else ():
        if isinstance(issue, dict):
            yield issue


def _codes_of(issue: JsonObject) -> Iterator[str]:
    details = issue.get("details")
    found = details if isinstance(details, dict) else {}
    codings = found.get("coding")
    texts = (
        [one.get("code") for one in codings if isinstance(one, dict)]
        if isinstance(codings, list)
        else []
    )
    for text in (*texts, found.get("text"), issue.get("diagnostics")):
        if isinstance(text, str) and _CODE.fullmatch(text.strip()):
            yield text.strip()
