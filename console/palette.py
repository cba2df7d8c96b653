"""The command palette: the registry's actions of the screen below it, with their keys."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console import actions
from console.actions import Action
from console.screens.base import ConsoleScreen

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
