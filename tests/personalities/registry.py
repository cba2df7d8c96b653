"""The register of facts that are shown, each under the source that its profile names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Shows = Callable[[], Awaitable[None]]
FACTS: list[tuple[str, str, str, Shows]] = []
NOT_SHOWN: dict[str, str] = {}
"""Facts that no test can show, and why."""

NOTES_NOT_SHOWN = {
    "behaviour changes with each customer's upgrade": "a warning, not a behaviour to play",
}


def fact(name: str, told: str, source: str) -> Callable[[Shows], Shows]:
    """Register a test of one fact of one personality."""

    def register(shows: Shows) -> Shows:
        FACTS.append((name, told, source, shows))
        return shows

    return register
