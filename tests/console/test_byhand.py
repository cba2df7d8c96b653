"""The review screen: needed by when, and entering by hand with a second key."""

from __future__ import annotations

import pytest

from core.incident.freeze import declare
from core.lifecycle import State
from tests.builders import phone_change
from tests.console.desk import Desk, text_of
from tests.core.gateway.failed import is_a


@pytest.mark.parametrize("frozen", [False, True])
async def test_the_exact_values_then_a_second_key(desk: Desk, frozen: bool) -> None:
    id_ = await desk.propose(phone_change(), urgency="stat")
    if frozen:
        declare(desk.offline(), {"agent": "scribe-1"}, "drill")
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "due in 30m" in text_of(app)
        await pilot.press("m")
        await pilot.pause()
        shown = text_of(app)
        assert "Patient.telecom[1].value: 555 0111 → 555 0199" in shown
        assert ("FROZEN by dr-lee" in shown) is frozen
        await pilot.press("enter")
        assert desk.change(id_).state == State.PENDING
        await pilot.press("m")
        await pilot.pause()
        if frozen:
            await pilot.press("y")
            assert desk.change(id_).state == State.PENDING
            await pilot.press("1")
        await pilot.press("y")
        await pilot.pause()
        assert desk.change(id_).state == State.MANUAL_ENTRY
        assert "Entered by hand" in app.notice.text


async def test_what_the_ehr_has_no_api_write_for_says_which_axis_refuses(desk: Desk) -> None:
    is_a(desk.bench, "oracle-health")
    id_ = await desk.propose(phone_change())
    app = desk.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "no-api-write" in text_of(app)
        await pilot.press("m")
        await pilot.pause()
        assert "no API write: documented: " in text_of(app)
        assert "github.com/cerner" in text_of(app)
        await pilot.press("escape")
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert desk.change(id_).state == State.READY
        assert "to be entered by hand" in app.notice.text


async def test_near_its_time_it_says_alert_and_past_it_late(desk: Desk) -> None:
    await desk.propose(phone_change(), urgency="stat")
    for minutes, words in ((25, "ALERT due in 5m"), (10, "NOT in the chart")):
        desk.bench.clock.advance(minutes=minutes)
        app = desk.app()
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("enter")
            await pilot.pause()
            assert words in text_of(app)
