"""The review screen says how long approving has to wait after many quick approvals."""

from __future__ import annotations

from core.review import asking
from core.review.decide import Answer, Looked, decide
from tests.builders import phone_change
from tests.console.desk import Desk, text_of


async def _approve(desk: Desk) -> str:
    """Approve fifteen without reading, then ask for one more on the screen."""
    for number in range(16):
        id_ = await desk.propose(phone_change(), evidence=[])
        row = desk.change(id_)
        if number < 15:
            given = Answer("approve", seen=row.change_digest, looked=Looked(900))
            decide(desk.offline(), id_, 0, given)
    app = desk.app()
    async with app.run_test(size=(140, 30)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        return text_of(app)


async def test_approving_waits_and_the_screen_says_how_long(desk: Desk) -> None:
    shown = await _approve(desk)
    assert "approving goes on in 120 s" in shown and "APPROVE" not in shown


async def test_control_without_the_question_the_dialog_would_open(desk: Desk, monkeypatch) -> None:
    monkeypatch.setattr(asking, "why_paused", lambda *_: None)
    assert "APPROVE" in await _approve(desk)
