"""What is typed to narrow the events: read strictly, times in the zone of who types."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from core.audit.wanted import FIELDS, Term, Wanted, parse_wanted
from core.errors import BadInput

EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("  ", ()),
        ("type:decision", (Term("type", "decision"),)),
        ("person:dr-lee", (Term("reviewer", "dr-lee"),)),
        ("TYPE:x ehr:north", (Term("type", "x"), Term("ehr", "north"))),
        ('patient:"Synthetic, Ada"', (Term("patient", "Synthetic, Ada"),)),
        ("since:2026-11-20", (Term("since", "2026-11-20T00:00:00.000Z"),)),
        ("until:2026-11-20", (Term("until", "2026-11-21T00:00:00.000Z"),)),
        ("until:2026-11-20T09:30", (Term("until", "2026-11-20T09:30:00.000Z"),)),
        ("since:2026-11-20T09:30+01:00", (Term("since", "2026-11-20T08:30:00.000Z"),)),
    ],
)
def test_terms(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_wanted(text) == Wanted(terms, text.strip())


def test_a_time_without_offset_is_one_of_the_zone() -> None:
    found = parse_wanted("since:2026-11-20 until:2026-11-20", EAST)
    assert [term.value for term in found.terms] == [
        "2026-11-19T22:00:00.000Z",
        "2026-11-20T22:00:00.000Z",
    ]
    assert found.first("since") == "2026-11-19T22:00:00.000Z" and found.first("type") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("decision", "terms such as type:decision"),
        ("type:", "terms such as"),
        ('type:""', "filter: type: has no value"),
        ('patient:"Ada', "terms such as"),
        ("colour:red", "filter: colour: is not something"),
        ("since:yesterday", "filter: since: is not a date or time"),
        ("since:9999-12-31T23:59-14:00", "is not a date or time"),
        ("until:9999-12-31", "is not a date or time"),
        ("x" * 401, "longer than 400"),
    ],
)
def test_what_is_no_filter_says_what_would_be_one(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_wanted(text)


def test_every_field_is_told_of() -> None:
    with pytest.raises(BadInput) as refused:
        parse_wanted("x:y")
    assert all(name in str(refused.value) for name in FIELDS)
