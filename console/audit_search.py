"""What the audit is asked for and how far a search or a verification is. No widget, no wire."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from console.audit_source import Matches
from console.presenters.audit import verified_title
from console.presenters.texts import joined, many, own
from core.audit.search import Found
from core.audit.verify import Verified
from core.audit.wanted import Wanted


class Stopped(Exception):
    """A verification was asked to end."""


@dataclass
class Search:
    """One search of the ledger, which goes back from `high`; `reached` is how far it came."""

    wanted: Wanted
    words: Content
    """What is searched for, as the screen says it."""
    matches: Matches
    high: int
    """How many events of the ledger it is about."""
    reached: int
    running: bool = False
    done: bool = False
    """Whether everything before `high` was looked at."""
    run: int = 0
    """Which run of the thread counts; what an earlier one still tells does not."""
    newer: list[int] | None = None
    """While events since `high` are searched: those that match, newest first."""
    newer_high: int = 0

    def take(self, found: Found) -> None:
        """Take up one step."""
        if self.newer is not None:
            self.newer += found.seqs
        else:
            self.matches.add_older(found.seqs)
            self.reached = found.reached

    def stop(self) -> None:
        """Take up that the search ends where it is."""
        self.run += 1
        self.running = False
        self.newer = None

    def end(self) -> int:
        """Take up that a run came to its end; return how many newer events were put on top."""
        self.running = False
        newer, self.newer = self.newer, None
        if newer is None:
            self.done = True
            return 0
        self.high = self.newer_high
        self.matches.add_newer(newer)
        return len(newer)

    def begin_newer(self, size: int) -> tuple[int, int]:
        """Take up that what came since is searched too; return from where to where."""
        self.newer, self.newer_high = [], size
        return size, self.high

    def text(self) -> Content:
        """Return what is shown, how many there are, and how far the search is."""
        count = many(len(self.matches), "event")
        if self.newer is not None:
            far = f"{count}; looking at what is newer"
        elif self.running:
            far = f"{count} so far; looking back from event {self.reached:,}"
        elif self.done:
            far = count
        else:
            far = f"{count}; stopped before event {self.reached:,}, c goes on"
        return joined(self.words, own(f" · {far}"))


@dataclass
class Verification:
    """The verification that runs, or the last one."""

    running: bool = False
    words: str = ""
    found: Verified | None = None

    def begin(self) -> None:
        """Take up that it begins."""
        self.running, self.words, self.found = True, "verifying…", None

    def tell(self, what: str, done: int, of: int) -> None:
        """Take up how far it is."""
        steps = {"events": "verifying", "replay": "comparing what screens show"}
        self.words = "asking the EHR for its copy of the head"
        if what in steps:
            self.words = f"{steps[what]}: {done:,} of {of:,}"

    def title(self, size: int) -> str:
        """Return what the title says of it; that all is well is said until the ledger grows."""
        if self.running:
            return self.words
        if self.found is None or (self.found.report.ok and self.found.report.events != size):
            return ""
        return verified_title(self.found)
