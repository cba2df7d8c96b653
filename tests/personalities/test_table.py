"""The table of what works with which EHR is that of the docs, and no cell is a surprise."""

from __future__ import annotations

import re

from core.lifecycle import State
from core.profile.writes import may_write
from tests.personalities.deeds import DEEDS
from tests.personalities.table import PLAYED, Cell, table
from tests.personalities.test_profiles import PROFILES
from tests.scale import in_ci
from tests.tools.make_docs import REFERENCE, played_pages

ENDS = frozenset(
    {State.DENIED, State.VERIFIED, State.EXCEPTION, State.REFUSED, State.MANUAL_ENTRY,
     State.HELD_BY_EHR}
)  # fmt: skip
_QUESTIONS = "questionnaire (QuestionnaireResponse create)"
_INTERACTION = re.compile(r".*\((\w+) (create|update)\)")


@in_ci
def test_the_page_is_fresh() -> None:
    for name, text in played_pages().items():
        found = (REFERENCE / name).read_text("utf-8")
        assert found == text, "run: python -m tests.tools.make_docs"


def test_every_deed_comes_to_an_end_with_every_product() -> None:
    for deed, row in table().items():
        assert set(row) == set(PLAYED)
        assert {cell.state for cell in row.values()} <= ENDS, deed


def test_nothing_is_sent_that_the_profile_does_not_let_be_written() -> None:
    sent = 0
    for deed, row in table().items():
        found = _INTERACTION.fullmatch(deed)
        assert found is not None
        for name, cell in row.items():
            if cell.state != State.DENIED and not by_hand(cell):
                sent += 1
                assert may_write(PROFILES[name], found[1], found[2]).says != "no", (name, deed)
    assert sent


def test_what_has_no_api_write_is_entered_by_hand_and_verified_by_reading() -> None:
    for deed, row in table().items():
        there = "there already" in deed
        assert row["advancedmd"].state == (State.DENIED if there else State.VERIFIED), deed
        assert there or by_hand(row["advancedmd"])


def test_what_each_product_is_known_for_shows() -> None:
    found = table()
    for name in ("athenahealth", "eclinicalworks", "veradigm"):
        sent = [deed for deed, row in found.items() if row[name].said.startswith("verified")]
        assert sent == [_QUESTIONS] * (name != "veradigm")
    assert _of(found, "draft of a note", "oracle-health").state == State.REFUSED
    assert _of(found, "weight on a day", "oracle-health").state == State.REFUSED
    assert _of(found, "problem in three codings", "oracle-health").state == State.EXCEPTION
    assert _of(found, "problem resolved", "oracle-health").said == "verified: bookkeeping"
    assert _of(found, "problem (", "epic").said.endswith("(unfenced)")


def by_hand(cell: Cell) -> bool:
    return cell.said.startswith("by hand")


def _of(found: dict[str, dict[str, Cell]], start: str, name: str) -> Cell:
    (deed,) = [one for one in DEEDS if one.startswith(start)]
    return found[deed][name]
