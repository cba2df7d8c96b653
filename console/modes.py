"""The screens of the first level by name; a screen is imported when it is first gone to."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from textual.screen import Screen


def _screen(name: str) -> Callable[[], Screen[Any]]:
    def make() -> Screen[Any]:
        module = import_module(f"console.screens.{name}")
        found: Screen[Any] = getattr(module, f"{name.capitalize()}Screen")()
        return found

    return make


MODES: dict[str, str | Callable[[], Screen[Any]]] = {
    name: _screen(name) for name in ("queue", "exceptions", "incidents", "audit", "supervisor")
}
"""Mode → how its first screen is made; each mode keeps a stack of its own."""
