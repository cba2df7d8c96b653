"""The audit screen: filters, trails and searches."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console.presenters.texts import own
from core.audit.reads import AuditReads
from core.incident.freeze import declare
from sync.store import audit_reads
from tests.console.audit_desk import AuditDesk, audit, notice, opened, seen, settled
from tests.console.audit_pilot import asked, at_cursor, decided, focus, shown, typed
from tests.scale import in_ci

pytestmark = in_ci


@pytest.fixture
def desk(tmp_path: Path) -> AuditDesk:
    return AuditDesk(tmp_path)


async def test_a_filter_shows_what_matches_and_esc_ends_it(desk: AuditDesk) -> None:
    await decided(desk)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await typed(pilot, "type:change by:gateway")
        wanted = [
            seq for seq in range(desk.ledger.size)
            if (entry := desk.ledger.entry(seq)) and entry.leaf["type"].startswith("change.")
        ]  # fmt: skip
        assert shown(screen) == wanted[::-1]
        assert (
            asked(pilot).strip().startswith(f"Only type:change by:gateway · {len(wanted)} events")
        )
        await pilot.press("down")
        under = screen.list.cursor
        await pilot.press("escape")
        await pilot.pause()
        assert len(screen.list.source) == desk.ledger.size and screen.list.cursor == under


async def test_every_event_is_a_click_away(desk: AuditDesk) -> None:
    await decided(desk)
    async with desk.app().run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        assert not screen.query_one("#all").display
        await typed(pilot, "type:decision")
        await pilot.click("#all")
        await pilot.pause()
        assert screen.search is None and len(screen.list.source) == desk.ledger.size


async def test_a_filter_that_is_none_says_why_and_stays(desk: AuditDesk) -> None:
    await decided(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await typed(pilot, "colour:red")
        assert app.notice.error and "filter: colour" in app.notice.text
        assert isinstance(screen.focused, Input) and screen.search is None
        await pilot.press("escape")
        await pilot.pause()
        assert not screen.query_one("#filter").display and focus(screen) == "list"


async def test_nothing_found_says_what_would_stand_there(desk: AuditDesk) -> None:
    await decided(desk)
    async with desk.app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await typed(pilot, "type:nothing")
        text = seen(pilot)
        assert "No event matches." in text and "Press esc for every event" in text
        await pilot.press("enter")
        assert "there is no event under the cursor" in notice(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert screen.list.display and focus(screen) == "list"
        assert "No event matches." not in seen(pilot)


async def test_the_filter_speaks_the_time_of_this_terminal(desk: AuditDesk) -> None:
    from datetime import timedelta, timezone

    await decided(desk)
    async with desk.app(zone=timezone(timedelta(hours=2))).run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        assert "11-23 11:00:00" in at_cursor(pilot)
        await typed(pilot, "since:2026-11-23T10:59 until:2026-11-23T11:01")
        assert len(screen.list.source) == desk.ledger.size
        await typed(pilot, "until:2026-11-23T10:59")
        assert len(screen.list.source) == 0


async def test_trail_of_the_event_under_the_cursor(desk: AuditDesk) -> None:
    other = await desk.propose()
    id_ = await decided(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("t")
        await settled(pilot)
        assert shown(screen) == [entry.seq for entry in desk.ledger.trail(id_)][::-1]
        assert f"Trail of proposal {id_[:8]}" in asked(pilot) and other != id_
        await pilot.press("escape", "end", "t")
        assert app.notice.text == "Trail: this event is about no proposal"


@pytest.mark.parametrize("mounted", [True, False])
async def test_trail_of_anything(desk: AuditDesk, mounted: bool) -> None:
    id_ = await decided(desk)
    freeze = declare(desk.offline(), {"agent": "scribe-1"}, "drill")
    about = {
        id_: [entry.seq for entry in desk.ledger.trail(id_)],
        freeze: [desk.ledger.size - 1],
        "dr-lee": [0, 1, 2, 3, 4, desk.ledger.size - 2, desk.ledger.size - 1],
    }
    for text, wanted in about.items():
        app = desk.app()
        async with app.run_test(size=(120, 40)) as pilot:
            app.go_to_mode("audit")
            if mounted:
                await pilot.pause()
            audit(app).show_trail(text, own("this"))
            await pilot.pause()
            await settled(pilot)
            assert shown(audit(app))[::-1] == wanted, text
            assert "Trail of this" in asked(pilot)


async def test_trail_of_nothing_says_so(desk: AuditDesk) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        screen = await opened(pilot)
        screen.show_trail("nobody", own("this"))
        assert app.notice.error and "nothing here is called so" in app.notice.text
        assert screen.search is None


async def test_a_search_is_shown_as_it_goes_and_can_be_stopped_and_go_on(
    desk: AuditDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decided(desk)
    monkeypatch.setattr(audit_reads, "STEP", 4)
    reached, go_on = threading.Event(), threading.Event()
    whole = audit_reads.AuditReads.find_events

    def slow(self: AuditReads, wanted: Any, tags: Any, low: int, high: int) -> Any:
        if high <= 9 and not go_on.is_set():
            reached.set()
            go_on.wait(20)
        return whole(self, wanted, tags, low, high)  # type: ignore[arg-type]

    monkeypatch.setattr(audit_reads.AuditReads, "find_events", slow)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("slash")
        screen.query_one("#filter", Input).value = "ehr:sandbox"
        await pilot.press("enter")
        while not reached.is_set():
            await pilot.pause()
        await pilot.pause()
        found = len(screen.list.source)
        assert found and screen.searching and "so far; looking back" in asked(pilot)
        await pilot.press("down")
        assert screen.list.cursor_row == 1
        await pilot.press("c")
        assert "stopped before event" in asked(pilot) and app.notice.text == "The search stopped."
        go_on.set()
        await settled(pilot)
        assert len(screen.list.source) == found
        await pilot.press("c")
        await settled(pilot)
        assert screen.search is not None and screen.search.done
        assert screen.list.cursor_row == 1
        seqs = shown(screen)
        assert seqs == sorted(set(seqs), reverse=True) and len(seqs) > found
        await pilot.press("c")
        assert app.notice.text == "Stop: nothing is being searched or verified"


async def test_what_a_filter_lacks_since_is_taken_up_on_top(desk: AuditDesk) -> None:
    await decided(desk)
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot)
        await typed(pilot, "reviewer:dr-lee")
        await pilot.press("down")
        before, wanted = screen.list.cursor, shown(screen)
        declare(desk.offline(), {"agent": "scribe-1"}, "drill")
        await desk.propose()
        app.store_changed()
        await pilot.pause()
        assert shown(screen) == wanted and "newer event" in asked(pilot)
        await pilot.press("full_stop")
        await settled(pilot)
        assert screen.list.cursor == before and shown(screen)[1:] == wanted
        assert "newer" not in asked(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert len(screen.list.source) == desk.ledger.size
