"""The status line: what this console is connected to, what waits, and the last message."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from console.presenters.texts import foreign, joined, lines, many, own


@dataclass(frozen=True, slots=True)
class Facts:
    """What the status line says; counts are None until they were read."""

    ehrs: tuple[str, ...]
    gateway: str
    trouble: bool = False
    """Whether the gateway's state needs attention."""
    read_only: bool = False
    waiting: int | None = None
    unsent: int = 0
    """How many approvals have no effect yet."""
    hold: str = ""
    """What can still be taken back, in words."""
    exceptions: int | None = None
    freezes: int | None = None
    unanchored: int | None = None
    clock: str = ""
    """What is wrong with this machine's clock."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The last message; it stays until the next key."""

    text: str = ""
    error: bool = False


class StatusLine(Static):
    """Facts first, the last message on a line of its own."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: tuple[Facts, Notice] | None = None

    def show(self, facts: Facts, notice: Notice) -> None:
        """Show both, where either is not shown yet: a new text lays the whole screen out anew."""
        if (facts, notice) != self._shown:
            self._shown = facts, notice
            self.update(lines([facts_text(facts), notice_text(notice)]))


class NoticeLine(Static):
    """The last message inside a dialog, which dims the status line."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: Notice | None = None

    def show(self, notice: Notice) -> None:
        """Show it, where it is not shown yet."""
        if notice != self._shown:
            self._shown = notice
            self.update(notice_text(notice))


def facts_text(facts: Facts) -> Content:
    """Return the facts as one text; zeros are said too, because silence says nothing."""
    badge = own(" READ-ONLY ", "bold reverse") if facts.read_only else own("")
    parts = [joined(badge, " " if facts.read_only else "", foreign(", ".join(facts.ehrs)))]
    parts.append(foreign(facts.gateway, "bold $error" if facts.trouble else ""))
    if facts.waiting is not None:
        parts.append(own(f"{facts.waiting:,} waiting"))
    if facts.unsent:
        parts.append(own(f"{facts.unsent:,} not yet sent{facts.hold}", "bold"))
    for count, word in ((facts.exceptions, "exception"), (facts.freezes, "freeze")):
        if count is not None:
            parts.append(own(many(count, word), "bold $warning" if count else ""))
    if facts.clock:
        parts.append(own(facts.clock, "bold $error"))
    if facts.unanchored is not None:
        parts.append(own(f"{facts.unanchored:,} unanchored"))
    return Content(" · ").join(parts)


def notice_text(notice: Notice) -> Content:
    """Return the message; an error has a mark, so that colour is not all that tells."""
    if notice.error and notice.text:
        return joined(own("! ", "bold $error"), foreign(notice.text, "bold $error"))
    return foreign(notice.text)
