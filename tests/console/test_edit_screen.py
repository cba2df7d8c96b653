"""Editing: what is typed is checked, Enter saves nothing, and nothing typed is lost."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.app import ConsoleApp
from console.presenters.editing import edited, fields
from console.screens.confirm import ConfirmModal
from console.screens.edit import EditScreen
from core.canonical import Number, exact
from core.errors import BadInput
from tests.builders import phone_change
from tests.console.desk import Desk, text_of
from tests.scale import in_ci

pytestmark = in_ci


def test_fields_are_what_the_change_adds_or_replaces() -> None:
    base = exact({"resourceType": "X", "id": "1", "a": "same", "b": [{"c": "old"}], "n": 1})
    new = exact({"resourceType": "X", "id": "1", "a": "same", "b": [{"c": "new", "d": True}]})
    new["n"] = Number("1.10")  # type: ignore[index,call-overload]
    found = {field.name: (field.before, field.value, field.kind) for field in fields(new, base)}  # type: ignore[arg-type]
    assert found == {
        "b[0].c": ("old", "new", "text"),
        "b[0].d": (None, "true", "yes/no"),
        "n": ("1", "1.10", "number"),
    }


def test_what_is_typed_keeps_its_number_text_and_emptied_values_go() -> None:
    resource = exact({"resourceType": "X", "q": [{"value": 1, "unit": "mg"}], "t": "x"})
    typed = {("q", 0, "value"): "2.50", ("q", 0, "unit"): "", ("t",): "[bold]"}
    assert edited(resource, typed) == {  # type: ignore[arg-type]
        "resourceType": "X",
        "q": [{"value": Number("2.50")}],
        "t": "[bold]",
    }
    assert edited(resource, {("q", 0, "value"): "", ("q", 0, "unit"): ""}) == {  # type: ignore[arg-type]
        "resourceType": "X",
        "t": "x",
    }
    with pytest.raises(BadInput) as caught:
        edited(resource, {("q", 0, "value"): "many"})  # type: ignore[arg-type]
    assert caught.value.field == "q[0].value"


async def open_edit(desk: Desk, app: ConsoleApp) -> EditScreen:
    id_ = await desk.propose(phone_change())
    screen = EditScreen((id_, 0), desk.change(id_).change_digest)
    await app.push_screen(screen)
    return screen


async def typed(pilot: Pilot[None], screen: EditScreen, text: str) -> None:
    screen.query_one("#field-0", Input).value = text
    await pilot.pause()


async def test_a_sound_edit_is_saved_by_two_distinct_keys(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await open_edit(desk, app)
        await pilot.pause()
        assert "telecom[1].value" in text_of(app) and "was 555 0111" in text_of(app)
        await pilot.press("ctrl+s")
        assert app.notice.text == "Save: nothing is changed yet"
        await typed(pilot, screen, "555 0177")
        await pilot.pause()
        screen.check()
        await pilot.pause()
        assert "sound" in text_of(app)
        await pilot.press(*["enter"] * 50)
        assert app.screen is screen
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmModal) and "555 0177" in text_of(app)
        await pilot.press(*["enter"] * 3)
        await pilot.pause()
        assert desk.change(screen._key[0]).revision == 0
        assert app.screen is screen
        await pilot.press("ctrl+s")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert desk.change(screen._key[0]).revision == 1
        assert desk.change(screen._key[0]).state == "pending-human-review"


async def test_what_is_wrong_is_said_beside_it_and_cannot_be_saved(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await open_edit(desk, app)
        await typed(pilot, screen, "")
        screen.check()
        await pilot.pause()
        assert "!" in text_of(app)
        await pilot.press("ctrl+s")
        assert app.notice.error and app.notice.text.startswith("Save: ")
        assert app.screen is screen


async def test_leaving_warns_once_where_something_is_typed(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await open_edit(desk, app)
        await typed(pilot, screen, "555 0177")
        await pilot.pause()
        await pilot.press("escape")
        assert app.screen is screen and "not saved" in app.notice.text
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is not screen
        assert desk.change(screen._key[0]).revision == 0


async def test_the_agents_value_can_be_taken_back(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await open_edit(desk, app)
        await typed(pilot, screen, "555 0177")
        screen.query_one("#field-0", Input).focus()
        await pilot.press("ctrl+r")
        assert screen.query_one("#field-0", Input).value == "555 0199"


async def test_what_changed_meanwhile_is_not_overwritten_and_what_was_typed_stays(
    desk: Desk,
) -> None:
    app = desk.app()
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await open_edit(desk, app)
        screen._digest = "0" * 64
        await typed(pilot, screen, "555 0177")
        screen.check()
        await pilot.pause()
        await pilot.press("ctrl+s")
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        assert app.screen is screen and app.notice.text.startswith("Not saved: ")
        assert screen.query_one("#field-0", Input).value == "555 0177"
