"""Who looks at what: told to others, lapsing by itself, gating nothing."""

from __future__ import annotations

from datetime import timedelta

from core.review.attention import LAPSES
from tests.builders import phone_change
from tests.console.desk import Desk, text_of

OTHER = "dr-okafor"


async def test_a_review_claims_and_leaving_releases(desk: Desk) -> None:
    id_ = await desk.propose(phone_change(), evidence=[])
    now = desk.clock.now()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert desk.attention.claims(now) == {(id_, 0): "dr-lee"}
        assert desk.attention.claims(now, "dr-lee") == {}
        desk.clock.advance(seconds=90)
        app.screen.tick()
        assert desk.attention.claims(now + LAPSES + timedelta(seconds=1)) == {(id_, 0): "dr-lee"}
        await pilot.press("escape")
        await pilot.pause()
        assert desk.attention.claims(desk.clock.now()) == {}


async def test_the_queue_and_the_review_say_who_is_looking_until_it_lapses(desk: Desk) -> None:
    id_ = await desk.propose(phone_change(), evidence=[])
    size = desk.ledger.size
    desk.attention.claim((id_, 0), OTHER, desk.clock.now())
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        assert f"{OTHER} is looking" in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        assert f"{OTHER} is looking at this too." in text_of(app)
        assert desk.ledger.size == size
        await pilot.press("a", "y")
        await pilot.pause()
        assert desk.states(id_) == ["ready-for-write"]
    assert desk.attention.claims(desk.clock.now() + LAPSES) == {}


async def test_a_lapsed_claim_is_not_shown(desk: Desk) -> None:
    id_ = await desk.propose(phone_change(), evidence=[])
    desk.attention.claim((id_, 0), OTHER, desk.clock.now())
    desk.clock.advance(seconds=LAPSES.total_seconds())
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        assert "is looking" not in text_of(app)


async def test_who_only_reads_claims_nothing(desk: Desk) -> None:
    await desk.propose(phone_change(), evidence=[])
    app = desk.app(read_only=True)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert desk.attention.claims(desk.clock.now()) == {}
