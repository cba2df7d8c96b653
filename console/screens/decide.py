"""The second step of a decision: it says again what is decided and about whom.

`y` confirms, or one click on the words that say so; Enter does not, nor the key that opened it, nor
anything within 300 ms. The focus is on Cancel. Source: design §8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from console import actions
from console.actions import Action
from console.deciding import Choice, Outcome, Shown
from console.presenters.texts import foreign, joined, lines, own
from console.screens.base import ConsoleModal
from console.widgets.choices import Choices
from console.widgets.press import Press
from console.widgets.status_line import NoticeLine
from core.review.attestation import sentence
from core.review.reasons import REJECT_REASONS

SETTLE_S = 0.3
_VERBS = {"approve": "APPROVE", "reject": "REJECT", "defer": "DEFER"}
_HOURS = {"1h": 1, "4h": 4}


@dataclass(frozen=True, slots=True)
class Option:
    """One line to choose from."""

    code: str
    text: str


def deferrals(now: datetime, zone: tzinfo | None) -> dict[str, datetime]:
    """Return the moments that a change can be deferred to, in the order they are offered."""
    local = now.astimezone(zone)
    morning = (local + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    found = {name: now + timedelta(hours=hours) for name, hours in _HOURS.items()}
    return {**found, "tomorrow 09:00": morning}


class DecisionModal(ConsoleModal[Choice], inherit_bindings=False):
    """Confirms one decision on one change as it was shown."""

    SCOPE = "decide"
    BINDINGS = actions.bindings("decide")
    AUTO_FOCUS = "#cancel"

    def __init__(self, outcome: Outcome, shown: Shown, expires: datetime | None) -> None:
        super().__init__()
        self._outcome: Outcome = outcome
        self._shown = shown
        self._expires = expires
        self._chosen: int | None = None
        self._ticked: set[int] = set()
        self._opened_at: float | None = None
        self._options: list[Option] = []

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        self._options = self._offered()
        with Vertical(id="dialog"):
            with VerticalScroll(id="about", can_focus=False):
                yield Static(self._about(), markup=False)
                yield Choices()
            if self._outcome == "reject":
                yield Input(placeholder="note (needed for other): n writes it", id="note")
            yield NoticeLine()
            yield Static(self._hint(), id="hint", markup=False)
            with Horizontal(id="answers"):
                yield Button("Cancel", id="cancel")
                yield Press(f" y  Yes, {self._outcome} ", id="yes")

    def on_mount(self) -> None:
        """Start the time in which keys are ignored."""
        self._opened_at = self.console_app.monotonic()
        self._show_options()

    @property
    def settled(self) -> bool:
        """Whether keys count by now."""
        opened = self._opened_at
        return opened is not None and self.console_app.monotonic() - opened >= SETTLE_S

    def blocked(self, action: Action) -> str | None:
        """Say what is missing before the decision can be confirmed."""
        if action.id in ("choose", "choice_up", "choice_down") and not self._options:
            return "there is nothing to choose"
        if action.id in ("choice_up", "choice_down") and self._outcome == "approve":
            return "tick each line by its number"
        if action.id == "note" and self._outcome != "reject":
            return "only a rejection takes a note"
        if action.id != "confirm" or not self._options:
            return None
        if self._outcome == "approve":
            return self._unticked()
        if self._chosen is None:
            return "choose a line first, by its number or with the arrows"
        if self._options[self._chosen].code == "other" and not self._note:
            return "other needs a note; press n to write it"
        return None

    def _unticked(self) -> str | None:
        left = [str(place + 1) for place in range(len(self._options)) if place not in self._ticked]
        return f"tick {' and '.join(left)} first, if it is so" if left else None

    def action_confirm(self) -> None:
        """Close with the decision."""
        if self._outcome == "approve":
            self.dismiss(Choice("approve", attested=tuple(one.code for one in self._options)))
            return
        code = None if self._chosen is None else self._options[self._chosen].code
        until = None
        if self._outcome == "defer" and code is not None:
            until = self._deferrals()[code]
        reason = code if self._outcome == "reject" else None
        self.dismiss(Choice(self._outcome, reason=reason, note=self._note or None, until=until))

    def action_cancel(self) -> None:
        """Leave the note, or close without deciding."""
        if isinstance(self.focused, Input):
            self.query_one("#cancel").focus()
        else:
            self.dismiss(None)

    def action_choose(self, key: str) -> None:
        """Choose a line by its number."""
        if int(key) <= len(self._options):
            self._choose(int(key) - 1)

    def action_choice_up(self) -> None:
        """Choose the line above."""
        self._choose((self._chosen or len(self._options)) - 1)

    def action_choice_down(self) -> None:
        """Choose the line below."""
        self._choose(0 if self._chosen is None else (self._chosen + 1) % len(self._options))

    def action_note(self) -> None:
        """Write the note."""
        self.query_one("#note", Input).focus()

    def on_input_submitted(self) -> None:
        """End the note; it confirms nothing."""
        self.query_one("#cancel").focus()

    def on_input_changed(self) -> None:
        """Take the note into account."""
        self.refresh_bindings()

    def on_choices_clicked(self, event: Choices.Clicked) -> None:
        """Choose a line by mouse."""
        if event.line < len(self._options):
            self._choose(event.line)

    async def on_press_pressed(self) -> None:
        """Confirm by mouse, where `y` would."""
        confirm = actions.named("decide", "confirm")
        if self.settled and confirm is not None:
            await self.run_registered(confirm)

    def on_button_pressed(self) -> None:
        """Close without deciding; Cancel is the only button there is."""
        self.dismiss(None)

    @property
    def _note(self) -> str:
        found = self.query("#note")
        return self.query_one("#note", Input).value.strip() if found else ""

    def _choose(self, place: int) -> None:
        if self._outcome == "approve":
            self._ticked ^= {place}
        self._chosen = place
        self._show_options()
        self.refresh_bindings()

    def _offered(self) -> list[Option]:
        if self._outcome == "reject":
            return [Option(code, f"{code}: {text}") for code, text in REJECT_REASONS.items()]
        if self._outcome == "approve":
            return [Option(code, f"{code}: {sentence(code)}") for code in self._shown.attestation]
        return [
            Option(name, f"{name}{self._after_expiry(until)}")
            for name, until in self._deferrals().items()
        ]

    def _deferrals(self) -> dict[str, datetime]:
        return deferrals(self.console_app.session.clock.now(), self.console_app.zone)

    def _after_expiry(self, until: datetime) -> str:
        late = self._expires is not None and until >= self._expires
        return " (after it expires)" if late else ""

    def _about(self) -> Content:
        parts = [
            joined(own(f" {_VERBS[self._outcome]} ", "bold reverse"), " ",
                   foreign(self._shown.what, "bold")),
            foreign(self._shown.patient, "bold"),
        ]  # fmt: skip
        if self._outcome == "approve":
            parts += [own(f"⚠ {words}", "bold $warning") for words in self._shown.warnings]
            parts.append(joined("hash ", own(self._shown.digest[:12], "bold")))
        if self._outcome == "approve" and self._options:
            parts.append(own("You attest, by ticking each line by its number:", "bold"))
        return lines(parts)

    def _show_options(self) -> None:
        texts = [own(option.text) for option in self._options]
        if self._outcome == "approve":
            self.query_one(Choices).show_ticks(texts, self._ticked)
            return
        self.query_one(Choices).show(texts, self._chosen)

    def _hint(self) -> str:
        told = [action for action in actions.of("decide") if action.shown_in_footer]
        if self._outcome != "reject":
            told = [action for action in told if action.id != "note"]
        return "   ".join(f"{action.shown_keys} {action.label.lower()}" for action in told)
