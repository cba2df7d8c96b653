"""Editing a change before deciding it: one line a value, checked while it is typed.

Enter saves nothing. What is typed is lost only by leaving twice. Source: design §8.
"""

from __future__ import annotations

from importlib import import_module

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from console import actions
from console.actions import Action
from console.presenters.editing import Field, Path, edited, fields
from console.presenters.texts import foreign, joined, lines, own
from console.screens.base import ConsoleModal
from console.screens.confirm import Confirmed, ConfirmModal
from console.widgets.key_bar import KeyBar
from console.widgets.status_line import NoticeLine
from core.canonical import JsonObject
from core.errors import CountersignError
from core.records import ChangeRow

PAUSE_S = 0.25
"""How long after the last key what was typed is checked."""


class EditScreen(ConsoleModal[str], inherit_bindings=False):
    """The values of one change; dismisses with what to say, or with None when nothing was saved."""

    SCOPE = "edit"
    BINDINGS = actions.bindings("edit")

    def __init__(self, key: tuple[str, int], digest: str) -> None:
        """Make it for the change with that hash, as it was shown."""
        super().__init__()
        self._key, self._digest = key, digest
        self._row: ChangeRow | None = None
        self._resource: JsonObject = {}
        self._fields: list[Field] = []
        self._typed: dict[Path, str] = {}
        self._pause: Timer | None = None
        self._warned = False
        self._problem: str | None = "nothing is changed yet"

    def compose(self) -> ComposeResult:
        """Make one line a value."""
        self._read()
        yield Static(id="title", markup=False)
        with VerticalScroll(id="fields", can_focus=False):
            for number, field in enumerate(self._fields):
                yield Static(self._label(field), markup=False, classes="label")
                yield Input(field.value, id=f"field-{number}", select_on_focus=False)
            if not self._fields:
                yield Static(own("This change has no value that could be edited."), markup=False)
        yield Static(id="checked", markup=False)
        yield NoticeLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Say what is edited, and load what checking needs beside the screen."""
        row = self._row
        what = own("") if row is None else foreign(f"{row.op} {row.type}", "bold")
        self.query_one("#title", Static).update(
            joined(own(" Edit ", "bold reverse"), " ", what, "  ",
                   foreign("" if row is None else row.patient_label or "", "bold"))
        )  # fmt: skip
        self._show_checked()
        self._warm()

    @work(thread=True, group="warm", exit_on_error=False)
    def _warm(self) -> None:
        import_module("core.review.edit")

    def blocked(self, action: Action) -> str | None:
        """Say why it cannot be saved yet."""
        if action.id == "save":
            return self._problem
        if action.id == "revert" and self._field_in_focus() is None:
            return "no field is in focus"
        return None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Take up what was typed, and check it after a pause."""
        number = int(str(event.input.id).removeprefix("field-"))
        field = self._fields[number]
        if event.value == self._typed.get(field.path, field.value):
            return
        if event.value == field.value:
            self._typed.pop(field.path)
        else:
            self._typed[field.path] = event.value
        self._warned = False
        self._problem = "it is being checked"
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_S, self.check)

    def on_input_submitted(self) -> None:
        """Go on to the next field; nothing is saved."""
        self.focus_next()

    def check(self) -> None:
        """Check what is typed as intake would, and say what is wrong."""
        from core.review.edit import check_edit

        self._pause = None
        if not self._typed:
            self._problem = "nothing is changed yet"
        else:
            try:
                session = self.console_app.session
                check_edit(session.ledger, *self._key, self._edited(), session.clock.now())
                self._problem = None
            except CountersignError as error:
                self._problem = str(error)
        self._show_checked()
        self.refresh_bindings()

    def action_save(self) -> None:
        """Ask to record it."""
        changed = [field for field in self._fields if field.path in self._typed]
        about = [own(" RECORD THIS EDIT ", "bold reverse")]
        about += [self._difference(field) for field in changed]
        about.append(own("Earlier votes become void; the change is decided anew."))
        self.console_app.push_screen(ConfirmModal(lines(about)), self._answered)

    def action_revert(self) -> None:
        """Put the agent's value back."""
        number = self._field_in_focus()
        if number is not None:
            self.query_one(f"#field-{number}", Input).value = self._fields[number].value

    def action_back(self) -> None:
        """Leave; where something is typed, only the second time in a row."""
        if self._typed and not self._warned:
            self._warned = True
            self.console_app.say("What is typed is not saved; esc again leaves it.", error=True)
            return
        self.dismiss(None)

    def _answered(self, confirmed: Confirmed | None) -> None:
        from core.review.edit import edit

        app = self.console_app
        if confirmed is None:
            app.say("Nothing was saved.")
            return
        try:
            edit(app.session.offline(), *self._key, self._edited(), self._digest)
        except CountersignError as error:
            app.say(f"Not saved: {error}", error=True)
            return
        self.dismiss("Edited; look at it again and decide it.")

    def _edited(self) -> JsonObject:
        return edited(self._resource, self._typed)

    def _read(self) -> None:
        from core.review.content import read_content
        from core.review.edit import editable

        ledger = self.console_app.session.ledger
        self._row = ledger.change(*self._key)
        if self._row is None:
            return
        try:
            content = read_content(ledger, self._row)
        except CountersignError:
            return
        self._resource = editable(self._row, content)
        self._fields = fields(self._resource, content.base)

    def _field_in_focus(self) -> int | None:
        id_ = None if self.focused is None else self.focused.id
        return int(id_.removeprefix("field-")) if id_ and id_.startswith("field-") else None

    def _show_checked(self) -> None:
        text = own("✓ sound; ctrl+s asks to save it", "$grounding-good")
        if self._problem is not None:
            style = "" if not self._typed else "bold $grounding-bad"
            text = joined(own("! " if self._typed else "", style), foreign(self._problem, style))
        self.query_one("#checked", Static).update(text)

    @staticmethod
    def _label(field: Field) -> Content:
        before = own("added") if field.before is None else joined("was ", foreign(field.before))
        return joined(foreign(field.name, "bold"), "  (", before, f"; {field.kind})")

    def _difference(self, field: Field) -> Content:
        typed = self._typed[field.path]
        return joined(foreign(field.name, "bold"), ": ", foreign(field.value), " → ",
                      foreign(typed, "bold") if typed else own("taken out", "bold"))  # fmt: skip
