"""Exceptions: three values a difference, reasons in words, and two steps to settle."""

from typing import Any

import pytest

from console.app import ConsoleApp
from console.screens.confirm import ConfirmModal
from console.screens.exceptions import ExceptionsScreen
from core.gateway.run import run_once
from core.lifecycle import State
from core.review.decide import Answer, decide
from tests.builders import phone_change
from tests.console.desk import HELD, Desk, review, text_of
from tests.core.reconcile.test_settle import shorten


async def written(desk: Desk, *faults: str | int) -> str:
    """Return an approved change that a round of the gateway has tried to write."""
    desk.bench.ehr.faults = list(faults)
    id_ = await desk.propose(phone_change())
    digest = desk.change(id_).change_digest
    decide(desk.offline(), id_, 0, Answer("approve", seen=digest))
    await run_once(desk.bench.workspace, desk.bench.epoch)
    return id_


async def discrepant(desk: Desk) -> str:
    desk.bench.ehr.transform = shorten
    id_ = await written(desk)
    assert desk.change(id_).state == State.EXCEPTION
    return id_


async def opened(pilot: Any) -> ExceptionsScreen:
    await pilot.press("2")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, ExceptionsScreen)
    return screen


async def press_confirm(pilot: Any, reason: str) -> None:
    assert isinstance(pilot.app.screen, ConfirmModal)
    await pilot.press("n", *reason.replace(" ", "_"), "enter")
    await pilot.press("y")
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_discrepancy_shows_its_three_values_and_what_to_do(
    desk: Desk, size: tuple[int, int]
) -> None:
    await discrepant(desk)
    async with desk.app().run_test(size=size) as pilot:
        await opened(pilot)
        shown = text_of(pilot.app)
        for words in ("1 to look at", "discrepancy", "Next: ", "submitted  555 0100"):
            assert words in shown, words
        await pilot.press("tab", "end")
        await pilot.pause()
        for words in ("intended   555 0199", "submitted  555 0199", "persisted  555"):
            assert words in text_of(pilot.app), words


async def test_accepting_asks_for_a_reason_and_a_second_key(desk: Desk) -> None:
    id_ = await discrepant(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("upper_a")
        await pilot.pause()
        assert "Patient.telecom[0].value: 555 0100 → 555" in text_of(app)
        await pilot.press("y")
        assert "a reason is needed" in app.notice.text
        await press_confirm(pilot, "short numbers here")
        assert desk.change(id_).state == State.VERIFIED
        assert "Nothing to look at." in text_of(app)


async def test_a_refused_write_says_why_and_enter_opens_its_change(desk: Desk) -> None:
    id_ = await written(desk, 422)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert "The EHR calls the resource invalid;" in text_of(pilot.app)
        await pilot.press("enter")
        await pilot.pause()
        assert review(pilot.app).key == (id_, 0)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ExceptionsScreen)


async def test_nothing_happens_by_enter_or_by_the_asking_key_held_down(desk: Desk) -> None:
    id_ = await discrepant(desk)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        before = desk.ledger.size
        await pilot.press(*["upper_a"] * HELD, *["enter"] * HELD)
        await pilot.pause()
        assert desk.ledger.size == before and desk.change(id_).state == State.EXCEPTION


async def test_what_cannot_be_done_says_why(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for key, words in (("enter", "nothing under"), ("upper_a", "nothing under")):
            await pilot.press(key)
            assert words in app.notice.text
    await discrepant(desk)
    app = desk.app(read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("upper_a")
        assert "read-only" in app.notice.text
        await pilot.press("upper_d")
        assert app.notice.error


async def test_kinds_and_going_back(desk: Desk) -> None:
    await discrepant(desk)
    app: ConsoleApp = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("f")
        await pilot.pause()
        assert "only discrepancy" in text_of(app).splitlines()[0]
        await pilot.press("escape")
        await pilot.pause()
        assert "only" not in text_of(app).splitlines()[0]
        await pilot.press("escape")
        await pilot.pause()
        assert "Queue" in text_of(app).splitlines()[0]


async def test_the_mouse_moves_opens_and_confirms(desk: Desk) -> None:
    id_ = await discrepant(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("upper_a")
        await pilot.pause()
        await pilot.press("n", *"fine", "enter")
        await pilot.click("#yes", times=2)
        await pilot.pause()
        assert desk.change(id_).state == State.VERIFIED
        assert app.screen is screen


async def dead(desk: Desk) -> str:
    id_ = await written(desk, 401, 401)
    assert desk.change(id_).state == State.DEAD_LETTER
    return id_


async def test_a_dead_letter_says_why_shows_every_attempt_and_is_one_line(desk: Desk) -> None:
    await dead(desk)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = text_of(pilot.app)
        for words in ("1 to look at", "dead-letter", "not even a fresh one", "Next: "):
            assert words in shown, words
        await pilot.press("tab", "end")
        await pilot.pause()
        shown = text_of(pilot.app)
        for words in ("Attempts", "write.intended  attempt 2", "answer 401"):
            assert words in shown, words


async def test_it_is_sent_again_only_after_a_second_key(desk: Desk) -> None:
    id_ = await dead(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        before = desk.ledger.size
        await pilot.press(*["upper_r"] * 20, *["enter"] * 20)
        await pilot.pause()
        assert desk.ledger.size == before
        await opened(pilot)
        await pilot.press("upper_r")
        await pilot.pause()
        assert "SEND AGAIN" in text_of(app)
        await pilot.press("y")
        await pilot.pause()
        assert desk.change(id_).state == State.AMBIGUOUS


@pytest.mark.parametrize(("key", "state"), [("upper_b", State.PENDING), ("upper_c", State.REFUSED)])
async def test_back_to_review_and_close_ask_for_a_reason(
    desk: Desk, key: str, state: State
) -> None:
    id_ = await dead(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press(key)
        await pilot.pause()
        await press_confirm(pilot, "entered at the desk")
        assert desk.change(id_).state == state
        assert "Nothing to look at." in text_of(app)


async def test_what_moved_meanwhile_is_not_acted_on(desk: Desk) -> None:
    from core.review.dead_letters import replay

    id_ = await dead(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("upper_c")
        await pilot.pause()
        replay(desk.offline(), id_, 0)
        await press_confirm(pilot, "too late")
        assert desk.change(id_).state == State.AMBIGUOUS
        assert "no longer as it was shown" in app.notice.text


async def test_the_keys_say_why_they_do_nothing(desk: Desk) -> None:
    await discrepant(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for key, words in (
            ("upper_r", "only a dead letter can be sent again"),
            ("upper_b", "only what was refused or given up"),
            ("upper_c", "only a dead letter can be closed"),
        ):
            await pilot.press(key)
            assert words in app.notice.text


async def test_the_review_says_it_in_the_same_words(desk: Desk) -> None:
    await written(desk, 403)
    async with desk.app().run_test(size=(120, 60)) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await pilot.pause()
        shown = " ".join(text_of(pilot.app).split())
        assert "The EHR does not let the gateway write this" in shown
