"""What every screen of the console shares: its scope in the registry and its way to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual.screen import ModalScreen, Screen

from console import actions
from console.actions import Action, Scope

if TYPE_CHECKING:
    from console.app import ConsoleApp

Result = TypeVar("Result")

READ_ONLY = "this console is read-only; it decides nothing"


class ConsoleScreen(Screen[Result], Generic[Result], inherit_bindings=False):
    """A screen whose keys all come from the registry."""

    SCOPE: ClassVar[Scope]

    @property
    def console_app(self) -> ConsoleApp:
        """The application."""
        return cast("ConsoleApp", self.app)

    def blocked(self, action: Action) -> str | None:  # noqa: ARG002  screens that block override it
        """Return why an action cannot be done on this screen now, or None when it can."""
        return None

    def why_not(self, action: Action) -> str | None:
        """Return why an action is switched off, or None when it is not."""
        if action.dangerous and self.console_app.read_only:
            return READ_ONLY
        if action.scope == "app":
            return self.console_app.blocked(action)
        return self.blocked(action) if action.scope == self.SCOPE else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Dim what is switched off."""
        known = actions.named(self.SCOPE, action)
        return None if known is not None and self.why_not(known) else True

    async def run_registered(self, action: Action) -> None:
        """Do an action of the registry, or say why not."""
        why = self.why_not(action)
        if why is not None:
            self.console_app.say(f"{action.label}: {why}", error=True)
            return
        await self.run_action(action.id if action.scope == self.SCOPE else f"app.{action.id}")

    def on_screen_resume(self) -> None:
        """Show the status that is known; the screen may have been away."""
        self.console_app.show_status()

    def select(self, key: tuple[str, int]) -> None:
        """Take up that a change which was opened from here was looked at."""

    def store_changed(self) -> None:
        """Take up what another process, or the gateway, wrote."""

    def tick(self) -> None:
        """Take up that time has passed."""


class ConsoleModal(ConsoleScreen[Result], ModalScreen[Result], inherit_bindings=False):
    """A screen above another one."""
