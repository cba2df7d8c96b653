"""Review: what stands on the screen, in which order, and that foreign text is only text."""

import pytest

from console.app import ConsoleApp
from console.looking import LOOK_S
from console.screens.review import STALE
from core.review.decide import Answer, decide
from tests.builders import phone_change, problem_change
from tests.console.desk import Desk, review, second_phone, text_of

FAMILY = "Denies chest pain. Father had essential hypertension, newly diagnosed, at age 60."


async def test_banner_stays_while_the_panes_scroll(desk: Desk) -> None:
    desk.second_patient()
    await desk.propose(second_phone(), patient="Patient/second", evidence=[])
    async with desk.app().run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        for pane in ("evidence", "change"):
            pilot.app.screen.query_one(f"#{pane}").focus()
            await pilot.press("end")
            await pilot.pause()
            top = "\n".join(text_of(pilot.app).splitlines()[:4])
            for words in (
                "Example, Ben",
                "born 1948-03-02",
                "male",
                "MRN MRN-0042",
                "DECEASED 2026-11-01",
                "INACTIVE",
            ):
                assert words in top
        assert "agent says, unverified" in text_of(pilot.app)


async def test_another_patient_is_loud_and_the_same_is_not(desk: Desk) -> None:
    desk.second_patient()
    await desk.propose()
    await desk.propose(second_phone(), patient="Patient/second", evidence=[], urgency="stat")
    async with desk.app().run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert "ANOTHER PATIENT" not in text_of(pilot.app)
        await pilot.press("n")
        await pilot.pause()
        assert "ANOTHER PATIENT" in text_of(pilot.app)
        assert "before: Example, Ben" in text_of(pilot.app)
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert "ANOTHER PATIENT" in text_of(pilot.app)
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert "ANOTHER PATIENT" not in text_of(pilot.app)


async def test_evidence_comes_before_the_change_and_the_agent_last(desk: Desk) -> None:
    desk.note("n2", FAMILY)
    await desk.propose(
        problem_change(),
        rationale="Trust me entirely.",
        evidence=[
            {
                "source": "DocumentReference/n2",
                "quote": "essential hypertension, newly diagnosed",
                "supports": [0],
            }
        ],
    )
    async with desk.app().run_test(size=(90, 60)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        desk.monotonic.time += LOOK_S
        review(pilot.app).look()
        await pilot.pause()
        shown = text_of(pilot.app)
        order = [
            "QUOTE VERIFIED",
            "DocumentReference/n2 version 1",
            "Progress note, 2026-11-20T10:00:00Z, current, final",
            "by Dr Example",
            "about family? “Father”",
            "newly diagnosed, at age 60",
            "+ added   Condition.code.coding[0].code: 59621000",
            "policy: review, tier",
            "consent not read; the workspace's default says permit",
            "expires:",
            "agent says, unverified",
            "Trust me entirely.",
            "model model-a@1",
            "confidence 0.9",
        ]
        places = [shown.find(words) for words in order]
        assert -1 not in places, order[places.index(-1)]
        assert places == sorted(places)


async def test_update_shows_both_values_with_mark_and_word(desk: Desk) -> None:
    patch = [
        {"op": "replace", "path": "/telecom/1/value", "value": "555 0199"},
        {"op": "replace", "path": "/telecom/0/value", "value": "555 O100"},
    ]
    await desk.propose(phone_change(patch=patch))
    async with desk.app().run_test(size=(90, 50)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        shown = text_of(pilot.app)
        assert "~ changed Patient.telecom[1].value: 555 0111 → 555 0199" in shown
        assert "both values look alike but differ in their characters" in shown


async def test_siblings_are_reached_by_brackets(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        assert "change 1 of 2: update Patient.telecom" in text_of(app)
        await pilot.press("right_square_bracket")
        await pilot.pause()
        assert review(app).key == (id_, 1)
        assert "change 2 of 2: create Condition" in text_of(app)
        await pilot.press("left_square_bracket")
        await pilot.pause()
        assert review(app).key == (id_, 0)


async def test_position_and_next_and_previous(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        assert "1/2" in text_of(app).splitlines()[0]
        await pilot.press("n")
        await pilot.pause()
        assert "2/2" in text_of(app).splitlines()[0]
        await pilot.press("p")
        await pilot.pause()
        assert "1/2" in text_of(app).splitlines()[0]


async def test_change_underneath_is_said_and_blocks_approval_until_reload(desk: Desk) -> None:
    id_ = await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        decide(desk.offline(), id_, 0, Answer("reject", reason="outdated"))
        desk.counter += 1
        app.check_store()
        await pilot.pause()
        assert STALE in text_of(app)
        assert "~ changed" in text_of(app)
        await pilot.press("a")
        assert app.notice.text == f"Approve: {STALE}"
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert STALE not in text_of(app) and "rejected" in text_of(app)
        await pilot.press("a")
        assert "this change is rejected" in app.notice.text


async def test_unchanged_row_is_not_stale_when_something_else_was_written(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await desk.propose(problem_change(), evidence=[])
        desk.counter += 1
        app.check_store()
        await pilot.pause()
        assert STALE not in text_of(app)


async def test_expiry_while_reading_blocks_with_its_reason(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("enter")
        await pilot.pause()
        desk.clock.advance(hours=9)
        await pilot.press("a")
        assert app.notice.text == "Approve: this change has expired"


MARKUP = "[@click=app.quit]pwn[/] [bold red]loud[/] \x1b[2J\u202eevil"


async def test_foreign_text_is_never_markup(desk: Desk) -> None:
    desk.note("n9", f"{MARKUP} new phone is 555 0199 from today")
    await desk.propose(
        phone_change(),
        rationale=f"Because {MARKUP}",
        evidence=[
            {
                "source": "DocumentReference/n9",
                "quote": "new phone is 555 0199 from today",
                "supports": [0],
            }
        ],
    )
    app = desk.app()
    async with app.run_test(size=(120, 50)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await _click_every(app, pilot, "pwn")
        assert app.is_running and app.return_code is None
        shown = text_of(app)
        assert shown.count("[@click=app.quit]pwn[/]") >= 1
        assert "\\u{1b}" in shown and "\\u{202e}" in shown and "\u202e" not in shown


async def test_control_the_same_click_does_act_where_markup_is_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textual.content import Content

    desk.note("n9", f"{MARKUP} new phone is 555 0199 from today")
    await desk.propose(
        phone_change(),
        evidence=[
            {
                "source": "DocumentReference/n9",
                "quote": "new phone is 555 0199 from today",
                "supports": [0],
            }
        ],
    )
    monkeypatch.setattr(
        "console.presenters.evidence.foreign",
        lambda text, style="", newlines=False: Content.from_markup(text.replace("\x1b", "")),
    )
    app = desk.app()
    async with app.run_test(size=(120, 50)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        await _click_every(app, pilot, "pwn")
        await pilot.pause()
        assert not app.is_running or app._exit


async def _click_every(app: ConsoleApp, pilot, word: str) -> None:  # type: ignore[no-untyped-def]
    places = [
        (line.index(word) + 1, row)
        for row, line in enumerate(text_of(app).splitlines())
        if word in line
    ]
    assert places
    for place in places:
        await pilot.click(offset=place)
        await pilot.pause()
        if app._exit:
            return
