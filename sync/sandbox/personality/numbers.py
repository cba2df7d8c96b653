"""A product's own numbers in its refusals, and a way for a tester to ask for any of them.

Epic puts its number into OperationOutcome.issue.details; eClinicalWorks answers a write with a body
that is no FHIR resource and has it in `status`. Source: the profiles' `[failures]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.canonical import JsonObject, encode, exact
from core.failure.classes import Failure
from core.failure.dialect import Dialect
from core.failure.table import Row
from sync.sandbox.exchange import Answer
from sync.sandbox.outcome import Issue, OutcomeError, outcome, refusal

ASKED = "urn:countersign:sandbox:answer"
"""System of a `meta.tag` whose code is the number or status to be answered with.

`-retry` behind a status adds a Retry-After.
"""
NUMBERS = "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369"
"""System of Epic's numbers in OperationOutcome.issue.details.coding."""
_WANTED = re.compile(r"(\d{1,6})(-retry)?")
_OF_CLASS: Mapping[Failure, tuple[int, str]] = {
    Failure.THROTTLED: (403, "throttled"),
    Failure.UNKNOWN: (500, "exception"),
    Failure.TRANSIENT: (500, "exception"),
    Failure.PRECONDITION: (409, "conflict"),
    Failure.DUPLICATE: (400, "duplicate"),
    Failure.ALREADY_DONE: (400, "duplicate"),
    Failure.ACCEPTED: (202, "informational"),
    Failure.VALIDATION: (400, "invalid"),
    Failure.BUSINESS_RULE: (400, "business-rule"),
    Failure.AUTHENTICATION: (401, "login"),
    Failure.AUTHORIZATION: (403, "forbidden"),
    Failure.REDIRECTED: (301, "informational"),
}


@dataclass
class Numbered(OutcomeError):
    """A refusal that bears the product's own number."""

    number: int = 0


def numbered(row: Row, number: int, words: str = "") -> Numbered:
    """Return the refusal that a row of the profile speaks of."""
    status, code = _OF_CLASS.get(row.failure, (400, "processing"))
    issue = Issue(code, words or row.words or "refused")
    return Numbered(status, (issue,), {}, number)


def by_number(dialect: Dialect, number: int, words: str = "") -> Numbered:
    """Return the refusal of one of the product's numbers; the profile has to know it."""
    row = dialect.by_code((str(number),))
    if row is None:
        raise LookupError(f"the profile does not know {number}")
    return numbered(row, number, words)


def asked_for(resource: JsonObject, dialect: Dialect) -> OutcomeError | None:
    """Return the refusal that a tag of the resource asks for; None where it asks for none."""
    meta = resource.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    for tag in tags if isinstance(tags, list) else ():
        code = tag.get("code") if isinstance(tag, dict) and tag.get("system") == ASKED else None
        found = _WANTED.fullmatch(code) if isinstance(code, str) else None
        if found is not None:
            row = dialect.by_code((found[1],))
            wanted = int(found[1])
            return numbered(row, wanted) if row else _by_status(dialect, wanted, found[2])
    return None


def _by_status(dialect: Dialect, status: int, retry: str | None) -> OutcomeError:
    issues = {one for row in dialect.rows if row.names(status) for one in row.issues}
    headers = {"Retry-After": "60"} if retry else {}
    code = "processing" if retry else min(issues, default="processing")
    return refusal(status, code, "a status that was asked for", headers=headers)


def in_details(error: OutcomeError, numbers: Mapping[str, int]) -> Answer:
    """Return an OperationOutcome with the number in each issue's details, where there is one.

    `numbers` maps issue codes to the number that stands for them.
    """
    own = error.number if isinstance(error, Numbered) else None
    document = outcome(error.issues)
    for issue in document["issue"]:
        number = own if own is not None else numbers.get(issue["code"])
        if number is not None:
            coding = {"system": NUMBERS, "code": str(number), "display": issue["diagnostics"]}
            issue["details"] = {"coding": [coding], "text": issue["diagnostics"]}
    return Answer(error.status, encode(document), error.headers)


def in_body(error: OutcomeError, numbers: Mapping[str, int]) -> Answer | None:
    """Return the body whose `status` is the number, with HTTP 200; None where it has no number."""
    number = error.number if isinstance(error, Numbered) else _number(error.issues, numbers)
    if number is None:
        return None
    return told(number, error.issues[0].code.upper().replace("-", "_"))


def told(number: int, key: str) -> Answer:
    """Return the answer to a write of a server that tells everything by a number and a key."""
    body: JsonObject = {"status": exact(number), "key": key}
    return Answer(200, encode(body), media_type="application/json")


def _number(issues: Sequence[Issue], numbers: Mapping[str, int]) -> int | None:
    return next((numbers[one.code] for one in issues if one.code in numbers), None)
