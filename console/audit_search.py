"""What the audit is asked for and how far a search or a verification is. No widget, no wire."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.content import Content

from console.audit_source import Matches
from console.presenters.texts import joined, many, own
from core.audit.search import Found
from core.audit.verify import Verified
from core.audit.wanted import Wanted


class Stopped(Exception):
    """A verification was asked to end."""


@dataclass
class Search:
    """One search of the ledger; it goes back from `high`, and `reached` is how far it came."""

    wanted: Wanted
    words: Content
    """What is searched for, as the screen says it."""
    matches: Matches
    reached: int
    running: bool = False
    low: int = 0
    newer: list[int] | None = field(default=None)
    """While what came since is searched: the events of it that match, newest first."""

    @property
    def whole(self) -> bool:
        """Whether everything down to the beginning was looked at."""
        return self.newer is None and self.reached <= self.low

    def take(self, found: Found) -> None:
        """Take up one step."""
        if self.newer is not None:
            self.newer += found.seqs
        else:
            self.matches.add_older(found.seqs)
            self.reached = found.reached

    def text(self) -> Content:
        """Return what is shown, how many there are, and how far the search is."""
        count = many(len(self.matches), "event")
        if self.newer is not None:
            far = f"{count}; looking at what is newer"
        elif self.running:
            far = f"{count} so far; looking back, at event {self.reached:,}"
        elif self.whole:
            far = count
        else:
            far = f"{count}; stopped at event {self.reached:,}, c goes on"
        return joined(self.words, own(f" · {far}"))


@dataclass
class Verification:
    """The verification that runs, or the last one."""

    running: bool = False
    words: str = ""
    found: Verified | None = None

    def tell(self, what: str, done: int, of: int) -> None:
        """Take up how far it is."""
        steps = {"events": "verifying", "replay": "comparing what screens show"}
        self.words = "asking the EHR for its copy of the head"
        if what in steps:
            self.words = f"{steps[what]}: {done:,} of {of:,}"

    def title(self, size: int) -> str:
        """Return what the title says of it; a good outcome is one of the ledger as it was."""
        from console.presenters.audit import verified_title

        if self.running:
            return self.words
        if self.found is None or (self.found.report.ok and self.found.report.events != size):
            return ""
        return verified_title(self.found)
