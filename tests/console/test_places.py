"""Going anywhere, and what nobody sees while nobody is there."""

import pytest
from textual.widgets import Input

from console.screens.decide import DecisionModal
from console.screens.hidden import HiddenScreen
from console.screens.queue import QueueScreen
from tests.console.desk import Desk, review, text_of

SCREENS = {"2": "Exceptions", "3": "Incidents", "4": "Audit", "5": "Supervisor", "1": "Queue"}


async def test_digits_go_to_the_screens_of_the_first_level_and_each_keeps_its_place(
    desk: Desk,
) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("down")
        for key, name in SCREENS.items():
            await pilot.press(key)
            await pilot.pause()
            assert name in text_of(app).splitlines()[0]
        screen = app.screen
        assert isinstance(screen, QueueScreen) and screen.list.cursor == (id_, 1)
        await pilot.press("enter", "1")
        await pilot.pause()
        assert isinstance(app.screen, QueueScreen)


async def test_colon_goes_to_a_screen_by_name_and_to_a_proposal_by_id(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("colon", *"incid")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause()
        assert "Incidents" in text_of(app).splitlines()[0]
        await pilot.press("colon", *id_[:8])
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause()
        assert review(app).key == (id_, 0)
        assert desk.states(id_) == ["pending-human-review"] * 2


async def test_patients_are_hidden_after_idling_and_the_first_key_only_uncovers(
    desk: Desk,
) -> None:
    id_ = await desk.propose()
    app = desk.app(idle_s=300)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        desk.monotonic.time += 200
        app.check_store()
        await pilot.pause()
        assert isinstance(app.screen, DecisionModal)
        desk.monotonic.time += 300
        app.check_store()
        await pilot.pause()
        assert isinstance(app.screen, HiddenScreen)
        assert "Synthetic" not in text_of(app) and "nobody was here" in text_of(app)
        desk.monotonic.step = 0.05
        await pilot.press(*"y" * 50)
        await pilot.pause()
        assert isinstance(app.screen, DecisionModal)
        assert desk.states(id_) == ["pending-human-review"] * 2
        desk.monotonic.time += 1
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_)[0] == "ready-for-write"


async def test_control_without_the_guard_a_held_key_would_decide(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.presence.Presence.is_held", lambda _self, _now: False)
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        app.action_hide()
        await pilot.pause()
        await pilot.press("y", "y")
        await pilot.pause()
        assert desk.states(id_)[0] == "ready-for-write"


async def test_hiding_by_key_and_uncovering_by_mouse(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("ctrl+l")
        await pilot.pause()
        assert "Synthetic" not in text_of(app)
        app.check_store()
        await pilot.click(offset=(50, 15))
        await pilot.pause()
        assert "Synthetic, Ada" in text_of(app) and isinstance(app.screen, QueueScreen)


async def test_nothing_is_hidden_while_somebody_works_or_when_it_is_switched_off(
    desk: Desk,
) -> None:
    await desk.propose()
    for idle_s, wait in ((300, 200), (0, 9_000)):
        app = desk.app(idle_s=idle_s)
        async with app.run_test() as pilot:
            for _ in range(3):
                desk.monotonic.time += wait
                await pilot.press("down")
                app.check_store()
                await pilot.pause()
            assert isinstance(app.screen, QueueScreen)


async def test_the_palette_offers_every_action_of_the_screen(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=(100, 50)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert app.screen.query_one(Input).has_focus
        for label in ("Open  (enter)", "Filter  (/)", "View  (v)", "Newer  (.)"):
            assert label in text_of(app), label
