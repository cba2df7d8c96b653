"""Marks in the queue: by id and hash, every one listed, each a decision of its own."""

from __future__ import annotations

from core.review.content import read_content
from core.review.edit import edit, editable
from tests.builders import phone_change, problem_change
from tests.console.desk import Desk, text_of
from tests.scale import in_ci

pytestmark = in_ci

PENDING = "pending-human-review"


async def phones(desk: Desk, count: int = 3) -> list[str]:
    return [await desk.propose(phone_change(), evidence=[]) for _ in range(count)]


def states(desk: Desk, ids: list[str]) -> list[str]:
    return [desk.change(id_).state for id_ in ids]


async def test_what_is_marked_is_listed_and_rejected(desk: Desk) -> None:
    ids = await phones(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("r")
        await pilot.pause()
        assert "nothing is marked" in text_of(app)
        await pilot.press("m", "m", "r")
        await pilot.pause()
        shown = text_of(app)
        assert "REJECT 2 CHANGES" in shown and shown.count("Synthetic, Ada") >= 2
        assert f"{ids[0][:8]}/0" in shown and f"{ids[1][:8]}/0" in shown
        await pilot.press("y")
        await pilot.pause()
        assert states(desk, ids) == [PENDING] * 3
        await pilot.press("5", "y")
        await pilot.pause()
        assert states(desk, ids) == ["rejected", "rejected", PENDING]
        assert "Rejected: 2 changes." in text_of(app)
    assert desk.ledger.decisions(ids[0], 0)[0].reason == "duplicate"


async def test_a_mark_is_of_what_was_marked_not_of_its_place(desk: Desk) -> None:
    ids = await phones(desk, 2)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "m", "r", "5")
        await pilot.pause()
        row = desk.change(ids[0])
        resource = editable(row, read_content(desk.ledger, row))
        telecom = [*resource["telecom"][:1], {**resource["telecom"][1], "value": "555 0123"}]
        changed = {**resource, "telecom": telecom}
        edit(desk.offline(), ids[0], 0, changed, row.change_digest)
        await pilot.press("y")
        await pilot.pause()
        assert states(desk, ids) == [PENDING, "rejected"]
        assert "not as it was shown" in text_of(app)


async def test_escape_lets_go_and_defer_puts_off(desk: Desk) -> None:
    ids = await phones(desk, 2)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "escape", "d")
        await pilot.pause()
        assert "nothing is marked" in text_of(app)
        await pilot.press("g", "m", "m", "d", "1", "y")
        await pilot.pause()
    assert states(desk, ids) == ["deferred"] * 2


async def test_only_what_was_opened_here_is_approved_together(desk: Desk) -> None:
    ids = await phones(desk, 2)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("m", "m", "a")
        await pilot.pause()
        assert "not opened" in text_of(app)
        await pilot.press("g", "enter", "n", "escape", "a")
        await pilot.pause()
        assert "APPROVE 2 CHANGES" in text_of(app)
        assert states(desk, ids) == [PENDING] * 2
        await pilot.press("y")
        await pilot.pause()
    assert states(desk, ids) == ["ready-for-write"] * 2


async def test_a_higher_tier_is_refused(desk: Desk) -> None:
    id_ = await desk.propose(problem_change(), evidence=[])
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "escape", "m", "a")
        await pilot.pause()
        assert "tier" in text_of(app)
    assert states(desk, [id_]) == [PENDING]
