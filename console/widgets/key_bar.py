"""The keys that apply now, on one line; a click on one is that key.

Drawn as one text: a widget a key, made anew whenever one is switched on or off, costs more than the
rest of the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from console.presenters.texts import joined, own

_GAP = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """One key, where it stands and whether it does anything now."""

    key: str
    name: str
    label: str
    help: str
    enabled: bool
    start: int
    end: int


class KeyBar(Widget, can_focus=False):
    """The bar; a key that is switched off is dim, and says why when it is clicked all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: tuple[Shown, ...] = ()

    def on_mount(self) -> None:
        """Follow the screen's bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)

    def on_resize(self) -> None:
        """Show as many as have room."""
        self._follow(self.screen)

    def render(self) -> Content:
        """Return the line."""
        return joined(*[_drawn(one) for one in self.shown], gap=" " * _GAP)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        found = self._at(event.x)
        if found is not None and event.button == 1:
            self.app.simulate_key(found.key)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Explain the key under the mouse."""
        found = self._at(event.x)
        self.tooltip = None if found is None else found.help

    def _at(self, x: int) -> Shown | None:
        return next((one for one in self.shown if one.start <= x < one.end), None)

    def _follow(self, screen: Screen[object]) -> None:
        if screen is not self.screen or not self.is_attached:
            return
        shown = self._fitting(screen)
        if shown != self.shown:
            self.shown = shown
            self.refresh()

    def _fitting(self, screen: Screen[object]) -> tuple[Shown, ...]:
        """Return the first binding of each action, as far as there is room for it whole."""
        first: dict[str, tuple[Binding, bool]] = {}
        for _, binding, enabled, _ in screen.active_bindings.values():
            if binding.show:
                first.setdefault(binding.action, (binding, enabled))
        found, start = [], 0
        for binding, enabled in first.values():
            name = self.app.get_key_display(binding)
            end = start + cell_len(f"{name} {binding.description}")
            if end > self.size.width:
                break
            help_ = binding.tooltip or binding.description
            found.append(Shown(binding.key, name, binding.description, help_, enabled, start, end))
            start = end + _GAP
        return tuple(found)


def _drawn(one: Shown) -> Content:
    dim = "" if one.enabled else " dim"
    return joined(own(one.name, f"bold $accent{dim}"), own(f" {one.label}", dim.strip()))
