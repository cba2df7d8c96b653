"""The command palette: the registry's actions of the screen below it, with their keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console import actions
from console.actions import Action
from console.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from console.app import ConsoleApp

_SKIPPED = frozenset({"command_palette", "focus_next", "focus_previous"})


class ActionProvider(Provider):
    """Offers what applies where the palette was opened; what is switched off says why."""

    async def discover(self) -> Hits:
        """Yield every action that applies."""
        for action, name in self._offered():
            yield DiscoveryHit(name, partial(self._run, action), help=self._help(action))

    async def search(self, query: str) -> Hits:
        """Yield the actions that match by label, help or key."""
        matcher = self.matcher(query)
        for action, name in self._offered():
            score = max(matcher.match(name), matcher.match(action.help) / 2)
            if score > 0:
                yield Hit(
                    score, matcher.highlight(name), partial(self._run, action),
                    text=name, help=self._help(action),
                )  # fmt: skip

    def _offered(self) -> list[tuple[Action, str]]:
        screen = self.screen
        if not isinstance(screen, ConsoleScreen):
            return []
        return [
            (action, f"{action.label}  ({action.shown_keys})")
            for action in actions.here(screen.SCOPE)
            if action.id not in _SKIPPED and not action.each_key
        ]

    def _help(self, action: Action) -> str | None:
        screen = self.screen
        why = screen.why_not(action) if isinstance(screen, ConsoleScreen) else None
        return action.help if why is None else f"Not now: {why}"

    async def _run(self, action: Action) -> None:
        screen = self.screen
        if isinstance(screen, ConsoleScreen):
            await screen.run_registered(action)


MIN_ID = 4
"""How much of an id must be typed before proposals are looked for."""


class PlaceProvider(Provider):
    """Offers the screens by name, and proposals by the beginning of their id."""

    async def discover(self) -> Hits:
        """Yield every screen."""
        for action in _places():
            yield DiscoveryHit(self._name(action), partial(self._go, action), help=action.help)

    async def search(self, query: str) -> Hits:
        """Yield the screens that match, and the proposal whose id begins so."""
        matcher = self.matcher(query)
        for action in _places():
            score = matcher.match(self._name(action))
            if score > 0:
                yield Hit(score, matcher.highlight(self._name(action)), partial(self._go, action),
                          help=action.help)  # fmt: skip
        word = query.strip().lower()
        app = self._app
        if len(word) >= MIN_ID and app is not None:
            for row in app.session.ledger.proposals_like(word):
                yield Hit(1.0, f"proposal {row.id}", partial(app.open_review, (row.id, 0), []),
                          help="Look at it; decides nothing.")  # fmt: skip

    @property
    def _app(self) -> ConsoleApp | None:
        screen = self.screen
        return screen.console_app if isinstance(screen, ConsoleScreen) else None

    def _name(self, action: Action) -> str:
        return f"{action.label}  ({action.shown_keys})"

    async def _go(self, action: Action) -> None:
        if self._app is not None:
            await self._app.run_action(action.id)


def _places() -> list[Action]:
    return [action for action in actions.of("app") if action.group == "Screens"]
