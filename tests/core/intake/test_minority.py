"""Who is marked as a minor: surely, or because nobody can tell."""

from __future__ import annotations

from datetime import date

import pytest

from core.intake.person import minority

ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("born", "majority", "found"),
    [
        ("2008-11-23", 18, None),
        ("2008-11-24", 18, "minor"),
        ("2008-11", 18, "unsure"),
        ("2008-10", 18, None),
        ("2008-12", 18, "minor"),
        ("2008", 18, "unsure"),
        ("2007", 18, None),
        ("2009", 18, "minor"),
        ("2008-11-24", 16, None),
        ("2008-02-29", 18, None),
        ("2030-01-01", 18, "minor"),
        ("", 18, "unsure"),
        ("soon", 18, "unsure"),
        ("2008-13-01", 18, "unsure"),
        (None, 18, "unsure"),
    ],
)
def test_minority(born: str | None, majority: int, found: str | None) -> None:
    patient = {} if born is None else {"birthDate": born}
    assert minority(patient, ON, majority) == found


def test_on_the_day_of_majority_of_a_leap_child() -> None:
    leap = {"birthDate": "2008-02-29"}
    assert minority(leap, date(2026, 2, 28), 18) == "minor"
    assert minority(leap, date(2026, 3, 1), 18) is None
