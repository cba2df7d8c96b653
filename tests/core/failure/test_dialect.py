"""The `[failures]` of a profile: read strictly, each row with its source."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.failure.classes import Failure
from core.failure.dialect import PLAIN, parse_dialect
from core.failure.due import FIRST, LONGEST, backoff, edge, next_try
from core.ledger.event import moment
from sync.profiles import NAMES, load_profile

ROW = """[[failures.rows]]
codes = ["100-168"]
class = "validation"
source = "a guide"
captured_on = 2026-08-14
grade = "documented"
"""


@pytest.mark.parametrize("name", NAMES)
def test_every_profile_is_read_and_each_row_names_its_source(name: str) -> None:
    for row in parse_dialect(load_profile(name)).rows:
        assert row.source and row.words


def test_a_profile_without_failures_speaks_plainly() -> None:
    assert parse_dialect("version = 1\n") == PLAIN and not PLAIN.told_by_body


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("validation", "fine", "class"),
        ('source = "a guide"', "", r"rows\[0\]"),
        ("documented", "sure", r"rows\[0\]"),
        ("captured_on = 2026-08-14", "", r"rows\[0\]"),
        ('"100-168"', '"168-100"', "codes"),
        ('"100-168"', '"a"', "codes"),
        ('"100-168"', "true", "codes"),
        ('codes = ["100-168"]', "codes = 100", "codes"),
        ('codes = ["100-168"]', "", "names no codes"),
        ('codes = ["100-168"]', "statuses = [200]", "success status"),
        ('codes = ["100-168"]', 'statuses = ["100-299"]', "success status"),
        ('codes = ["100-168"]', 'statuses = ["199-400"]', "success status"),
        ("grade =", 'until = "noon"\ngrade =', "until"),
        ("grade =", "retries = 9\ngrade =", "retries"),
        ("grade =", "retries = true\ngrade =", "retries"),
        ("grade =", "issues = [3]\ngrade =", "issues"),
        ("grade =", "secret = 1\ngrade =", "nothing else"),
    ],
)
def test_a_row_that_is_wrong_is_named(old: str, new: str, field: str) -> None:
    assert parse_dialect(ROW).rows[0].failure == Failure.VALIDATION
    with pytest.raises(BadInput, match=field):
        parse_dialect(ROW.replace(old, new, 1))


@pytest.mark.parametrize("text", ["failures = 3", "[failures]\nrow = []", "[failures]\nrows = 3"])
def test_a_part_that_is_no_table_of_rows_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_dialect(text)


def test_only_numbers_that_a_row_names_are_known() -> None:
    found = parse_dialect(ROW)
    assert found.known(("9", "120", "150")) == "120" and found.known(("1985", "x", "")) is None


def test_a_code_alone_stands_before_a_range_and_caution_before_ease() -> None:
    alone = ROW.replace('"100-168"', '"139"').replace("validation", "business-rule")
    other = ROW.replace('"100-168"', '"139"').replace("validation", "throttled")
    for text in (ROW + alone + other, other + alone + ROW, alone + ROW):
        row = parse_dialect(text).by_code(("139",))
        assert row is not None and row.failure == Failure.BUSINESS_RULE


def test_times_are_as_the_windows_say_and_never_before_what_was_asked() -> None:
    now = moment("2026-11-23T23:59:30.000Z")
    assert edge(now, "minute") == edge(now, "day") == moment("2026-11-24T00:00:00.000Z")
    assert edge(now, "next-day") == moment("2026-11-24T23:59:30.000Z")
    for tries in range(1, 30):
        for roll in (0.0, 0.5, 0.999):
            assert FIRST / 2 <= backoff(now, tries, roll) - now <= LONGEST
            for until in (None, "minute", "day", "next-day"):
                found = next_try(now, tries, roll, until, 3_600.0)
                assert (found - now).total_seconds() >= 3_600
