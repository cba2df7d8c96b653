"""Exceptions on the screen: two queues with their clocks, and each next step by two keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from console.presenters import exceptions
from console.screens.confirm import ConfirmModal
from core.canonical import JsonObject
from core.gateway.run import run_once
from core.lifecycle import State
from core.reconcile.steps import NOT_BY_PROPOSAL, ask_correction, escalate, remap
from core.review.decide import Answer, decide
from tests.builders import CONDITION, problem_change
from tests.console.desk import Desk, text_of, unpaused
from tests.console.test_exceptions import discrepant, opened, press_confirm
from tests.core.reconcile.again import until_due
from tests.scale import in_ci

SIZES = [(80, 24), (120, 40), (160, 50)]


def displayless(resource: JsonObject) -> JsonObject:
    """Drop the display of a code, as an EHR does that keeps its own."""
    if resource["resourceType"] != "Condition":
        return resource
    kept = [{k: v for k, v in one.items() if k != "display"} for one in resource["code"]["coding"]]
    return {**resource, "code": {"coding": kept}}


async def lossy(desk: Desk) -> str:
    coding = [{**CONDITION["code"]["coding"][0], "display": "Essential hypertension"}]
    made = problem_change(resource={**CONDITION, "code": {"coding": coding}})
    desk.bench.ehr.transform = displayless
    id_ = await desk.propose(made, correlation_id="lossy", evidence=[])
    answer = Answer("approve", seen=desk.change(id_).change_digest)
    decide(desk.offline(), id_, 0, answer)
    with unpaused():
        await run_once(desk.bench.workspace, desk.bench.epoch)
    (found,) = desk.ledger.exceptions(id_, 0)
    assert found.class_ == "lossy"
    return id_


async def both(desk: Desk) -> tuple[str, str]:
    """Return a change whose time is over in one queue, and one in the other."""
    late = await discrepant(desk)
    desk.bench.clock.advance(hours=5)
    return late, await lossy(desk)


async def test_the_two_queues_are_separate_each_with_its_clock(desk: Desk) -> None:
    await both(desk)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = text_of(pilot.app)
        assert "[Needs review 1, 1 LATE]" in shown and "Reconciliation 1, next 2d 0h" in shown
        assert "LATE 1h 00m" in shown and "changed" in shown and "lossy" not in shown
        await pilot.press("w")
        await pilot.pause()
        shown = text_of(pilot.app)
        assert "[Reconciliation 1" in shown and "lossy" in shown and "in 2d 0h" in shown
        await pilot.press("w")
        await pilot.pause()
        assert "[Needs review 1" in text_of(pilot.app)


@in_ci
async def test_a_queue_that_emptied_points_to_the_other(desk: Desk) -> None:
    await both(desk)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("upper_a")
        await pilot.pause()
        await press_confirm(pilot, "fine")
        assert "w shows the other's 1" in text_of(pilot.app)


@pytest.mark.parametrize(
    ("key", "event", "words"),
    [
        ("upper_p", "correction.asked", "Asked for"),
        ("upper_m", "exception.remapped", "a mapping is missing"),
        ("upper_e", "exception.escalated", "Escalated"),
    ],
)
async def test_each_step_asks_for_a_reason_and_a_second_key(
    desk: Desk, key: str, event: str, words: str
) -> None:
    id_ = await discrepant(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        size = desk.ledger.size
        await pilot.press(key)
        await pilot.pause()
        await pilot.press("y", key, "y")
        assert isinstance(app.screen, ConfirmModal) and desk.ledger.size == size
        await press_confirm(pilot, "because of it")
        assert words in app.notice.text
        assert event in [one.leaf["type"] for one in desk.ledger.trail(id_)]
        assert desk.change(id_).state == State.EXCEPTION


@in_ci
async def test_a_correction_is_followed_from_asking_to_its_proposal(desk: Desk) -> None:
    id_ = await discrepant(desk)
    desk.bench.ehr.transform = lambda found: found
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("upper_p")
        await pilot.pause()
        await press_confirm(pilot, "put it right")
        assert "correction asked for by dr-lee: proposed next round" in text_of(app)
        await run_once(desk.bench.workspace, desk.bench.epoch)
        app.store_changed()
        await pilot.pause()
        (row,) = desk.ledger.corrections(id_, 0)
        assert row.proposed is not None and row.proposed[:8] in text_of(app)
        await pilot.press("upper_p")
        await pilot.pause()
        await press_confirm(pilot, "again")
        assert "under way" in app.notice.text


async def test_looking_again_needs_no_reason_and_writes_nothing_to_the_chart(desk: Desk) -> None:
    id_ = await discrepant(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        sent = len(desk.bench.ehr.sent)
        await pilot.press("upper_l")
        await pilot.pause()
        assert "looks at the chart again" in app.notice.text
        done = await run_once(desk.bench.workspace, desk.bench.epoch)
        assert done.looked_again == 1 and len(desk.bench.ehr.sent) == sent
        assert desk.change(id_).state == State.EXCEPTION


async def test_an_incident_is_declared_about_it(desk: Desk) -> None:
    id_ = await discrepant(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("upper_i")
        await pilot.pause()
        await pilot.press("1")
        await press_confirm(pilot, "numbers are cut")
        (row,) = desk.ledger.open_incidents()
        assert (row.proposal, row.idx, row.source) == (id_, 0, "person")


async def test_drift_says_who_changed_it_and_when(desk: Desk) -> None:
    id_ = await desk.propose()
    digest = desk.change(id_).change_digest
    decide(desk.offline(), id_, 0, Answer("approve", seen=digest))
    await run_once(desk.bench.workspace, desk.bench.epoch)
    patient: Any = desk.bench.ehr.current("Patient/example")
    telecom = [patient["telecom"][0], {**patient["telecom"][1], "value": "555 0142"}]
    desk.bench.ehr.put({**patient, "telecom": telecom})
    until_due(desk.bench, id_)
    await run_once(desk.bench.workspace, desk.bench.epoch)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        shown = text_of(pilot.app)
        for words in ("drift", "somebody changed it since", "changed: 2026-11-23T08:00:02.000Z",
                      "the chart does not say by whom", "persisted  555 0142"):  # fmt: skip
            assert words in shown, words


async def test_read_only_does_none_of_it(desk: Desk) -> None:
    await discrepant(desk)
    app = desk.app(read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        for key in ("upper_p", "upper_m", "upper_e", "upper_i", "upper_l"):
            await pilot.press(key)
            assert "read-only" in app.notice.text


@in_ci
@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "160x50"])
@pytest.mark.parametrize("keys", [("2",), ("2", "w")], ids=["review", "reconciliation"])
def test_picture(
    desk: Desk, snap_compare: Callable[..., bool], size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    asyncio.run(both(desk))
    assert snap_compare(desk.app(), press=keys, terminal_size=size)


def test_picture_without_colour(
    desk: Desk, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(both(desk))
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(desk.app(), press=("2",), terminal_size=(80, 24))


@in_ci
def test_picture_of_a_step(desk: Desk, snap_compare: Callable[..., bool]) -> None:
    asyncio.run(both(desk))
    assert snap_compare(desk.app(), press=("2", "upper_p"), terminal_size=(80, 24))


OPENED = (
    "discrepancy", "drift", "missing", "side-effect", "overwrote", "duplicate", "moved",
    "record-erased", "nothing-examined", "unexamined", "manual-entry", "refused", "ambiguous",
    "dead-letter", "void",
)  # fmt: skip
"""Every kind of exception that the gateway opens."""


@pytest.mark.parametrize("kind", OPENED)
def test_every_kind_of_exception_says_what_to_do_next(kind: str) -> None:
    assert exceptions.STEPS[kind]


@pytest.mark.parametrize("kind", sorted(NOT_BY_PROPOSAL))
def test_nothing_offers_a_correction_that_would_be_refused(kind: str) -> None:
    assert "P " not in exceptions.STEPS[kind]


@pytest.mark.parametrize("size", SIZES[:2], ids=["80x24", "120x40"])
async def test_what_to_do_and_what_the_chart_holds_are_seen_without_a_key(
    desk: Desk, size: tuple[int, int]
) -> None:
    late, _ = await both(desk)
    escalate(desk.offline(), late, 0, "who knows?")
    ask_correction(desk.offline(), late, 0, "why")
    async with desk.app().run_test(size=size) as pilot:
        await opened(pilot)
        shown = text_of(pilot.app)
        for words in ("Next: P proposes", "escalated to", "persisted  555"):
            assert words in shown, words


async def test_a_missing_mapping_shows_both_codes(desk: Desk) -> None:
    late, _ = await both(desk)
    remap(desk.offline(), late, 0, "this EHR keeps three digits")
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("down")
        shown = text_of(pilot.app)
        assert "intended   555 0100" in shown and "persisted  555" in shown
        assert "submitted" not in shown
