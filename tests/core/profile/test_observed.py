"""What an EHR was seen to do: counts beside the claims, and the axis that they make."""

from __future__ import annotations

import pytest

from core.canonical import exact
from core.profile.observed import observed, says
from core.records_profile import AnswerRow


def answer(seq: int, status: int | None = 201, **more: str | None) -> AnswerRow:
    values: dict[str, str | None] = {
        "type": "Condition", "op": "create", "rung": "if-none-exist", "state": "verified",
        "failure": None, "code": None, "class_": "identical",
    }  # fmt: skip
    values |= more
    return AnswerRow(seq=seq, at=f"2026-11-28T10:00:{seq:02}.000Z", status=status, **values)  # type: ignore[arg-type]


def refused(seq: int, status: int = 405, **more: str | None) -> AnswerRow:
    return answer(
        seq, status, **{"state": "refused", "failure": "validation", "class_": None, **more}
    )


def test_answers_are_counted_by_kind_code_rung_and_class() -> None:
    rows = [
        answer(1), answer(2, class_="lossy", state="exception"), answer(3, None, class_=None,
        state="persisted", rung="search-around"), refused(4, 422),
        refused(5, 200, failure="duplicate", code="202"),
        answer(6, type="Patient", op="update", rung="if-match"),
        answer(7, None, state="ambiguous", failure="outcome-unknown", class_=None),
    ]  # fmt: skip
    conditions, patients = observed(rows)
    assert (conditions.type, conditions.op, conditions.taken) == ("Condition", "create", 3)
    assert conditions.refusals == {"duplicate:202": 1, "outcome-unknown": 1, "validation": 1}
    assert conditions.rungs == {"if-none-exist": 2, "search-around": 1}
    assert conditions.classes == {"identical": 1, "lossy": 1, "unchecked": 1}
    assert conditions.changed == 1 and conditions.last == "2026-11-28T10:00:07.000Z"
    assert (patients.type, patients.taken, patients.changed) == ("Patient", 1, 0)
    assert patients.as_json()["rungs"] == exact({"if-match": 1})
    assert observed(reversed(rows)) == observed(rows)
    assert observed(()) == ()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((), "unknown"),
        ((answer(1),), "yes"),
        ((refused(3), refused(2), refused(1, 501)), "no"),
        ((refused(2), refused(1)), "unknown"),
        ((refused(4), refused(3), answer(2), refused(1)), "yes"),
        # What was refused for its content says nothing about the interaction.
        ((refused(5, 422), refused(4, 403), refused(3, 400)), "unknown"),
        ((refused(5), refused(4, 422), refused(3), refused(2)), "no"),
        # 405 to a PUT of an id that the client chose says that of the id.
        (tuple(refused(seq, rung="if-none-match") for seq in (3, 2, 1)), "unknown"),
        # An ambiguous 501 that reading back found to be there was taken.
        ((answer(3, 501, state="verified"), refused(2), refused(1)), "yes"),
    ],
)
def test_three_times_not_there_in_a_row_is_a_no(rows: tuple[AnswerRow, ...], told: str) -> None:
    found = says(rows)
    assert (found.axis, found.says) == ("observed", told)
    assert (found.basis.grade == "unknown") == (told == "unknown")
    if told == "no":
        assert "HTTP 405" in found.basis.words
