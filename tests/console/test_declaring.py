"""Declaring and closing an incident from the panel: what, why, a second key, and who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.screens.confirm import ConfirmModal
from console.screens.incidents import IncidentsScreen
from core.incident.incidents import CATEGORIES, Declaration, declare_incident
from core.review.permissions import TABLE
from tests.builders import phone_change
from tests.console.desk import Desk, text_of
from tests.scale import in_ci

pytestmark = in_ci

SIZES = [(80, 24), (120, 40), (160, 50)]


@pytest.fixture
def ward(desk: Desk) -> Desk:
    desk.propose_now(phone_change(), evidence=[])
    return desk


async def opened(pilot: Any) -> None:
    await pilot.press("3")
    await pilot.pause()
    assert isinstance(pilot.app.screen, IncidentsScreen)


async def words(pilot: Any, number: int, reason: str) -> None:
    await pilot.press(str(number), "n", *reason, "enter", "y")
    await pilot.pause()


async def test_declared_about_the_change_of_the_event_and_closed(ward: Desk) -> None:
    app = ward.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("d")
        await pilot.pause()
        shown = text_of(app)
        assert "about update Patient.telecom, Synthetic, Ada" in shown
        assert all(name in shown for name in CATEGORIES)
        await words(pilot, CATEGORIES.index("consent-mismatch") + 1, "revoked")
        assert app.notice.text.startswith("Declared: consent-mismatch")
        (row,) = ward.ledger.open_incidents()
        waiting = ward.ledger.changes_in("pending-human-review")[0]
        assert (row.proposal, row.idx) == (waiting.proposal, waiting.idx)
        assert (row.category, row.severity, row.by) == ("consent-mismatch", "high", "dr-lee")
        assert "incident consent-mismatch" in text_of(app)

        await pilot.press("d")
        await pilot.pause()
        await words(pilot, CATEGORIES.index("consent-mismatch") + 1, "again")
        assert app.notice.text.startswith("Open already")
        assert len(ward.ledger.open_incidents()) == 1

        await pilot.press("c")
        await pilot.pause()
        assert "consent-mismatch  high" in text_of(app)
        await words(pilot, 1, "asked")
        assert app.notice.text.startswith("Closed") and not ward.ledger.open_incidents()
        await pilot.press("c")
        assert "no incident is open" in app.notice.text


async def test_the_one_that_was_chosen_is_closed(ward: Desk) -> None:
    kept, closed = (
        declare_incident(ward.offline(), Declaration(name, "seen"))[0]
        for name in ("data-corruption", "unauthorized-access")
    )
    app = ward.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await pilot.pause()
        await words(pilot, [row.id for row in ward.ledger.open_incidents()].index(closed) + 1, "x")
    assert [row.id for row in ward.ledger.open_incidents()] == [kept]


@pytest.mark.parametrize(
    "keys",
    [("enter",), ("y",), ("3", "y"), ("n", "x", "enter", "y"), ("3", "n", "enter", "y"),
     ("3", "n", "x", "enter", "escape"), ("d", "d", "d", "enter")],
    ids=["enter", "nothing", "no-reason", "no-choice", "empty", "cancelled", "held"],
)  # fmt: skip
async def test_nothing_is_declared_without_choice_words_and_the_second_key(
    ward: Desk, keys: tuple[str, ...]
) -> None:
    size = ward.ledger.size
    async with ward.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("d")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmModal)
        await pilot.press(*keys)
        await pilot.pause()
    assert ward.ledger.size == size


@pytest.mark.parametrize("key", ["d", "c"])
async def test_who_may_not_is_told_so(
    ward: Desk, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    declare_incident(ward.offline(), Declaration("data-corruption", "seen"))
    for act in ("declare-incident", "close-incident"):
        monkeypatch.setitem(TABLE, act, TABLE["break-glass"].__class__(act))
    app = ward.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press(key)
        assert not isinstance(app.screen, ConfirmModal) and "this asks for" in app.notice.text


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "160x50"])
@pytest.mark.parametrize("key", ["d", "c"], ids=["declare", "close"])
def test_screen(
    ward: Desk, snap_compare: Callable[..., bool], size: tuple[int, int], key: str
) -> None:
    declare_incident(ward.offline(), Declaration("data-corruption", "seen"))
    assert snap_compare(ward.app(), press=("3", key), terminal_size=size)
