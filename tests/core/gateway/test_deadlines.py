"""A proposal that nobody decides: warned of, told, escalated, expired, reassigned, decided.

Never approved by time, nothing lost or doubled by a crash, and the same whatever the clock does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.audit.trail import trail
from core.canonical import JsonObject
from core.errors import Conflict
from core.gateway import deadlines
from core.gateway.deadlines import sweep, times
from core.gateway.run import Round
from core.lifecycle import State
from core.notify.deliver import NotDelivered, deliver, message_of
from core.review.decide import Answer, decide
from core.review.reassign import Handover, Item, reassign
from sync.store.ledger import StoreTransaction
from tests.builders import Bench, phone_change
from tests.core.gateway.escalating import made
from tests.core.gateway.scenario import approve, change, run, staged

STEPS = [
    "change.warned", "notice.raised", "change.escalated", "notice.raised", "change.expired",
    "notice.raised",
]  # fmt: skip


class FakeNotifier:
    """Takes messages, after failing as often as it is told; `after` runs once one was taken."""

    def __init__(self, failures: int = 0, after: Callable[[], None] = lambda: None) -> None:
        self.failures = failures
        self.after = after
        self.taken: list[JsonObject] = []

    async def send(self, message: JsonObject) -> None:
        if self.failures:
            self.failures -= 1
            raise NotDelivered("command-failed")
        self.taken.append(message)
        self.after()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return made(tmp_path)


def kinds(bench: Bench, id_: str) -> list[str]:
    """Return the types of a proposal's events since it was admitted."""
    found = [entry.leaf["type"] for entry in bench.ledger.trail(id_)]
    return found[found.index("change.admitted") + 1 :]


def told(bench: Bench, id_: str) -> list[tuple[str, str]]:
    return [(one.kind, one.to) for one in bench.ledger.notices(id_, 0)]


async def undecided(bench: Bench, notifier: FakeNotifier) -> str:
    """Let a proposal wait until it has expired, was reassigned and decided; check each step."""
    id_ = await staged(bench, phone_change())

    async def later(state: State, **span: float) -> None:
        bench.clock.advance(**span)
        await run(bench)
        await deliver(bench.workspace, notifier)
        assert change(bench, id_).state == state
        if state != State.VERIFIED:
            assert not bench.ledger.decisions(id_, 0) and not bench.ehr.sent

    await later(State.PENDING, hours=5, minutes=59)
    assert kinds(bench, id_) == []
    await later(State.PENDING, minutes=1)
    assert kinds(bench, id_) == ["change.warned", "notice.raised", "notice.failed"]
    await later(State.PENDING, seconds=29)
    assert not notifier.taken
    await later(State.PENDING, seconds=1)
    assert [one["kind"] for one in notifier.taken] == ["expiring"]
    await later(State.PENDING, minutes=59, seconds=30)
    assert change(bench, id_).escalated == change(bench, id_).term
    await later(State.EXPIRED, hours=1)
    assert told(bench, id_) == [
        ("expiring", '["person:dr-lee"]'),
        ("escalated", '["person:dr-lee","person:otto"]'),
        ("expired", '["person:dr-lee"]'),
    ]
    row = change(bench, id_)
    item = Item(id_, 0, row.change_digest, row.state)
    reassign(bench.workspace, [item], Handover("coordinator", None, timedelta(hours=4), "late"))
    await later(State.PENDING, minutes=1)
    assert change(bench, id_).warned is None
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    return id_


async def test_every_step_stands_in_the_trail_in_order_and_in_words(bench: Bench) -> None:
    notifier = FakeNotifier(failures=1)
    id_ = await undecided(bench, notifier)
    assert kinds(bench, id_)[:11] == [
        "change.warned", "notice.raised", "notice.failed", "notice.delivered", "change.escalated",
        "notice.raised", "notice.delivered", "change.expired", "notice.raised", "notice.delivered",
        "change.reassigned",
    ]  # fmt: skip
    words = [line.text for line in trail(bench.ledger.trail(id_))]
    start = next(place for place, text in enumerate(words) if text.startswith("nobody has decided"))
    assert words[start : start + 11] == [
        "nobody has decided it yet; asked: dr-lee; it expires 2026-11-23T17:00:00.000Z",
        "to be told outside: expiring to person dr-lee",
        "telling outside failed at attempt 1: command-failed",
        "told outside, at attempt 2",
        "escalated to: dr-lee, otto; it expires 2026-11-23T17:00:00.000Z",
        "to be told outside: escalated to person dr-lee, person otto",
        "told outside, at attempt 1",
        "nobody decided it in time; pending-human-review → expired",
        "to be told outside: expired to person dr-lee",
        "told outside, at attempt 1",
        (
            "given to role coordinator until 2026-11-23T21:00:00.000Z by dr-lee; "
            "expired → pending-human-review"
        ),
    ]


