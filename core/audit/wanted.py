"""The words that narrow the list of events: `reviewer:dr-lee type:decision since:2026-11-20`.

Terms are joined by and; quotes keep blanks together, as in `patient:"Synthetic, Ada"`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from core.errors import BadInput
from core.ledger.event import instant

FIELDS = {
    "proposal": "a proposal's whole id, or its beginning",
    "operation": "an operation's id",
    "freeze": "a freeze's id",
    "id": "any id that stands in an event",
    "reviewer": "what a person decided, adopted or froze",
    "agent": "what an agent did, and what happened to its proposals",
    "by": "who caused it, such as dr-lee, gateway or submitter",
    "type": "the type, or its first word, such as write.receipt or decision",
    "patient": "part of the patient's name as it is shown",
    "ehr": "the EHR",
    "since": "a date or time, such as 2026-11-20 or 2026-11-20T09:00",
    "until": "a date or time; a date counts whole",
}
"""Every field with what it is compared with."""

_OTHER_NAMES = {"person": "reviewer"}
_TERM = re.compile(r'\s*([A-Za-z]+):("[^"]*"|[^\s"]+)(?=\s|$)')
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MAX_LENGTH = 400


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; a time's `value` is an instant as leaves write it."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Terms that must all hold; none lets every event through. `text` is as it was typed."""

    terms: tuple[Term, ...] = ()
    text: str = ""

    def first(self, field: str) -> str | None:
        """Return the first value that is asked of a field."""
        return next((term.value for term in self.terms if term.field == field), None)

    def without(self, field: str) -> Wanted:
        """Return the same without the terms of a field."""
        return Wanted(tuple(term for term in self.terms if term.field != field), self.text)


def parse_wanted(text: str, zone: tzinfo | None = UTC) -> Wanted:
    """Return what was typed as terms; a time without an offset is one of `zone`.

    None is the zone of this machine. BadInput names the term and what would be right.
    """
    if len(text) > MAX_LENGTH:
        raise BadInput(f"is longer than {MAX_LENGTH} characters", field="filter")
    terms: list[Term] = []
    rest = text.strip()
    while rest:
        found = _TERM.match(rest)
        if found is None:
            raise BadInput(
                "is made of terms such as type:decision",
                field="filter",
                remedy=f"Use one of: {', '.join(FIELDS)}; quote what has blanks",
            )
        terms.append(_term(found.group(1).lower(), found.group(2).strip('"').strip(), zone))
        rest = rest[found.end() :].strip()
    return Wanted(tuple(terms), text.strip())


def _term(name: str, value: str, zone: tzinfo | None) -> Term:
    field = _OTHER_NAMES.get(name, name)
    if field not in FIELDS:
        raise BadInput(
            "is not something events can be filtered by",
            field=f"filter: {name[:20]}",
            remedy=f"Use one of: {', '.join(FIELDS)}",
        )
    if not value:
        raise BadInput("has no value", field=f"filter: {field}", remedy=FIELDS[field])
    if field in ("since", "until"):
        return Term(field, instant(_time(field, value, zone)))
    return Term(field, value)


def _time(field: str, value: str, zone: tzinfo | None) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        if field == "until" and _DAY.fullmatch(value):
            found += timedelta(days=1)
        return found.replace(tzinfo=zone) if zone and found.tzinfo is None else found.astimezone()
    except (ValueError, OverflowError):
        raise BadInput(
            "is not a date or time",
            field=f"filter: {field}",
            remedy="Write it as 2026-11-20 or 2026-11-20T09:00",
        ) from None
