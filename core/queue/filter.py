"""The words that narrow the queue: `risk:high agent:scribe !is:late "Synthetic, Ada"`.

A term is `field:value`, or words that match patient, type or agent. `!` before it takes out what
matches; terms are joined by and, values of one term by a comma (or). Quotes keep blanks together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from core.errors import BadInput

FIELDS = {
    "patient": "part of the patient's name",
    "agent": "part of the agent's id",
    "type": "resource type, such as Condition",
    "op": "create or update",
    "path": "an element, such as Patient.telecom, or what lies below it",
    "risk": "low, medium or high: the tier that policy gave",
    "urgency": "routine, urgent or stat",
    "state": "the state, or its beginning",
    "route": "the route that policy picked",
    "role": "a role that may decide",
    "ehr": "the EHR",
    "id": "the beginning of the proposal's id",
    "is": "late, expired, voided, dependent or deferred",
    "due": "less than so long, such as 30m, 4h or 2d",
}
"""Every field with what it is compared with."""

FLAGS = ("late", "expired", "voided", "dependent", "deferred")
_CLOSED: dict[str, tuple[str, ...]] = {
    "op": ("create", "update"),
    "urgency": ("routine", "urgent", "stat"),
    "is": FLAGS,
}
_TERM = re.compile(r'\s*(!?)(?:([A-Za-z]+):)?("[^"]*"|[^\s"]+)')
_DUE = re.compile(r"(\d{1,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 1440}
MAX_LENGTH = 400
WORDS = "words"


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: `field` is one of FIELDS or `words`; any of `values` makes it true."""

    field: str
    values: tuple[str, ...]
    negated: bool = False

    @property
    def text(self) -> str:
        """The term as it is typed."""
        value = ",".join(self.values)
        shown = f'"{value}"' if re.search(r"\s", value) else value
        name = "" if self.field == WORDS else f"{self.field}:"
        return f"{'!' if self.negated else ''}{name}{shown}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms that must all hold; none lets everything through."""

    terms: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """The filter as it is typed."""
        return " ".join(term.text for term in self.terms)


def parse_filter(text: str) -> Filter:
    """Return what was typed as a filter; BadInput names the term and what would be right."""
    if len(text) > MAX_LENGTH:
        raise BadInput(f"is longer than {MAX_LENGTH} characters", field="filter")
    terms: list[Term] = []
    rest = text.rstrip()
    while rest.strip():
        found = _TERM.match(rest)
        if found is None:
            raise BadInput(
                "has a quote that is not closed, or a sign without a word",
                field="filter",
                remedy='Close it, as in "Synthetic, Ada"',
            )
        terms.append(_term(*found.groups()))
        rest = rest[found.end() :]
    return Filter(tuple(terms))


def minutes(due: str, field: str = "filter: due") -> int:
    """Return a span such as `4h` in minutes; BadInput for anything else."""
    found = _DUE.fullmatch(due)
    if found is None:
        raise BadInput("is not a span of time", field=field, remedy="Write it as 30m, 4h or 2d")
    return int(found.group(1)) * _MINUTES[found.group(2)]


def span(text: str, field: str) -> timedelta:
    """Return a span such as `4h`; BadInput names the field."""
    return timedelta(minutes=minutes(text, field))


def _term(sign: str, name: str | None, value: str) -> Term:
    if name is None:
        if re.fullmatch(r"!|!?[A-Za-z]+:", sign + value):
            raise BadInput(
                "has a sign or a name without a value",
                field="filter",
                remedy="Write it as risk:high, or !risk:high",
            )
        return Term(WORDS, (value.strip('"'),), negated=bool(sign))
    field = name.lower()
    if field not in FIELDS:
        raise BadInput(
            "is not something the queue can be filtered by",
            field=f"filter: {field[:20]}",
            remedy=f"Use one of: {', '.join(FIELDS)}",
        )
    values = tuple(part for part in value.strip('"').split(",") if part)
    if not values:
        raise BadInput("has no value", field=f"filter: {field}", remedy=FIELDS[field])
    known = _CLOSED.get(field)
    for one in values:
        if known is not None and one.lower() not in known:
            raise BadInput(
                "does not take that value",
                field=f"filter: {field}",
                remedy=f"Use one of: {', '.join(known)}",
            )
        if field == "due":
            minutes(one)
    return Term(field, values, negated=bool(sign))
