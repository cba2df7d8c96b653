"""The status line and the gateway beside the screen."""

import threading
from datetime import UTC

import pytest

from console.gateway import SYNC_S, Gateway, is_due
from core.errors import Failed, Unreachable
from core.review.decide import Answer, decide
from tests.console.desk import Desk, FakeRound, text_of
from tests.fakes import START


async def test_status_line_says_everything_that_counts(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        shown = text_of(app)
        for words in (
            "sandbox",
            "gateway: idle",
            "2 waiting",
            "0 exceptions",
            "0 freezes",
            "3 unanchored",
        ):
            assert words in shown
        await pilot.press("enter")
        await pilot.pause()
        assert "gateway: idle · 2 waiting" in text_of(app)


async def test_an_approval_is_sent_at_once_in_a_thread(desk: Desk) -> None:
    await desk.propose()
    threads: list[int] = []

    def round_() -> FakeRound:
        threads.append(threading.get_ident())
        return FakeRound()

    desk.outcome = round_
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        await pilot.press("y")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert desk.rounds == ["round"]
        assert threads != [threading.get_ident()]
        assert app.facts.gateway == "gateway: idle"


async def test_a_rejection_starts_no_round(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "r")
        await pilot.pause()
        await pilot.press("1", "y")
        await pilot.pause()
        assert desk.rounds == []


async def test_the_screen_works_while_a_round_hangs(desk: Desk) -> None:
    id_ = await desk.propose()
    release = threading.Event()

    def hang() -> FakeRound:
        assert release.wait(20)
        return FakeRound()

    desk.outcome = hang
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        try:
            app.start_round()
            await pilot.pause()
            assert "gateway: at work…" in text_of(app)
            await pilot.press("enter", "a")
            await pilot.pause()
            await pilot.press("y")
            await pilot.pause()
            assert desk.states(id_)[0] == "ready-for-write"
            assert desk.rounds == ["round"], "one round at a time"
        finally:
            release.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert desk.rounds == ["round", "round"], "the approval asked for another one"
        assert "gateway: idle" in text_of(app)


def _unreachable() -> FakeRound:
    raise Unreachable("the EHR does not answer")


def _broken() -> FakeRound:
    raise Failed("the ledger was cut", remedy="Run `countersign audit verify`")


def _bug() -> FakeRound:
    raise ValueError("555 0199 of Ada Synthetic")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (_unreachable, "EHR unreachable since 09:00"),
        (lambda: FakeRound(unreachable=True), "EHR unreachable since 09:00"),
        (lambda: None, "another process is the gateway"),
        (_broken, "The gateway stopped: the ledger was cut."),
        (_bug, "The gateway stopped: ValueError"),
    ],
)
async def test_how_a_round_ends_is_said(desk: Desk, outcome, words: str) -> None:  # type: ignore[no-untyped-def]
    desk.outcome = outcome
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        app.start_round()
        await pilot.pause()
        while app.gateway.running:
            await pilot.pause()
        await pilot.pause()
        assert words in text_of(app)
        assert "555 0199" not in text_of(app)
        assert app.is_running


def test_unreachable_keeps_the_time_it_began() -> None:
    gateway = Gateway()
    gateway.failed(Unreachable("x"), START)
    gateway.failed(Unreachable("x"), START.replace(hour=11))
    assert gateway.words(UTC) == "EHR unreachable since 09:00"
    gateway.ended(FakeRound(), START)
    assert gateway.words(UTC) == "gateway: idle" and not gateway.trouble


async def test_a_round_is_due_only_when_there_is_something_to_do(desk: Desk) -> None:
    id_ = await desk.propose()
    assert not is_due(desk)
    decide(desk.offline(), id_, 0, Answer("approve", seen=desk.change(id_).change_digest))
    assert is_due(desk)


async def test_a_round_is_due_when_something_expired_or_woke(desk: Desk) -> None:
    id_ = await desk.propose()
    until = desk.clock.now().replace(hour=11)
    decide(desk.offline(), id_, 1, Answer("defer", until=until))
    assert not is_due(desk)
    desk.clock.advance(hours=2)
    assert is_due(desk)


async def test_expiry_makes_a_round_due(desk: Desk) -> None:
    await desk.propose()
    desk.clock.advance(hours=9)
    assert is_due(desk)


async def test_the_counter_wakes_the_screen_and_nothing_else_does(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        await desk.propose()
        app.check_store()
        await pilot.pause()
        assert "0 waiting" in text_of(app).splitlines()[0]
        desk.counter += 1
        app.check_store()
        await pilot.pause()
        assert "2 waiting" in text_of(app).splitlines()[0]
        assert app.facts.waiting == 2


async def test_timers_poll_store_and_gateway(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app.POLL_S", 0.01)
    monkeypatch.setattr("console.app.ROUND_S", 0.01)
    app = desk.app(timers=True)
    async with app.run_test() as pilot:
        id_ = await desk.propose()
        decide(desk.offline(), id_, 0, Answer("approve", seen=desk.change(id_).change_digest))
        desk.counter += 1
        for _ in range(200):
            await pilot.pause(0.01)
            if desk.rounds and app.facts.waiting == 1:
                break
        assert desk.rounds and app.facts.waiting == 1
        await app.workers.wait_for_complete()


async def test_the_hub_is_asked_now_and_then_and_on_demand(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        for expected in (1, 1):
            app.check_gateway()
            await app.workers.wait_for_complete()
            await pilot.pause()
            assert len(desk.rounds) == expected, "nothing is due, and it was asked just now"
        desk.monotonic.time += SYNC_S + 1
        app.check_gateway()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(desk.rounds) == 2
        await pilot.press("s")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert len(desk.rounds) == 3


async def test_a_sync_is_seen_and_can_be_stopped(desk: Desk) -> None:
    release = threading.Event()
    desk.outcome = lambda: FakeRound() if release.wait(20) else None
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        try:
            await pilot.press("x")
            assert "Nothing is being synced just now." in text_of(app)
            app.start_round()
            await pilot.pause()
            watch = app.gateway.watch
            watch.tell(1200, 30, 0)
            app.check_store()
            await pilot.pause()
            assert "gateway: syncing: 1,200 pulled, 30 admitted" in text_of(app)
            assert not watch.stopped()
            await pilot.press("x")
            assert watch.stopped()
        finally:
            release.set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "gateway: idle" in text_of(app)


async def test_leaving_asks_a_running_round_to_end(desk: Desk) -> None:
    release = threading.Event()
    desk.outcome = lambda: FakeRound() if release.wait(20) else None
    app = desk.app()
    async with app.run_test() as pilot:
        try:
            app.start_round()
            await pilot.pause()
            await pilot.press("ctrl+q")
            assert app.gateway.watch.stopped()
        finally:
            release.set()


async def test_what_is_approved_and_not_sent_is_counted(desk: Desk) -> None:
    id_ = await desk.propose()
    decide(desk.offline(), id_, 0, Answer("approve", seen=desk.change(id_).change_digest))
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        assert "1 waiting · 1 not yet sent" in text_of(app)


async def test_what_runs_beside_and_stopped_is_said_once(desk: Desk) -> None:
    desk.alarm = lambda: "the demo's agents stopped (OSError)"
    app = desk.app()
    async with app.run_test() as pilot:
        app.check_store()
        assert app.notice.error and "agents stopped (OSError)" in app.notice.text
        await pilot.press("down")
        app.check_store()
        assert app.notice.text == ""
