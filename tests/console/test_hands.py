"""What hands do: decisions by keyboard alone and by mouse alone, and what approves nothing."""

from __future__ import annotations

import random
import statistics
import string
import sys
from itertools import product

import pytest
from textual import events
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.screens.queue import QueueScreen
from console.widgets.row_list import HEAD, RowList
from core.adoption import adopt
from core.lifecycle import State
from core.review.decide import Answer, decide
from tests.builders import phone_change
from tests.console.desk import HELD, Desk, review, text_of
from tests.scale import sampled, scaled, slowest

APPROVED = {State.READY, State.SENDING, State.PERSISTED, State.VERIFIED}
SCREENS = {"queue": "1", "exceptions": "2", "incidents": "3", "audit": "4", "supervisor": "5"}


async def ten(desk: Desk) -> list[str]:
    return [await desk.propose(phone_change()) for _ in range(10)]


def approved(desk: Desk, ids: list[str]) -> int:
    return sum(desk.states(id_)[0] in APPROVED for id_ in ids)


async def test_ten_decisions_by_keyboard_alone_and_their_keystrokes(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = await ten(desk)
    wanted = dict(zip(ids, ["approve", "reject"] * 5, strict=True))
    counts: dict[str, list[int]] = {"approve": [], "reject": []}
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        for _ in ids:
            outcome = wanted[review(app).key[0]]
            keys = ["a", "y"] if outcome == "approve" else ["r", "1", "y"]
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            counts[outcome].append(len(keys))
    assert {id_: desk.states(id_)[0] for id_ in ids} == {
        id_: "ready-for-write" if outcome == "approve" else "rejected"
        for id_, outcome in wanted.items()
    }
    every = counts["approve"] + counts["reject"]
    with capsys.disabled():
        sys.stdout.write(
            f"keystrokes a decision: median {statistics.median(every)}, "
            f"approve {statistics.median(counts['approve'])}\n"
        )
    assert statistics.median(counts["approve"]) <= 3 and statistics.median(every) <= 3


async def click_words(pilot: Pilot[None], words: str) -> None:
    """Click where some words stand on the screen."""
    for y, line in enumerate(text_of(pilot.app).splitlines()):  # type: ignore[arg-type]
        x = line.find(words)
        if x >= 0:
            await pilot.click(offset=(x + 1, y))
            await pilot.pause()
            return
    raise AssertionError(f"{words} is not on the screen")


async def test_ten_decisions_by_mouse_alone(desk: Desk) -> None:
    ids = await ten(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.click(RowList, offset=(10, HEAD))
        await pilot.pause()
        for number in range(10):
            if number % 2:
                await click_words(pilot, "r Reject")
                await click_words(pilot, "2  not-supported")
            else:
                await click_words(pilot, "a Approve")
            await click_words(pilot, "Yes, ")
        states = sorted(desk.states(id_)[0] for id_ in ids)
        assert states == ["ready-for-write"] * 5 + ["rejected"] * 5
        await click_words(pilot, "esc Back")
        assert isinstance(app.screen, QueueScreen)


async def test_a_double_click_on_approve_does_not_decide(desk: Desk) -> None:
    ids = await ten(desk)
    desk.monotonic.step = 0.0
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        for y, line in enumerate(text_of(app).splitlines()):
            if "a Approve" in line:
                await pilot.click(offset=(line.index("a Approve") + 1, y), times=3)
        await pilot.click("#yes", times=2)
        await pilot.pause()
        assert approved(desk, ids) == 0


EVERYWHERE = product(["enter", "a", "y", "pasted"], [*SCREENS, "review"])


@pytest.mark.parametrize(("what", "place"), sampled(EVERYWHERE, 5))
async def test_held_keys_and_pasted_text_approve_nothing(desk: Desk, place: str, what: str) -> None:
    ids = await ten(desk)
    app = desk.app()
    desk.monotonic.step = 0.001
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(SCREENS.get(place, "1"))
        if place == "review":
            await pilot.press("enter")
        await pilot.pause()
        before = desk.ledger.size
        if what == "pasted":
            chance = random.Random(place)
            for _ in range(20):
                text = "".join(chance.choices(string.printable, k=40)) + "ay\ny\n"
                app.post_message(events.Paste(text))
                await pilot.pause()
        else:
            await pilot.press(*[what] * HELD)
        await pilot.pause()
        assert approved(desk, ids) == 0
        assert desk.ledger.size == before


async def test_control_the_two_keys_do_approve(desk: Desk) -> None:
    ids = await ten(desk)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "a", "y")
        await pilot.pause()
        assert approved(desk, ids) == 1


SEEDS, ROUNDS = scaled((range(1), 3), (range(3), 20), (range(10), 100))
CHANGES = 25
"""Changes of the list a decision: 50 a second for a hand that decides twice a second."""


@slowest
@pytest.mark.parametrize("seed", SEEDS)
async def test_random_decisions_hit_the_shown_row_or_refuse_while_everything_moves(
    desk: Desk, seed: int
) -> None:
    """Rows come and go between every two keys; a decision lands on what was shown, or nowhere."""
    chance = random.Random(seed)
    _without_quotas(desk)
    desk.second_patient()
    app = desk.app()
    landed = refused = rounds = 0
    async with app.run_test(size=(100, 24)) as pilot:
        await _churn(desk, app, chance)
        while rounds < ROUNDS:
            await _churn(desk, app, chance)
            await pilot.press("escape", *["down"] * chance.randrange(4), "enter")
            await pilot.pause()
            if isinstance(app.screen, QueueScreen):
                await pilot.press("full_stop")
                continue
            await _churn(desk, app, chance)
            hit, why = await _decide(desk, app, pilot, chance)
            rounds += 1
            landed += hit
            refused += not hit
            assert hit or why, "a refusal says why"
    assert landed > ROUNDS // 10 and refused > ROUNDS // 20, (landed, refused)


def _without_quotas(desk: Desk) -> None:
    """Let the one agent of the list propose as fast as the list is to move."""
    row = desk.ledger.config("policy")
    assert row is not None
    limits = "".join(f"{name} = 1000000\n" for name in ("max_open", "max_per_hour", "max_repeats"))
    adopt(desk.bench.workspace, "policy", f'{row.document}\n[[agent]]\nid = "scribe-1"\n{limits}')


async def _decide(
    desk: Desk, app: ConsoleApp, pilot: Pilot[None], chance: random.Random
) -> tuple[bool, str]:
    """Decide what is shown; return whether it landed on exactly that, and what was said."""
    screen = review(app)
    change = screen.shown
    assert change is not None
    key, digest = screen.key, change.row.change_digest
    await pilot.press(*(["a"] if chance.random() < 0.5 else ["r", "1"]))
    await _churn(desk, app, chance)
    if chance.random() < 0.3:
        _take(desk, key)
    before = desk.ledger.size
    await pilot.press("y")
    await pilot.pause()
    votes = [vote for vote in desk.ledger.decisions(*key) if vote.seq >= before]
    assert all(vote.change_digest == digest for vote in votes)
    assert desk.ledger.size - before == len(votes) <= 1, "nothing but the shown change was decided"
    if app.screen is not screen and not isinstance(app.screen, QueueScreen):
        await pilot.press("escape")
    return bool(votes), app.notice.text


def _take(desk: Desk, key: tuple[str, int]) -> None:
    """Decide it by another hand, so that what is shown is no longer so."""
    row = desk.ledger.change(*key)
    if row is not None and row.state == State.PENDING:
        decide(desk.offline(), *key, Answer("reject", reason="not-supported"))


async def _churn(desk: Desk, app: ConsoleApp, chance: random.Random) -> None:
    """Let rows come in and go out, as agents and colleagues would; the console hears of each."""
    for _ in range(CHANGES // 3 + 1):
        waiting = list(desk.ledger.changes_in(State.PENDING))
        if chance.random() < len(waiting) / 40:
            row = chance.choice(waiting)
            _take(desk, (row.proposal, row.idx))
        else:
            urgency = chance.choice(["routine", "routine", "urgent", "stat"])
            await desk.propose(phone_change(), urgency=urgency)
        app.store_changed()
