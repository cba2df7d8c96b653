"""The incident panel: what is wrong, the preview of a freeze, and that a freeze stops writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.presenters.incidents import bars
from console.screens.confirm import ConfirmModal
from console.screens.incidents import IncidentsScreen
from core.gateway.run import run_once
from core.incident.freeze import declare
from core.incident.incidents import Declaration, declare_incident
from core.incident.preview import preview
from core.incident.summary import summarize, summary_json
from core.lifecycle import State
from core.review.decide import Answer, decide
from core.review.permissions import TABLE
from tests.builders import phone_change, problem_change
from tests.console.desk import HELD, Desk, review, text_of
from tests.console.test_exceptions import discrepant


async def opened(pilot: Any) -> IncidentsScreen:
    await pilot.press("3")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, IncidentsScreen)
    return screen


async def approved(desk: Desk, *changes: dict[str, Any], **overrides: Any) -> str:
    id_ = await desk.propose(*(changes or (phone_change(),)), **overrides)
    digest = desk.change(id_).change_digest
    decide(desk.offline(), id_, 0, Answer("approve", seen=digest))
    return id_


async def choose(pilot: Any, number: str, reason: str = "seen twice") -> None:
    assert isinstance(pilot.app.screen, ConfirmModal)
    await pilot.press(number, "n", *reason.replace(" ", "_"), "enter", "y")
    await pilot.pause()


async def test_a_quiet_panel_says_so_and_a_discrepancy_is_counted(desk: Desk) -> None:
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert "nothing is wrong that this console knows of" in text_of(pilot.app)
    await discrepant(desk)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = text_of(pilot.app)
        assert "on 1 patient" in shown and "not contained: no freeze is in force" in shown
        assert "answered a write" in shown and "reconciled" in shown


async def test_a_freeze_on_the_screen_stops_the_next_write_and_a_thaw_lets_it_go_on(
    desk: Desk,
) -> None:
    first = await approved(desk)
    await run_once(desk.bench.workspace, desk.bench.epoch)
    assert desk.change(first).state == State.VERIFIED
    second = await approved(desk, problem_change(), evidence=[])
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("f")
        await pilot.pause()
        shown = text_of(app)
        assert "agent scribe-1  stops 1 change, 1 patient (0 waiting, 1 unsent)" in shown
        await choose(pilot, "1")
        assert app.notice.text.startswith("Frozen: agent scribe-1. No write begins after event")
        assert "nothing is in flight" in app.notice.text
        await run_once(desk.bench.workspace, desk.bench.epoch)
        assert desk.change(second).state == State.READY
        assert "agent scribe-1" in text_of(app) and "1 freeze in force" not in text_of(app)
        await pilot.press("t")
        await pilot.pause()
        assert "Goes on: 1 change, 1 patient" in text_of(app)
        await pilot.press("n", *"over", "enter", "y")
        await pilot.pause()
        assert not desk.ledger.freezes()
        await run_once(desk.bench.workspace, desk.bench.epoch)
        assert desk.change(second).state == State.VERIFIED


async def test_control_without_the_freeze_it_goes_on(desk: Desk) -> None:
    id_ = await approved(desk, problem_change(), evidence=[])
    await run_once(desk.bench.workspace, desk.bench.epoch)
    assert desk.change(id_).state == State.VERIFIED


async def test_nothing_is_frozen_by_enter_by_the_key_held_or_without_choice_and_reason(
    desk: Desk,
) -> None:
    await approved(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press(*["f"] * HELD)
        await pilot.pause()
        assert isinstance(app.screen, ConfirmModal)
        await pilot.press("y")
        assert "choose a line first" in app.notice.text
        await pilot.press("1", "y")
        assert "a reason is needed" in app.notice.text
        await pilot.press(*["enter"] * HELD)
        await pilot.pause()
        assert not desk.ledger.freezes()


async def test_what_cannot_be_done_says_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("t")
        assert "no freeze is in force" in app.notice.text
        await pilot.press("end", "enter")
        assert "no proposal belongs" in app.notice.text
        nobody = replace(TABLE["freeze"], roles=frozenset({"wizard"}))
        monkeypatch.setitem(TABLE, "freeze", nobody)
        await pilot.press("f")
        assert "this asks for wizard" in app.notice.text
    app = desk.app(read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("f")
        assert "read-only" in app.notice.text


async def test_an_event_opens_its_proposal_and_back_returns(desk: Desk) -> None:
    id_ = await desk.propose()
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert review(pilot.app).key == (id_, 0)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, IncidentsScreen)


async def test_newer_events_are_counted_and_move_nothing(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("down", "down")
        cursor = screen.timeline.cursor
        await desk.propose()
        app.store_changed()
        await pilot.pause()
        assert screen.timeline.cursor == cursor
        assert "newer (. shows)" in text_of(app).splitlines()[0]
        await pilot.press("full_stop")
        await pilot.pause()
        assert screen.timeline.cursor == desk.ledger.size - 1


async def test_the_preview_counts_what_the_guard_would_stop(desk: Desk) -> None:
    await approved(desk)
    await desk.propose(problem_change(), evidence=[])
    found = {
        words: preview(desk.ledger, scope)
        for words, scope in {
            "all": {}, "patient": {"type": "Patient"}, "model": {"model": "model-a@1"},
            "other": {"model": "model-b"}, "path": {"path": "Patient.telecom"},
            "workflow": {"workflow": "visit", "op": "create"},
        }.items()
    }  # fmt: skip
    counts = {words: item.stopped for words, item in found.items()}
    assert counts == {
        "all": 2, "patient": 1, "model": 2, "other": 0, "path": 1, "workflow": 1,
    }  # fmt: skip
    assert found["all"].patients == 1 and found["all"].whole
    assert not preview(desk.ledger, {}, most=1).whole


async def test_the_summary_counts_by_window(desk: Desk) -> None:
    await approved(desk)
    desk.clock.advance(minutes=30)
    await approved(desk, problem_change(), evidence=[])
    declare(desk.offline(), {"agent": "scribe-1"}, "x")
    found = summarize(desk.ledger, ["sandbox"], desk.clock.now())
    assert [found.rates[name]["proposed"] for name in ("5 min", "hour", "day")] == [1, 2, 2]
    assert [found.rates[name]["approved"] for name in ("5 min", "hour", "day")] == [1, 2, 2]
    assert sum(found.proposed) == 2 and found.proposed[-1] == 1
    told = summary_json(found)
    assert told["freezes"][0]["stops"] == 2  # type: ignore[index]


@pytest.mark.parametrize(
    ("counts", "wanted"), [([], ""), ([0, 0], ".."), ([0, 1, 8], ".▁█"), ([4, 8], "▄█")]
)
def test_bars(counts: list[int], wanted: str) -> None:
    assert bars(counts) == wanted


async def test_an_open_incident_is_named_with_its_age_and_patients(desk: Desk) -> None:
    id_ = await desk.propose(phone_change())
    said = Declaration("delayed-critical-update", "nobody came", change=(id_, 0))
    declare_incident(desk.offline(), said)
    desk.bench.clock.advance(minutes=12)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = text_of(pilot.app)
        assert "1 open incident on 1 patient" in shown
        assert "delayed-critical-update  critical, 12m old, 1 patient, found by person" in shown
        assert "nobody came" not in shown