@pytest.mark.parametrize("step", ["warn", "escalate", "expire"])
async def test_control_without_a_step_the_story_is_red(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    asked = deadlines.Called("on-duty")
    monkeypatch.setattr(deadlines._Case, step, lambda _case: asked)
    with pytest.raises((AssertionError, Conflict)):
        await undecided(bench, FakeNotifier(failures=1))


async def test_a_long_sleep_records_every_step_once_in_order(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(days=3)
    done = Round()
    sweep(bench.workspace, done)
    assert kinds(bench, id_) == STEPS
    assert (done.warned, done.escalated, done.expired) == (1, 1, 1)
    sweep(bench.workspace, Round())
    assert kinds(bench, id_) == STEPS
    with pytest.raises(Conflict):
        approve(bench, id_)


@pytest.mark.parametrize("fails_at", range(1, len(STEPS) + 1))
async def test_a_crash_in_the_sweep_loses_and_doubles_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(days=1)
    appended, real = [0], StoreTransaction.append

    def append(transaction: StoreTransaction, event: Any) -> Any:
        appended[0] += 1
        if appended[0] == fails_at:
            raise KeyboardInterrupt
        return real(transaction, event)

    with monkeypatch.context() as patched:
        patched.setattr(StoreTransaction, "append", append)
        with pytest.raises(KeyboardInterrupt):
            sweep(bench.workspace, Round())
    sweep(bench.workspace, Round())
    assert kinds(bench, id_) == STEPS


@pytest.mark.parametrize("dies_at", [1, 2, 3])
async def test_who_dies_between_sending_and_recording_sends_the_same_id_again(
    bench: Bench, dies_at: int
) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(days=1)
    sweep(bench.workspace, Round())

    def die() -> None:
        if len(dying.taken) == dies_at:
            raise KeyboardInterrupt

    dying, healthy = FakeNotifier(after=die), FakeNotifier()
    with pytest.raises(KeyboardInterrupt):
        await deliver(bench.workspace, dying)
    await deliver(bench.workspace, healthy)
    sent = [str(one["id"]) for one in [*dying.taken, *healthy.taken]]
    raised = [one.id for one in bench.ledger.notices(id_, 0)]
    assert len(sent) == 4 and sent[dies_at - 1] == sent[dies_at]
    assert list(dict.fromkeys(sent)) == raised
    assert kinds(bench, id_).count("notice.delivered") == 3
    assert not bench.ledger.untold_notices()


@pytest.mark.parametrize("fails", [1, 2, 5])
async def test_failures_are_tried_again_until_each_was_taken_once(bench: Bench, fails: int) -> None:
    await staged(bench, phone_change())
    bench.clock.advance(days=1)
    sweep(bench.workspace, Round())
    notifier = FakeNotifier(failures=fails)
    for _ in range(60):
        await deliver(bench.workspace, notifier)
        bench.clock.advance(minutes=1)
    assert sorted(one["kind"] for one in notifier.taken) == ["escalated", "expired", "expiring"]


async def test_after_a_day_it_is_given_up_where_people_see_it(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(hours=6)
    sweep(bench.workspace, Round())
    tries = 0
    for _ in range(40):
        done = await deliver(bench.workspace, FakeNotifier(failures=1))
        tries += done.failed
        bench.clock.advance(hours=1)
        if done.given_up:
            break
    (found,) = bench.ledger.open_findings()
    assert (found.severity, found.code, found.task) == ("untold", "expiring", f"proposal:{id_}")
    assert 24 <= tries <= 26
    assert (await deliver(bench.workspace, FakeNotifier())).delivered == 0


async def test_pauses_double_up_to_an_hour(bench: Bench) -> None:
    await staged(bench, phone_change())
    bench.clock.advance(hours=6)
    sweep(bench.workspace, Round())
    tried = []
    for second in range(0, 3600 * 4, 30):
        if (await deliver(bench.workspace, FakeNotifier(failures=1))).failed:
            tried.append(second)
        bench.clock.advance(seconds=30)
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert pauses[:8] == [30, 60, 120, 240, 480, 960, 1920, 3600]


async def test_what_was_done_meanwhile_calls_nobody_when_a_notifier_comes_late(
    bench: Bench,
) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(hours=6)
    sweep(bench.workspace, Round())
    approve(bench, id_)
    notifier = FakeNotifier()
    bench.clock.advance(days=2)
    await deliver(bench.workspace, notifier)
    assert notifier.taken == [] and bench.ledger.open_findings() == []


async def test_nothing_of_the_chart_or_the_agent_leaves(bench: Bench) -> None:
    marked = phone_change(
        patch=[{"op": "replace", "path": "/telecom/1/value", "value": "555 MARKER"}]
    )
    id_ = await staged(bench, marked, rationale="MARKER words", evidence=[])
    bench.clock.advance(days=1)
    sweep(bench.workspace, Round())
    notifier = FakeNotifier()
    await deliver(bench.workspace, notifier)
    assert len(notifier.taken) == 3
    for message in notifier.taken:
        text = repr(message)
        assert set(message) == {"id", "kind", "deadline", "to", "proposal", "change", "team"}
        for word in ("MARKER", "Synthetic", "Patient", "555", "example", "scribe-1"):
            assert word not in text
        assert message["proposal"] == id_ and message["team"] == "solo"
    row = bench.ledger.notices(id_, 0)[0]
    assert message_of("solo", row)["deadline"] == row.deadline


async def test_nobody_on_duty_is_said_at_once_and_loudly(bench: Bench) -> None:
    text = bench.ledger.config("roster").document
    off = text.replace('id = "dr-lee"', 'id = "dr-lee"\nshifts = [{ days = ["mon"], '
                       'from = "00:00", to = "00:30", zone = "UTC" }]')  # fmt: skip
    off = off.replace('id = "otto"', 'id = "otto"\nabsent = [{ from = 2026-11-01T00:00:00Z, '
                      "to = 2026-12-01T00:00:00Z }]")  # fmt: skip
    adopt(bench.workspace, "roster", off)
    id_ = await staged(bench, phone_change())
    bench.clock.advance(hours=6)
    sweep(bench.workspace, Round())
    assert told(bench, id_) == [
        ("expiring", '["role:coordinator"]'),
        ("nobody-on-duty", '["role:on-call","role:coordinator"]'),
    ]
    assert change(bench, id_).answering == "nobody"
    approve(bench, id_)
    assert change(bench, id_).state == State.READY, "being off duty forbids nobody to decide"


async def test_who_reassigns_starts_the_time_anew(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(hours=9)
    sweep(bench.workspace, Round())
    row = change(bench, id_)
    item = Item(id_, 0, row.change_digest, row.state)
    reassign(bench.workspace, [item], Handover("coordinator", None, timedelta(hours=1), "late"))
    found = times(change(bench, id_))
    assert found is not None
    assert found.warn == bench.clock.now() + timedelta(minutes=45)
    assert found.escalate == bench.clock.now() + timedelta(minutes=52, seconds=30)
    bench.clock.advance(hours=2)
    sweep(bench.workspace, Round())
    again = kinds(bench, id_)
    assert again[again.index("change.reassigned") + 1 :] == STEPS


async def test_a_deferred_change_is_warned_of_as_well(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    until = bench.clock.now() + timedelta(hours=7, minutes=30)
    decide(bench.workspace, id_, 0, Answer("defer", until=until))
    bench.clock.advance(hours=6)
    sweep(bench.workspace, Round())
    assert kinds(bench, id_)[-2:] == ["change.warned", "notice.raised"]
    assert change(bench, id_).state == State.DEFERRED
