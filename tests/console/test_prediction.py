"""A reviewer sees before approving what this EHR will make of the change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.presenters import prediction
from core.adoption import adopt
from core.review.hidden import Hidden
from core.view import view_proposal
from tests.builders import phone_change, problem_change
from tests.console.desk import Desk, review, text_of
from tests.core.forms.samples import GOOD, formed
from tests.core.prediction.scenes import KEEPS_NO_LABEL, document
from tests.scale import in_ci

pytestmark = in_ci

LONG = "Synthetic-Featherstonehaugh-Cholmondeley"
SHORT = LONG[:30]
FAMILY = """
[[fields]]
path = "Patient.name.family"
chars = 30
over = "truncate"
source = "S"
"""
UNSIGNED = """
[facts.persisted_state]
value = "unsigned"
source = "S"
"""
REFUSES = """
[[fields]]
path = "Patient.name.family"
chars = 30
over = "reject"
source = "S"
"""
SIZES = [(80, 24), (120, 40), (160, 50)]
NAME = phone_change(patch=[{"op": "replace", "path": "/name/0/family", "value": LONG}])


def known(desk: Desk, *parts: str, correctable: str = "false") -> None:
    adopt(desk.bench.workspace, "profile.sandbox", document(*parts, correctable=correctable))


def parts_of(desk: Desk, id_: str, made: Callable[[Any], Any]) -> str:
    row = desk.ledger.proposal(id_)
    assert row is not None
    return "\n".join(part.plain for part in made(view_proposal(desk.ledger, row).changes[0]))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_cut_name_stands_before_the_change_with_what_becomes_of_it(desk: Desk) -> None:
    known(desk, FAMILY, UNSIGNED, KEEPS_NO_LABEL)
    await desk.propose(NAME, evidence=[])
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        shown = text_of(pilot.app)  # type: ignore[arg-type]
        pane = review(pilot.app).query_one("#change")  # type: ignore[arg-type]
        assert prediction.STANDING in str(pane.border_title)
    warning = shown.index(prediction.WARNING)
    assert warning < shown.index("this EHR cuts last names at 30 characters")
    assert warning < shown.index("~ changed")
    assert SHORT in shown and "will be filed unsigned" in shown


async def test_quiet_facts_come_after_and_do_not_warn(desk: Desk) -> None:
    known(desk, UNSIGNED, KEEPS_NO_LABEL)
    id_ = await desk.propose(problem_change(), evidence=[])
    assert parts_of(desk, id_, prediction.warning_parts) == ""
    told = parts_of(desk, id_, prediction.expected_parts)
    for words in (
        "will be filed unsigned", "the AI label will be dropped  lossy",
        "cannot be corrected through the API afterwards",
        "documented, 2026-11-01, made up for this test",
    ):  # fmt: skip
        assert words in told


async def test_what_would_be_refused_is_loud_without_a_class(desk: Desk) -> None:
    known(desk, REFUSES)
    id_ = await desk.propose(NAME, evidence=[])
    told = parts_of(desk, id_, prediction.warning_parts)
    assert prediction.WARNING in told and "refused" in told


async def test_what_may_happen_is_not_called_sure(desk: Desk) -> None:
    known(desk, FAMILY.replace("truncate", "unknown"))
    id_ = await desk.propose(NAME, evidence=[])
    told = parts_of(desk, id_, prediction.warning_parts)
    assert prediction.PERHAPS in told and prediction.WARNING not in told


async def test_the_dialog_that_confirms_an_approval_says_it_again(desk: Desk) -> None:
    known(desk, FAMILY)
    await desk.propose(NAME, evidence=[])
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        before = text_of(pilot.app)  # type: ignore[arg-type]
        await pilot.press("a")
        shown = text_of(pilot.app)  # type: ignore[arg-type]
    assert "approve" in shown.lower() and shown != before
    assert "⚠ this EHR cuts last names at 30 characters" in shown


async def test_control_without_a_profile_nothing_is_said(desk: Desk) -> None:
    id_ = await desk.propose(NAME, evidence=[])
    assert parts_of(desk, id_, prediction.warning_parts) == ""


async def test_values_behind_a_label_are_not_shown(desk: Desk) -> None:
    known(desk, FAMILY)
    id_ = await desk.propose(NAME, evidence=[])
    row = desk.ledger.proposal(id_)
    assert row is not None
    view = view_proposal(desk.ledger, row).changes[0]
    hidden = replace(view, hidden=Hidden(values=frozenset({"restricted"})))
    told = "\n".join(part.plain for part in prediction.warning_parts(hidden))
    assert prediction.WARNING in told and LONG not in told and SHORT not in told
    plain = "\n".join(part.plain for part in prediction.warning_parts(view))
    assert LONG in plain


async def test_words_of_a_profile_or_chart_are_never_markup(desk: Desk) -> None:
    note = '[[notes]]\npath = "Patient"\nwords = "[red]adds[/red] \\u001b[31m"\nsource = "S"\n'
    known(desk, FAMILY, note)
    change = phone_change(patch=[
        {"op": "replace", "path": "/name/0/family", "value": "[bold]" + LONG},
    ])  # fmt: skip
    id_ = await desk.propose(change, evidence=[])
    told = parts_of(desk, id_, lambda view: [
        *prediction.warning_parts(view), *prediction.expected_parts(view)
    ])  # fmt: skip
    assert "[red]adds[/red]" in told and "\x1b" not in told and "[bold]Synthetic" in told


async def test_a_note_by_a_form_is_read_as_text_behind_a_bar(desk: Desk) -> None:
    values = {**GOOD["note@1"], "text": "Seen today.\n+ added   Patient.active: false"}
    await desk.propose(formed("note@1", values), evidence=[])
    async with desk.app().run_test(size=(120, 60)) as pilot:
        await pilot.press("enter")
        shown = text_of(pilot.app)  # type: ignore[arg-type]
    assert "written by the form note@1" in shown and "│ Seen today." in shown
    assert "│ + added   Patient.active: false" in shown


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "160x50"])
def test_screen(desk: Desk, snap_compare: Callable[..., bool], size: tuple[int, int]) -> None:
    known(desk, FAMILY, UNSIGNED, KEEPS_NO_LABEL)
    desk.propose_now(NAME, evidence=[])
    assert snap_compare(desk.app(), press=("enter",), terminal_size=size)


def test_screen_without_colour(
    desk: Desk, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    known(desk, FAMILY, UNSIGNED, KEEPS_NO_LABEL)
    desk.propose_now(NAME, evidence=[])
    assert snap_compare(desk.app(), press=("enter",), terminal_size=(80, 24))
