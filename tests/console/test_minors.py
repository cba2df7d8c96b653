"""A minor is marked beside the birth date, on screen and in `show`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.commands.showing import print_proposal
from core.adoption import adopt
from core.view import view_proposal
from tests.builders import PATIENT, exact_object, phone_change
from tests.console.desk import Desk, text_of
from tests.scale import in_ci

pytestmark = in_ci

SIZES = [(80, 24), (120, 40), (160, 50)]
BORN = {"minor": "2015-06-01", "unsure": "2008"}
MARKS = {"minor": "born 2015-06-01 (11 y)  MINOR ", "unsure": "born 2008 (about 18 y)  age unsure "}


@pytest.fixture(params=["minor", "unsure"])
def born(request: pytest.FixtureRequest, desk: Desk) -> str:
    kind = str(request.param)
    desk.bench.ehr.put(exact_object({**PATIENT, "birthDate": BORN[kind]}))
    desk.propose_now(phone_change(base_version="2"), evidence=[])
    return kind


async def banner_of(desk: Desk) -> str:
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        return text_of(app).splitlines()[1]


async def test_the_banner_says_so(desk: Desk, born: str) -> None:
    assert MARKS[born] in await banner_of(desk)


async def test_the_age_of_majority_is_the_policy_s(desk: Desk, born: str) -> None:
    row = desk.ledger.config("policy")
    assert row is not None
    adopt(desk.bench.workspace, "policy", f"{row.document}\n[minors]\nage_of_majority = 10\n")
    shown = await banner_of(desk)
    assert "MINOR" not in shown and "unsure" not in shown


def test_show_says_so(desk: Desk, born: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = desk.ledger.proposal(desk.ledger.changes_in("pending-human-review")[0].proposal)
    assert row is not None
    print_proposal(view_proposal(desk.ledger, row), desk.clock.now())
    words = {"minor": "born 2015-06-01 MINOR (11 y), ", "unsure": "born 2008 age unsure, "}
    assert words[born] in capsys.readouterr().out


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "160x50"])
def test_screen(
    desk: Desk, born: str, snap_compare: Callable[..., bool], size: tuple[int, int]
) -> None:
    assert snap_compare(desk.app(), press=("enter",), terminal_size=size)
