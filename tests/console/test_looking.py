"""Habits of reviewing: the evidence is looked at before the agent's confidence is known."""

from __future__ import annotations

from typing import Any

import pytest
from textual.widgets import Button

from console.app import ConsoleApp
from console.looking import LOOK_S, Looking
from console.presenters.tabs import TABS
from console.screens.confirm import ConfirmModal
from console.screens.decide import DecisionModal
from console.widgets.pane import Pane
from core.statement import verify
from tests.builders import phone_change, problem_change
from tests.console.desk import Desk, review, text_of
from tests.console.test_every_screen import STATES, ward
from tests.scale import sampled

HIDDEN = "confidence shown once the evidence was looked at"
QUOTES = [
    {"source": "DocumentReference/n1", "quote": "essential hypertension", "supports": [0]},
    {"source": "DocumentReference/n1", "quote": "a new mobile number 555 0199", "supports": [0]},
]

__all__ = ["ward"]


async def after(app: ConsoleApp, desk: Desk, pilot: Any, seconds: float) -> str:
    desk.monotonic.time += seconds
    app.tick()
    await pilot.pause()
    return text_of(app)


async def test_the_confidence_is_hidden_until_the_evidence_was_in_view_for_a_while(
    desk: Desk,
) -> None:
    await desk.propose(phone_change())
    desk.monotonic.step = 0
    app = desk.app()
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert HIDDEN in text_of(app) and "confidence 0.9" not in text_of(app)
        assert HIDDEN in await after(app, desk, pilot, LOOK_S - 0.1)
        shown = await after(app, desk, pilot, 0.2)
        assert "confidence 0.9" in shown and HIDDEN not in shown


async def test_a_quote_out_of_view_keeps_it_hidden_until_it_was_scrolled_to(desk: Desk) -> None:
    id_ = await desk.propose(problem_change(), evidence=QUOTES)
    desk.monotonic.step = 0
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await after(app, desk, pilot, 60)
        assert review(app)._looking.opened < {0, 1} and not review(app)._confidence_shown
        app.screen.query_one("#evidence", Pane).focus()
        for _ in range(30):
            await pilot.press("down")
        await pilot.pause()
        await after(app, desk, pilot, LOOK_S)
        assert review(app)._looking.opened == {0, 1} and review(app)._confidence_shown
        desk.monotonic.step = 1.0
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert signed(desk, id_)["evidence_opened"] == [0, 1]


async def test_what_was_not_in_view_is_not_signed_as_opened(desk: Desk) -> None:
    id_ = await desk.propose(problem_change(), evidence=QUOTES)
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        seen = sorted(review(app)._looking.opened)
        assert seen != [0, 1]
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert signed(desk, id_)["evidence_opened"] == seen


def signed(desk: Desk, id_: str) -> dict[str, Any]:
    (vote,) = desk.ledger.decisions(id_, 0)
    keys = {desk.bench.ring.signer("reviewer").kid: desk.bench.ring.public("reviewer")}
    review_facts = verify(vote.statement, "decision", keys).payload["review"]
    return {
        "evidence_opened": [int(item.text) for item in review_facts["evidence_opened"]],
        "dwell_ms": int(review_facts["dwell_ms"].text),
    }


async def test_without_evidence_it_is_shown_with_that_fact(desk: Desk) -> None:
    await desk.propose(problem_change(), evidence=[])
    app = desk.app()
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "confidence 0.9  without evidence for this change" in text_of(app)
        assert "No evidence was given for this change." in text_of(app)


async def test_the_next_change_is_looked_at_anew(desk: Desk) -> None:
    await desk.propose(phone_change())
    await desk.propose(phone_change())
    desk.monotonic.step = 0
    app = desk.app()
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "confidence 0.9" in await after(app, desk, pilot, LOOK_S)
        await pilot.press("n")
        await pilot.pause()
        assert HIDDEN in text_of(app)


async def test_control_without_waiting_it_is_shown_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Looking, "enough", lambda *_: True)
    await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "confidence 0.9" in text_of(app)


SOME = sampled(STATES, 6)


@pytest.mark.parametrize("keys", [STATES[name] for name in SOME], ids=SOME)
def test_nothing_opens_with_approve_in_focus(ward: Desk, keys: tuple[str, ...]) -> None:
    import asyncio

    asyncio.run(_opened(ward, (*keys,)))


@pytest.mark.parametrize("key", ["a", "r", "d"])
async def test_no_decision_opens_with_its_answer_in_focus(desk: Desk, key: str) -> None:
    await desk.propose(phone_change())
    await _opened(desk, ("enter", key))


async def _opened(desk: Desk, keys: tuple[str, ...]) -> None:
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        focused = app.focused
        assert focused is None or focused.id != "yes"
        assert all(not one.can_focus for one in app.screen.query("#yes"))
        if isinstance(app.screen, DecisionModal | ConfirmModal):
            assert {one.id for one in app.screen.query(Button)} <= {"cancel"}
        assert TABS[0] == "Change"
