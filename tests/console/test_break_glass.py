"""Breaking the glass at the review screen: what it says, what it wants, and who may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from console.screens.review import ReviewScreen
from core.adoption import adopt
from core.lifecycle import State
from sync.keys.ring import generate
from tests.builders import phone_change
from tests.console.desk import Desk, text_of
from tests.scale import in_ci

GRANT = '\n[break_glass]\nroles = ["physician"]\n'


def grant(desk: Desk, more: str = GRANT) -> None:
    """Let physicians break the glass, and give the route's role to somebody who is not there."""
    policy, roster = desk.ledger.config("policy"), desk.ledger.config("roster")
    assert policy is not None and roster is not None
    adopt(desk.offline(), "policy", policy.document + more)
    other = generate()
    key = f'{{kid = "{other.signer("reviewer").kid}", x = "{other.public("reviewer")}"}}'
    absent = f'\n[[people]]\nid = "absent"\nroles = ["coordinator"]\nkeys = [{key}]\n'
    adopt(desk.offline(), "roster", roster.document.replace('    "coordinator",\n', "") + absent)


async def test_purpose_reason_and_a_second_key_then_it_is_approved_and_an_incident(
    desk: Desk,
) -> None:
    id_ = await desk.propose(phone_change())
    grant(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "a")
        assert "this asks for coordinator" in app.notice.text
        await pilot.press("upper_b")
        await pilot.pause()
        shown = text_of(app)
        assert "BREAK THE GLASS" in shown and "Bypassed: the roles of this route" in shown
        for keys in (["enter"], ["upper_b"], ["y"], ["1", "y"]):
            await pilot.press(*keys)
            await pilot.pause()
            assert desk.change(id_).state == State.PENDING
        assert "a reason is needed" in app.notice.text or "reason" in text_of(app)
        await pilot.press("n", *"bleeding", "enter")
        assert desk.change(id_).state == State.PENDING
        await pilot.press("y")
        await pilot.pause()
        assert desk.change(id_).state == State.READY
    (incident,) = desk.ledger.open_incidents()
    assert incident.category == "break-glass"
    (row,) = desk.ledger.broken_glass(id_, 0)
    assert row.bypasses == '["role"]'


async def test_left_without_a_word_nothing_is_opened(desk: Desk) -> None:
    id_ = await desk.propose(phone_change())
    grant(desk)
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "upper_b", "2", "escape")
        await pilot.pause()
        assert "Nothing was decided" in app.notice.text
    assert desk.change(id_).state == State.PENDING and not desk.ledger.open_incidents()


async def test_whom_the_policy_does_not_name_is_told_so(desk: Desk) -> None:
    await desk.propose(phone_change())
    grant(desk, "")
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "upper_b")
        await pilot.pause()
        assert "a role that its route does not name" in app.notice.text
        assert "BREAK THE GLASS" not in text_of(app)


async def test_it_lands_on_what_was_shown_or_nowhere(desk: Desk) -> None:
    id_ = await desk.propose(phone_change())
    grant(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "upper_b", "1", "n", *"bleeding", "enter")
        desk.bench.clock.advance(hours=9)
        await pilot.press("y")
        await pilot.pause()
        assert "Not approved" in app.notice.text
    assert desk.change(id_).state == State.PENDING and not desk.ledger.open_incidents()


@in_ci
@pytest.mark.parametrize(
    "size", [(80, 24), (120, 40), (160, 50)], ids=["80x24", "120x40", "160x50"]
)
@pytest.mark.parametrize("colour", [True, False], ids=["colour", "no-colour"])
def test_screen(
    desk: Desk,
    snap_compare: Callable[..., bool],
    size: tuple[int, int],
    colour: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    true = ReviewScreen._as_shown
    # A hash is never the same twice.
    monkeypatch.setattr(
        ReviewScreen, "_as_shown", lambda *seen: replace(true(*seen), digest="0" * 64)
    )
    desk.propose_now(phone_change())
    grant(desk)
    assert snap_compare(desk.app(), press=("enter", "upper_b", "1"), terminal_size=size)
