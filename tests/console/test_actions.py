"""The registry is the only source of keys, and everything that shows keys agrees with it."""

from collections import Counter

import pytest

from console import actions
from console.actions import SCOPES, Scope
from console.app import ConsoleApp
from console.commands.registry import COMMANDS
from console.modes import MODES
from console.screens.base import READ_ONLY
from console.screens.confirm import ConfirmModal
from console.screens.decide import DecisionModal
from console.screens.edit import EditScreen
from console.screens.help import HelpScreen, matches
from console.screens.review import ReviewScreen
from tests.console.desk import Desk, assert_room, text_of

HOMES: dict[Scope, type] = {
    "app": ConsoleApp,
    "review": ReviewScreen,
    "decide": DecisionModal,
    "confirm": ConfirmModal,
    "edit": EditScreen,
    "help": HelpScreen,
    **{name: type(make()) for name, make in MODES.items()},  # type: ignore[dict-item, operator]
}
OUTWARD = {"Decide", "Contain", "Correct"}
"""Groups whose actions write to the ledger, or ask to."""
LOOKS = {"confirm", "note", "stop"}
"""The second step of what has a command, and other ways to look at what is shown already."""


def test_every_scope_has_a_home() -> None:
    assert set(HOMES) == {action.scope for action in actions.ACTIONS}


def test_what_changes_or_shows_something_has_a_command() -> None:
    comfort = {"Move", "Console", "Find"}
    closing = {"back", "cancel", "close", "clear"}
    without = {action.id for action in actions.ACTIONS
               if not action.command and action.group not in comfort} - closing  # fmt: skip
    assert without <= LOOKS, without


def test_named_commands_exist() -> None:
    named = {action.command.split()[0] for action in actions.ACTIONS if action.command}
    assert named - {command.name for command in COMMANDS} == {"--help"}


@pytest.mark.parametrize("scope", HOMES)
def test_no_key_has_two_meanings_on_one_screen(scope: Scope) -> None:
    own_keys = Counter(key for action in actions.of(scope) for key in action.keys)
    assert max(own_keys.values()) == 1
    if scope not in ("app", *actions.MODAL):
        both = Counter(key for action in actions.here(scope) for key in action.keys)
        assert max(both.values()) == 1


@pytest.mark.parametrize("scope", HOMES)
def test_every_action_is_carried_out_by_its_screen(scope: Scope) -> None:
    for action in actions.of(scope):
        assert callable(getattr(HOMES[scope], f"action_{action.id}")), action.id


@pytest.mark.parametrize("scope", HOMES)
def test_bindings_of_a_screen_are_those_of_the_registry(scope: Scope) -> None:
    found = {binding.key for binding in HOMES[scope]._merge_bindings().shown_keys}
    assert found == {action.keys[0] for action in actions.of(scope) if action.shown_in_footer}
    every = {key for key, _ in HOMES[scope]._merge_bindings()}
    wanted = {key for action in actions.of(scope) for key in action.keys}
    assert every - wanted <= {"tab", "shift+tab"}


def test_what_writes_is_dangerous_and_looking_is_not() -> None:
    harmless = {"cancel", "note", "choose", "choice_up", "choice_down"}
    for action in actions.ACTIONS:
        writes = action.group in OUTWARD and action.id not in harmless
        assert action.dangerous is writes, (action.scope, action.id)
    asking = {"approve", "reject", "defer", "confirm", "save", "accept", "close_finding"}
    assert asking <= {action.id for action in actions.ACTIONS if action.dangerous}


def test_the_key_that_asks_never_confirms() -> None:
    asking = {key for action in actions.of("review") if action.dangerous for key in action.keys}
    confirm = actions.named("decide", "confirm")
    assert confirm is not None
    assert not asking & set(confirm.keys)
    assert "enter" not in confirm.keys and "space" not in confirm.keys


def test_key_reference_names_every_action() -> None:
    text = actions.key_reference()
    for action in actions.ACTIONS:
        assert f"| {action.label} | {action.help} |" in text
    for heading in SCOPES.values():
        assert f"## {heading}" in text
    assert "`]`" in text and "right_square_bracket" not in text


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("a", True), ("approve", True), ("ask approve", True), ("x", False), ("defer", False)],
)
def test_help_filters_by_words_and_by_key(wanted: str, found: bool) -> None:
    approve = actions.named("review", "approve")
    assert approve is not None
    assert matches(approve, wanted) is found


async def test_help_lists_what_applies_here_and_filters(desk: Desk) -> None:
    await desk.propose()
    async with desk.app().run_test(size=(100, 40)) as pilot:
        await pilot.press("enter", "question_mark")
        await pilot.pause()
        assert "Ask to approve" in text_of(pilot.app)
        assert "not now: there is no other" not in text_of(pilot.app)
        await pilot.press(*"defer")
        await pilot.pause()
        shown = text_of(pilot.app)
        assert "Defer" in shown and "Ask to approve" not in shown
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ReviewScreen)


async def test_help_says_why_an_action_is_off(desk: Desk) -> None:
    await desk.propose()
    async with desk.app(read_only=True).run_test(size=(120, 40)) as pilot:
        await pilot.press("enter", "question_mark")
        await pilot.pause()
        assert READ_ONLY in text_of(pilot.app)


async def test_palette_offers_the_registry_and_runs_it(desk: Desk) -> None:
    await desk.propose()
    async with desk.app().run_test(size=(100, 40)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        shown = text_of(pilot.app)
        assert "All open  (o)" in shown and "Screenshot" not in shown
        await pilot.press(*"all open")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause()
        assert "open" in text_of(pilot.app).splitlines()[0]


async def test_palette_says_why_instead_of_doing(desk: Desk) -> None:
    await desk.propose()
    async with desk.app(read_only=True).run_test(size=(100, 40)) as pilot:
        await pilot.press("enter")
        await pilot.press("ctrl+p")
        await pilot.press(*"approve")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert READ_ONLY in text_of(pilot.app)


async def test_a_key_that_does_nothing_says_so_and_a_message_goes_with_the_next(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test() as pilot:
        await pilot.press("y")
        assert app.notice.text == "y does nothing here; ? lists the keys."
        await pilot.press("down")
        assert app.notice.text == ""


async def test_footer_fits_eighty_columns(desk: Desk) -> None:
    await desk.propose()
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        for key in ("down", "enter"):
            await pilot.press(key)
            await pilot.pause()
            assert_room(app.screen, 5)
            assert "ctrl+q Quit" in text_of(app).splitlines()[-1]
