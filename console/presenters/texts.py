"""Text on screen: foreign text is made inert and is never markup. Source: hub-protocol §8."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from textual.content import Content

from core.inert import inert


def foreign(text: str, style: str = "", *, newlines: bool = False) -> Content:
    """Return text that came from outside, with one style, nothing in it obeyed."""
    return Content.styled(inert(text, newlines=newlines), style)


def own(text: str, style: str = "") -> Content:
    """Return our own words with one style."""
    return Content.styled(text, style)


def joined(*parts: Content | str, gap: str = "") -> Content:
    """Join parts into one text; strings are our own words."""
    return Content(gap).join(
        [part if isinstance(part, Content) else Content(part) for part in parts]
    )


def lines(parts: Iterable[Content]) -> Content:
    """Put each part on a line of its own."""
    return Content("\n").join(list(parts))


def short(text: str, width: int) -> str:
    """Return inert text cut to `width` characters, the cut shown."""
    safe = inert(text)
    return safe if len(safe) <= width else safe[: max(0, width - 1)] + "…"


def many(count: int, one: str, more: str | None = None) -> str:
    """Return `1 freeze`, `2 freezes`."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def span(until: datetime, now: datetime) -> str:
    """Return how long it is until a moment: `7h 59m`, `3d 4h`, `12m`, `<1m`, or `expired`."""
    minutes, rest = divmod(int((until - now).total_seconds()), 60)
    if minutes < 0 or (minutes == 0 and rest == 0):
        return "expired"
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m" if minutes else "<1m"


def since(when: datetime, now: datetime) -> str:
    """Return how long ago a moment was: `4m`, `2h 05m`, `3d 4h`, or `now`."""
    return "now" if when >= now else span(now, when)


def hour(moment: datetime, zone: tzinfo | None) -> str:
    """Return a moment as `09:12` in the zone of this terminal."""
    return moment.astimezone(zone).strftime("%H:%M")
