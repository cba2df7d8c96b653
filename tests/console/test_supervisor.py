"""The supervisor's view: what expires, who carries what, and giving it to somebody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.app import ConsoleApp
from console.screens.confirm import ConfirmModal
from console.screens.supervisor import SupervisorScreen
from core.adoption import adopt
from core.gateway.run import run_once
from core.lifecycle import State
from core.review.decide import Answer, decide
from core.review.permissions import TABLE
from tests.builders import phone_change
from tests.console.desk import HELD, Desk, review, text_of


async def opened(pilot: Any) -> SupervisorScreen:
    await pilot.press("5")
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, SupervisorScreen)
    return screen


async def expired(desk: Desk, count: int = 1) -> list[str]:
    found = [await desk.propose(phone_change()) for _ in range(count)]
    desk.clock.advance(hours=9)
    await run_once(desk.bench.workspace, desk.bench.epoch)
    assert all(desk.states(id_) == [State.EXPIRED] for id_ in found)
    return found


async def reassign_by_keys(pilot: Any) -> None:
    await pilot.press("r")
    await pilot.pause()
    assert isinstance(pilot.app.screen, ConfirmModal)
    await pilot.press("1", "y")
    await pilot.pause()
    await pilot.press("2", "n", *"nobody_there", "enter", "y")
    await pilot.pause()


async def test_an_expired_change_is_shown_and_given_to_a_role(desk: Desk) -> None:
    (id_,) = await expired(desk)
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot)
        shown = text_of(app)
        assert "1 expired" in shown.splitlines()[0] and "! expired" not in shown.splitlines()[0]
        assert "coordinator" in shown and "update Patient.telecom" in shown
        await reassign_by_keys(pilot)
        assert app.notice.text == "Reassigned: 1 change."
        assert desk.states(id_) == [State.PENDING]
        assert desk.change(id_).assigned == "role:coordinator"
        assert "any coordinator" in text_of(app) and "0 expired" in text_of(app).splitlines()[0]


async def test_several_are_picked_and_every_one_is_listed(desk: Desk) -> None:
    ids = await expired(desk, 3)
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot)
        await pilot.press("space", "space")
        assert app.notice.text == "Picked; 2 changes picked."
        await pilot.press("r")
        await pilot.pause()
        shown = text_of(app)
        assert sum(f"{id_[:8]}/0" in shown for id_ in ids) == 2
        await pilot.press("escape")
        await pilot.pause()
        assert app.notice.text == "Nothing was reassigned."
        await reassign_by_keys(pilot)
        assert sorted(desk.states(id_)[0] for id_ in ids) == [
            "expired", "pending-human-review", "pending-human-review",
        ]  # fmt: skip


async def test_what_was_decided_meanwhile_is_left_by_name(desk: Desk) -> None:
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot)
        await pilot.press("r")
        await pilot.pause()
        await pilot.press("1", "y")
        await pilot.pause()
        digest = desk.change(id_).change_digest
        decide(desk.offline(), id_, 0, Answer("approve", seen=digest))
        await pilot.press("1", "n", "x", "enter", "y")
        await pilot.pause()
        assert app.notice.error and f"Not: {id_[:8]}/0" in app.notice.text
        assert desk.states(id_) == [State.READY] and desk.change(id_).assigned is None


async def test_nothing_is_reassigned_by_enter_or_a_held_key(desk: Desk) -> None:
    await expired(desk)
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot)
        before = desk.ledger.size
        await pilot.press(*["r"] * HELD, *["enter"] * HELD)
        await pilot.pause()
        assert desk.ledger.size == before


async def test_what_cannot_be_done_says_why(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot)
        assert "Nothing waits for a decision." in text_of(app)
        for key in ("space", "enter", "r"):
            await pilot.press(key)
            assert app.notice.error, key
    await desk.propose(phone_change())
    monkeypatch.setitem(
        TABLE,
        "reassign",
        replace(TABLE["reassign"], reassigners=False, roles=frozenset({"wizard"})),
    )
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await opened(pilot)
        await pilot.press("r")
        assert "this asks for wizard" in app.notice.text


async def test_groups_one_group_only_and_back(desk: Desk) -> None:
    id_ = await desk.propose()
    app: ConsoleApp = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        screen = await opened(pilot)
        for name in ("role", "person", "route"):
            await pilot.press("g")
            await pilot.pause()
            assert f"by {name}" in text_of(app).splitlines()[0]
        await pilot.press("shift+tab")
        await pilot.press("home", "enter")
        await pilot.pause()
        assert "only clinician" in text_of(app).splitlines()[0]
        assert len(screen.changes.source) == 1
        await pilot.press("enter")
        await pilot.pause()
        assert review(app).key == (id_, 1)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert "only" not in text_of(app).splitlines()[0]
        await pilot.press("escape")
        await pilot.pause()
        assert "Queue" in text_of(app).splitlines()[0]


async def test_how_far_the_asking_has_come_is_shown(desk: Desk) -> None:
    await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot)
        for hours, words in ((6.0, "warned"), (1.0, "escalated")):
            desk.clock.advance(hours=hours)
            await run_once(desk.bench.workspace, desk.bench.epoch)
            await pilot.press("ctrl+r")
            await pilot.pause()
            assert words in text_of(app)


async def test_nobody_on_duty_is_loud_and_so_are_candidates_off_duty(desk: Desk) -> None:
    away = "absent = [{ from = 2020-01-01T00:00:00Z, to = 2099-01-01T00:00:00Z }]"
    text = desk.ledger.config("roster").document
    adopt(desk.bench.workspace, "roster", text.replace('id = "dr-lee"', f'id = "dr-lee"\n{away}'))
    await desk.propose(phone_change())
    desk.clock.advance(hours=6)
    await run_once(desk.bench.workspace, desk.bench.epoch)
    app = desk.app()
    async with app.run_test(size=(140, 30)) as pilot:
        await opened(pilot)
        assert "nobody on duty" in text_of(app)
        await pilot.press("r")
        await pilot.pause()
        shown = text_of(app)
        assert "any coordinator  nobody on duty" in shown
        assert "off duty" in shown


async def test_a_clock_that_went_back_is_said_in_the_status_line(desk: Desk) -> None:
    await desk.propose(phone_change())
    desk.clock.advance(hours=-1)
    app = desk.app()
    async with app.run_test(size=(140, 30)) as pilot:
        await pilot.pause()
        assert "the clock is 60 min behind the ledger" in " ".join(text_of(app).split())
