"""Two distinct keys, keyed to what was shown; nothing else decides."""

from collections.abc import Callable

import pytest
from textual.widgets import Button

from console import deciding
from console.deciding import Choice, Shown, carry_out
from console.screens import review as review_module
from console.screens.base import READ_ONLY
from console.screens.decide import DecisionModal
from console.screens.review import STALE, ReviewScreen
from core.canonical import parse_object
from core.errors import Conflict
from core.review.decide import Answer, Looked, decide
from tests.builders import problem_change
from tests.console.desk import Desk, Monotonic, review, second_phone, text_of

PENDING = "pending-human-review"


async def test_a_then_y_approves_what_is_shown_and_moves_on(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        shown = text_of(app)
        assert "APPROVE" in shown and "update Patient.telecom" in shown
        assert "Synthetic, Ada" in shown and desk.change(id_).change_digest[:12] in shown
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_) == ["ready-for-write", PENDING]
        assert review(app).key == (id_, 1)
        assert "2/2" in text_of(app).splitlines()[0]
        assert "Approved: update Patient.telecom, not yet sent." in text_of(app)
        vote = desk.ledger.decisions(id_, 0)[0]
        assert vote.change_digest == desk.change(id_).change_digest


@pytest.mark.parametrize("key", ["enter", "a", "space", "r", "d", "escape", "n"])
async def test_nothing_but_y_approves(desk: Desk, key: str) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        assert isinstance(app.screen, DecisionModal)
        await pilot.press(key)
        await pilot.pause()
        assert desk.states(id_) == [PENDING, PENDING]
        assert not desk.ledger.decisions(id_, 0)


async def test_tabbing_and_enter_do_not_approve(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        assert isinstance(app.focused, Button) and app.focused.id == "cancel"
        assert len(app.screen.query(Button)) == 1
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert desk.states(id_) == [PENDING, PENDING]
        assert isinstance(app.screen, ReviewScreen)


async def test_keys_within_300_ms_are_ignored(desk: Desk) -> None:
    id_ = await desk.propose()
    desk.monotonic.step = 0
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        for elapsed in (0.0, 0.1, 0.19):
            desk.monotonic.time += elapsed
            await pilot.press("y", "escape", "enter")
        await pilot.pause()
        assert isinstance(app.screen, DecisionModal)
        assert desk.states(id_) == [PENDING, PENDING]
        desk.monotonic.time += 0.02
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_)[0] == "ready-for-write"


async def test_control_without_the_wait_the_same_keys_would_approve(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.screens.decide.SETTLE_S", 0.0)
    id_ = await desk.propose()
    desk.monotonic.step = 0
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_)[0] == "ready-for-write"


async def test_y_on_the_review_itself_does_nothing(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "y", "enter", "space")
        await pilot.pause()
        assert desk.states(id_) == [PENDING, PENDING]


async def test_no_decision_before_the_change_is_painted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReviewScreen, "_painted", lambda _self, _number: None)
    await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        for key in ("a", "r", "d"):
            await pilot.press(key)
            assert "not painted yet" in app.notice.text
            assert isinstance(app.screen, ReviewScreen)


async def test_reject_needs_a_reason_and_takes_a_note(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "r")
        await pilot.pause()
        await pilot.press("y")
        assert "choose a line first" in app.notice.text
        await pilot.press("2", "down", "up", "n", *"in y words", "enter")
        await pilot.pause()
        assert isinstance(app.screen, DecisionModal)
        await pilot.press("y")
        await pilot.pause()
        vote = desk.ledger.decisions(id_, 0)[0]
        assert (vote.outcome, vote.reason) == ("reject", "not-supported")
        entry = desk.ledger.entry(vote.seq)
        assert entry is not None and entry.body is not None
        assert entry.body["note"] == "in y words"


async def test_other_needs_a_note(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "r")
        await pilot.pause()
        await pilot.press("8", "y")
        assert "other needs a note" in app.notice.text
        await pilot.press("n", *"why", "escape")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert desk.ledger.decisions(id_, 0)[0].reason == "other"


@pytest.mark.parametrize(
    ("key", "until"),
    [
        ("1", "2026-11-23T10:00:00.000Z"),
        ("2", "2026-11-23T13:00:00.000Z"),
        ("3", "2026-11-24T09:00:00.000Z"),
    ],
)
async def test_defer_offers_three_times(desk: Desk, key: str, until: str) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "d")
        await pilot.pause()
        assert "tomorrow 09:00 (after it expires)" in text_of(app)
        await pilot.press("y")
        assert "choose a line first" in app.notice.text
        await pilot.press(key, "y")
        await pilot.pause()
        vote = desk.ledger.decisions(id_, 0)[0]
        assert (vote.outcome, vote.until) == ("defer", until)


