"""The audit on screen: what it shows, that nothing jumps, and that it only ever reads."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from console import actions
from console.audit_source import PAGE, WholeLedger
from console.widgets.pane import Pane
from core.incident.freeze import declare
from core.ledger.event import Actor
from sync.store import audit_reads
from sync.store.erase import erase_body
from tests.console.audit_desk import AuditDesk, opened, seen, settled
from tests.console.audit_pilot import asked, at_cursor, decided, focus, shown, title, typed
from tests.console.desk import assert_room
from tests.scale import in_ci

pytestmark = in_ci


@pytest.fixture
def desk(tmp_path: Path) -> AuditDesk:
    return AuditDesk(tmp_path)


async def test_newest_first_with_every_column(desk: AuditDesk) -> None:
    id_ = await decided(desk)
    async with desk.app().run_test(size=(200, 40)) as pilot:
        screen = await opened(pilot)
        size = desk.ledger.size
        assert shown(screen) == list(range(size - 1, -1, -1))
        assert f"{size} events" in title(pilot)
        row = at_cursor(pilot)
        for words in (str(size - 1), "11-23 09:00:00", "approve by dr-lee", f"{id_[:8]}/0",
                      "Synthetic, Ada", "sandbox"):  # fmt: skip
            assert words in row, (words, row)


async def test_the_event_under_the_cursor_is_told_whole(desk: AuditDesk) -> None:
    id_ = await decided(desk)
    async with desk.app().run_test(size=(200, 100)) as pilot:
        screen = await opened(pilot)
        seq = desk.ledger.size - 1
        text = seen(pilot)
        for words in (f"event {seq}", "decision recorded: approve by dr-lee", id_,
                      "valid, signed by dr-lee", "(that of its bytes)", '"type": "decision.',
                      "this event has none"):  # fmt: skip
            assert words in text, words
        await pilot.press(*["down"] * (seq - 5))
        await pilot.pause()
        assert screen.list.cursor == 5
        text = " ".join(str(screen.query_one("#detail Static").render()).split())
        assert "valid, signed by the submitter of the command line" in text
        assert '"patient": "Patient/example"' in text


async def test_an_erased_body_is_said_and_its_name_goes(desk: AuditDesk) -> None:
    id_ = await decided(desk)
    row = desk.ledger.proposal(id_)
    assert row is not None
    async with desk.app().run_test(size=(200, 100)) as pilot:
        screen = await opened(pilot)
        await typed(pilot, f"proposal:{id_}")
        await pilot.press("end")
        await pilot.pause()
        assert screen.list.cursor == row.body_seq
        assert "Synthetic, Ada" in at_cursor(pilot)
        erase_body(desk.ledger, row.body_seq, Actor("admin", "dr-lee"), "retention")
        pilot.app.store_changed()  # type: ignore[attr-defined]
        await pilot.pause()
        assert screen.list.cursor == row.body_seq
        assert "(erased)" in at_cursor(pilot) and "Synthetic, Ada" not in seen(pilot)
        assert "erased" in seen(pilot).split("body")[-1]


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE leaf SET leaf = CAST(replace(CAST(leaf AS TEXT), 'approve', 'reject!') AS BLOB)",
        "UPDATE leaf SET leaf = CAST('{' AS BLOB)",
        'UPDATE leaf SET leaf = CAST(\'{"type":7,"data":3,"refs":1}\' AS BLOB)',
    ],
    ids=["words", "cut", "shape"],
)
async def test_an_altered_event_is_shown_for_what_it_is(desk: AuditDesk, harm: str) -> None:
    await decided(desk)
    seq = desk.ledger.size - 1
    desk.bench.connection.execute(f"{harm} WHERE seq = {seq}")
    async with desk.app().run_test(size=(200, 60)) as pilot:
        await opened(pilot)
        assert "IS NOT THAT OF ITS BYTES" in seen(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert "NOT OK" in title(pilot)
        assert f"event {seq}: its bytes differ" in seen(pilot)


async def test_a_missing_event_has_a_row_that_says_so(desk: AuditDesk) -> None:
    await decided(desk)
    desk.bench.connection.execute("PRAGMA foreign_keys = OFF")
    desk.bench.connection.execute("DELETE FROM leaf WHERE seq = ?", (desk.ledger.size - 1,))
    async with desk.app().run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        assert "this event is m" in at_cursor(pilot)
        assert "is missing" in seen(pilot)


async def test_text_in_an_event_is_never_obeyed(desk: AuditDesk) -> None:
    await desk.propose(rationale="[@click=app.quit]here[/] \x1b[2J \u202e")
    async with desk.app().run_test(size=(200, 200)) as pilot:
        await opened(pilot)
        await pilot.press("end", *["up"] * 5)
        await pilot.pause()
        text = seen(pilot)
        assert "[@click=app.quit]here" in text
        assert "\x1b" not in text and "\u202e" not in text


async def test_what_comes_is_counted_and_taken_up_without_a_jump(desk: AuditDesk) -> None:
    for _ in range(4):
        await decided(desk)
    app = desk.app()
    async with app.run_test(size=(120, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press(*["down"] * 3)
        before, line = screen.list.cursor, screen.list.cursor_row - screen.list.top
        size = desk.ledger.size
        await pilot.press("full_stop")
        assert app.notice.text == "Newer: nothing newer came"
        declare(desk.offline(), {"agent": "scribe-1"}, "drill")
        declare(desk.offline(), {"agent": "scribe-2"}, "drill")
        app.store_changed()
        await pilot.pause()
        assert screen.list.cursor == before and len(screen.list.source) == size
        assert "2 newer events" in asked(pilot)
        await pilot.press("full_stop")
        await pilot.pause()
        assert screen.list.cursor == before
        assert screen.list.cursor_row - screen.list.top == line
        assert len(screen.list.source) == size + 2 and "newer" not in asked(pilot)
        assert "2 newer events taken up above" in app.notice.text
        await pilot.press("g")
        assert screen.list.cursor == size + 1


async def test_newer_events_are_taken_up_by_mouse(desk: AuditDesk) -> None:
    await decided(desk)
    app = desk.app()
    async with app.run_test(size=(120, 24)) as pilot:
        screen = await opened(pilot)
        declare(desk.offline(), {"agent": "scribe-1"}, "drill")
        app.store_changed()
        await pilot.pause()
        await pilot.click("#newer")
        await pilot.pause()
        assert len(screen.list.source) == desk.ledger.size


async def test_verify_says_what_it_examined_until_the_ledger_grows(desk: AuditDesk) -> None:
    await decided(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        size = desk.ledger.size
        await pilot.press("v")
        await settled(pilot)
        assert f"verified: {size} ok, 3 not anchored" in title(pilot)
        text = seen(pilot)
        for words in ("the ledger is whole", f"examined {size} events", "checkpoint",
                      "3 events not anchored", "matches the head file", desk.compared):  # fmt: skip
            assert words in text, words
        await pilot.press("down")
        await pilot.pause()
        assert "the ledger is whole" not in seen(pilot) and "verified:" in title(pilot)
        declare(desk.offline(), {"agent": "scribe-1"}, "drill")
        app.store_changed()
        await pilot.pause()
        assert "verified" not in title(pilot)
        assert screen.list.cursor == size - 2


async def test_an_altered_ledger_stays_not_ok_while_it_grows(
    desk: AuditDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decided(desk)
    note = desk.ledger.head()
    assert note is not None
    monkeypatch.setattr(desk, "heads", lambda _reads: [("the EHR's register", note)])
    desk.bench.connection.execute("UPDATE leaf SET hash = zeroblob(32) WHERE seq = 3")
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await pilot.press("v")
        await settled(pilot)
        assert "NOT OK" in title(pilot)
        assert app.notice.error and "NOT OK" in app.notice.text
        declare(desk.offline(), {"agent": "scribe-1"}, "drill")
        app.store_changed()
        await pilot.pause()
        assert "NOT OK" in title(pilot)


async def test_a_verification_tells_how_far_it_is_and_can_be_stopped(desk: AuditDesk) -> None:
    await decided(desk)
    began, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        began.set()
        go_on.wait(20)

    desk.before = wait
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("v")
        while not began.is_set():
            await pilot.pause()
        assert "verifying" in title(pilot)
        await pilot.press("v")
        assert app.notice.text == "Verify: the ledger is being verified; c stops it"
        screen.post_message(screen.Told("events", 1000, 5000))
        await pilot.pause()
        assert "verifying: 1,000 of 5,000" in title(pilot)
        await pilot.press("c")
        assert "verif" not in title(pilot)
        assert app.notice.text == "The verification stopped; it has found out nothing."
        go_on.set()
        await pilot.pause()
        assert screen.verification.found is None and not screen.report_shown


@pytest.mark.parametrize("what", ["verified", "reading"])
async def test_a_failure_is_said_without_its_words(desk: AuditDesk, what: str) -> None:
    def fail() -> None:
        raise RuntimeError("555 0199")

    desk.before = fail
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        await (pilot.press("v") if what == "verified" else typed(pilot, "type:decision"))
        await settled(pilot)
        assert app.notice.error and "ended: RuntimeError" in app.notice.text
        assert "555 0199" not in seen(pilot)


async def test_enter_goes_into_the_event_and_esc_out_again(desk: AuditDesk) -> None:
    await decided(desk)
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("enter")
        pane = screen.query_one("#detail", Pane)
        assert focus(screen) == "detail"
        row = screen.list.cursor_row
        await pilot.press("down", "pagedown")
        assert pane.scroll_y > 1 and screen.list.cursor_row == row
        await pilot.press("end")
        assert pane.scroll_y == pane.max_scroll_y
        await pilot.press("up", "pageup", "g")
        assert pane.scroll_y == 0
        await pilot.press("escape")
        assert focus(screen) == "list"
        await pilot.press("escape")
        assert app.notice.text == "Back: every event is shown; ctrl+q leaves the console"


async def test_a_click_moves_and_a_second_click_opens(desk: AuditDesk) -> None:
    await decided(desk)
    async with desk.app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.click("#list", offset=(5, 3))
        assert screen.list.cursor_row == 2 and focus(screen) == "list"
        await pilot.click("#list", offset=(5, 3))
        await pilot.pause()
        assert focus(screen) == "detail"


@pytest.mark.parametrize("read_only", [True, False])
async def test_nothing_here_writes(desk: AuditDesk, read_only: bool) -> None:
    await decided(desk)
    app = desk.app(read_only=read_only)
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot)
        before = desk.ledger.size, desk.ledger.head()
        await pilot.press(*["enter"] * 50)
        await pilot.press("escape", "t", "enter", "escape", "v", "full_stop", "c", "down", "t")
        await settled(pilot)
        assert (desk.ledger.size, desk.ledger.head()) == before
        assert not [action for action in actions.of("audit") if action.dangerous]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_action_of_the_footer_has_room(desk: AuditDesk, size: tuple[int, int]) -> None:
    await decided(desk)
    async with desk.app().run_test(size=size) as pilot:
        screen = await opened(pilot)
        assert_room(screen, 8)
        parts = [screen.list, screen.query_one("#detail")]
        assert not parts[0].region.overlaps(parts[1].region)
        assert parts[0].region.width >= 70


def test_every_action_but_going_has_a_command() -> None:
    without = {action.id for action in actions.of("audit") if not action.command}
    moves = {action.id for action in actions.of("audit") if action.group == "Move"}
    assert without == moves | {"stop", "back"}


async def test_opening_reads_two_pages_whatever_the_size(
    desk: AuditDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for: list[tuple[int, int]] = []
    whole = audit_reads.AuditReads.events

    def watched(self: Any, low: int, high: int) -> Any:
        asked_for.append((low, high))
        return whole(self, low, high)

    monkeypatch.setattr(audit_reads.AuditReads, "events", watched)
    desk.bench.connection.execute("UPDATE tree SET size = 1000000")
    async with desk.app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        assert len(screen.list.source) == 1_000_000
        await pilot.press("end")
        await pilot.pause()
        assert screen.list.cursor == 0 and "the ledger begins" in at_cursor(pilot)
        assert len(set(asked_for)) <= 3 and all(high - low <= PAGE for low, high in asked_for)


def test_rows_of_the_whole_ledger_are_those_of_their_number(desk: AuditDesk) -> None:
    source = WholeLedger(desk.ledger, desk.ledger.size, None)
    for number in range(len(source)):
        row = source.row(number)
        assert row is not None and source.place(row.key) == number
    assert source.row(len(source)) is None and source.row(-1) is None
    assert source.place(len(source)) is None and source.place(-1) is None
