"""Pictures of every screen and state at three sizes, in every theme, and without colour."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import product

import pytest
from _pytest.mark import ParameterSet

from console.app import ConsoleApp
from core.gateway.run import run_once
from core.incident.freeze import declare
from core.review.decide import Answer, decide
from tests.builders import phone_change, problem_change, problem_of
from tests.console.desk import Desk, second_phone, unpaused
from tests.core.reconcile.test_settle import shorten
from tests.scale import in_ci, sampled

SIZES = {"80x24": (80, 24), "120x40": (120, 40), "200x60": (200, 60)}
STATES: dict[str, tuple[str, ...]] = {
    "queue": ("1",),
    "filter": ("slash", *"risk:low"),
    "filtered": ("slash", *"type:cond", "enter"),
    "all-open": ("o",),
    "review": ("enter",),
    "raw": ("enter", "t"),
    "history": ("enter", "t", "t"),
    "policy": ("enter", "t", "t", "t"),
    "chart": ("enter", "upper_t"),
    "unfolded": ("enter", "u"),
    "siblings": ("end", "enter"),
    "reject": ("enter", "r"),
    "edit": ("enter", "e"),
    "exceptions": ("2",),
    "accept": ("2", "upper_a"),
    "incidents": ("3",),
    "freeze": ("3", "f"),
    "supervisor": ("5",),
    "reassign": ("5", "r"),
    "hidden": ("ctrl+l",),
    "palette": ("ctrl+p",),
}
"""Every state with the keys that lead to it; the audit has its own, a hash is never the same."""
MAIN = ("queue", "review", "exceptions", "incidents", "supervisor", "edit", "reject")
THEMES = ("ward-light", "high-contrast", "colour-blind-safe", "ansi")


@pytest.fixture
def ward(desk: Desk) -> Desk:
    """A shift on which nearly everything has happened."""
    asyncio.run(_shift(desk))
    return desk


async def _shift(desk: Desk) -> None:
    desk.second_patient()
    desk.note("n2", "Denies chest pain. Father had essential hypertension, newly diagnosed.")
    desk.note("n3", "Ben called: [bold]new[/] phone is 555 0299 from today. 広い文字 שלום e\u0301")
    quote = {"source": "DocumentReference/n2", "quote": "essential hypertension", "supports": [0]}
    desk.bench.ehr.transform = shorten
    first = await desk.propose(phone_change())
    _approve(desk, first)
    await run_once(desk.bench.workspace, desk.bench.epoch)
    desk.bench.ehr.transform = lambda resource: resource
    desk.bench.ehr.faults = [422]
    refused = await desk.propose(problem_change(), evidence=[quote])
    _approve(desk, refused)
    with unpaused():
        await run_once(desk.bench.workspace, desk.bench.epoch)
    late = await desk.propose(phone_change(base_version="2"), evidence=[])
    desk.clock.advance(hours=9)
    await run_once(desk.bench.workspace, desk.bench.epoch)
    assert desk.states(late) == ["expired"]
    await desk.propose(second_phone(), patient="Patient/second", evidence=[], urgency="stat")
    await desk.propose(problem_of("38341003"), evidence=[quote])
    second = {**problem_of("44054006"), "depends_on": [0]}
    await desk.propose(problem_of("73211009"), second, evidence=[quote], rationale="[b]x[/b]")
    declare(desk.offline(), {"agent": "intake-9"}, "drill")


def _approve(desk: Desk, id_: str) -> None:
    decide(desk.offline(), id_, 0, Answer("approve", seen=desk.change(id_).change_digest))


def themed(ward: Desk, theme: str) -> ConsoleApp:
    app = ward.app()
    app.theme = theme
    return app


def left_to_ci(every: Iterable[tuple[str, str]], quick: int) -> list[ParameterSet]:
    """Mark all but some, evenly spread; as the pictures of all are there."""
    rows = list(every)
    some = sampled(rows, quick)
    return [pytest.param(*row, marks=() if row in some else in_ci) for row in rows]


SMALL = [(state, "80x24") for state in STATES]
LARGER = [(state, size) for state in STATES for size in SIZES if size != "80x24"]


@pytest.mark.parametrize(("state", "size"), [*SMALL, *left_to_ci(LARGER, 4)])
def test_state(ward: Desk, snap_compare: Callable[..., bool], state: str, size: str) -> None:
    assert snap_compare(ward.app(), press=STATES[state], terminal_size=SIZES[size])


@pytest.mark.parametrize(("state", "theme"), left_to_ci(product(MAIN, THEMES), 4))
def test_theme(ward: Desk, snap_compare: Callable[..., bool], state: str, theme: str) -> None:
    app = themed(ward, theme)
    assert snap_compare(app, press=STATES[state], terminal_size=SIZES["120x40"])


@pytest.mark.parametrize("state", MAIN)
def test_without_colour(
    ward: Desk,
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
    state: str,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(ward.app(), press=STATES[state], terminal_size=SIZES["80x24"])