async def test_a_refusal_is_shown_and_stays_until_the_next_key(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        decide(desk.offline(), id_, 0, Answer("reject", reason="outdated"))
        await pilot.press("y")
        await pilot.pause()
        assert app.notice.error and app.notice.text.startswith("Not approved: ")
        assert "Not approved: " in text_of(app)
        app.store_changed()
        app.tick()
        await pilot.pause()
        assert "Not approved: " in text_of(app)
        assert desk.states(id_)[0] == "rejected"
        await pilot.press("down")
        assert app.notice.text == ""


@pytest.mark.parametrize("keys", [["a"], ["r", "1"], ["d", "1"]])
async def test_a_change_underneath_an_open_dialog_is_not_decided(
    desk: Desk, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("enter", keys[0])
        await pilot.pause()
        _another_revision(desk, monkeypatch)
        desk.counter += 1
        app.check_store()
        await pilot.press(*keys[1:], "y")
        await pilot.pause()
        assert STALE in app.notice.text and app.notice.error
        assert not desk.ledger.decisions(id_, 0)


@pytest.mark.parametrize("outcome", ["approve", "reject", "defer"])
async def test_the_ledger_is_asked_for_the_hash_that_was_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, outcome: deciding.Outcome
) -> None:
    id_ = await desk.propose()
    shown = Shown(id_, 0, "0" * 64, "Synthetic, Ada", "update Patient.telecom")
    with pytest.raises(Conflict):
        carry_out(desk, shown, Choice(outcome, reason="outdated"), Looked())
    assert not desk.ledger.decisions(id_, 0)


async def test_the_row_that_was_shown_is_decided_whatever_the_queue_did(desk: Desk) -> None:
    desk.second_patient()
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        other = await desk.propose(
            second_phone(), patient="Patient/second", urgency="stat", evidence=[]
        )
        desk.counter += 1
        app.check_store()
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_) == ["ready-for-write", PENDING]
        assert desk.states(other) == [PENDING]


async def test_after_a_decision_the_next_unseen_change_opens(desk: Desk) -> None:
    first = await desk.propose()
    second = await desk.propose(problem_change(), evidence=[])
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter", "n", "p")
        await pilot.pause()
        await pilot.press("a", "y")
        await pilot.pause()
        assert review(app).key == (second, 0), "(first, 1) was seen"
        assert "ANOTHER PATIENT" not in text_of(app)
        await pilot.press("r", "1", "y")
        await pilot.pause()
        assert "Nothing unseen is left" in app.notice.text
        assert desk.states(first) == ["ready-for-write", PENDING]


async def test_how_long_one_looked_is_recorded(desk: Desk) -> None:
    id_ = await desk.propose()
    desk.monotonic.step = 0
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        desk.monotonic.time += 12
        await pilot.press("a")
        await pilot.pause()
        desk.monotonic.time += 1
        await pilot.press("y")
        await pilot.pause()
    entry = desk.ledger.entry(desk.ledger.decisions(id_, 0)[0].seq)
    assert entry is not None
    statement = desk.ledger.decisions(id_, 0)[0].statement
    assert _payload(statement)["review"]["dwell_ms"].text == "13000"


async def test_read_only_decides_nothing_and_shows_a_badge(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app(read_only=True)
    async with app.run_test(size=(100, 30)) as pilot:
        assert "READ-ONLY" in text_of(app)
        await pilot.press("enter")
        await pilot.pause()
        for key in ("a", "r", "d"):
            await pilot.press(key)
            assert READ_ONLY in app.notice.text
            assert isinstance(app.screen, ReviewScreen)
        assert "READ-ONLY" in text_of(app)
        assert desk.states(id_) == [PENDING, PENDING]
        assert desk.rounds == []


async def test_control_read_only_rests_on_the_registry_guard(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReviewScreen, "why_not", lambda _self, _action: None)
    monkeypatch.setattr(DecisionModal, "why_not", lambda _self, _action: None)
    id_ = await desk.propose()
    app = desk.app(read_only=True)
    async with app.run_test() as pilot:
        await pilot.press("enter", "a")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert desk.states(id_)[0] == "ready-for-write"


async def test_disabled_keys_are_dimmed_in_the_footer(desk: Desk) -> None:
    from console.widgets.key_bar import KeyBar

    await desk.propose()
    app = desk.app(read_only=True)
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        bar = app.screen.query_one(KeyBar)
        dimmed = {key.label for key in bar.shown if not key.enabled}
        assert dimmed == {"Approve", "Reject", "Defer"}


def test_monotonic_default_is_the_process_clock(desk: Desk) -> None:
    import time

    from console.app import ConsoleApp

    assert ConsoleApp(desk).monotonic is time.monotonic
    assert isinstance(desk.monotonic, Monotonic)


def _another_revision(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store hold another hash for the change than the one that was shown."""
    from dataclasses import replace

    whole: Callable[[str, int], object] = desk.ledger.change
    monkeypatch.setattr(
        desk.ledger,
        "change",
        lambda proposal, index: replace(whole(proposal, index), change_digest="f" * 64),
        raising=False,
    )
    assert review_module.STALE == STALE


def _payload(statement: str) -> dict[str, object]:
    import base64

    part = statement.split(".")[1]
    return parse_object(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
