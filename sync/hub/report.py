"""What one sync did, told while it goes on and at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

Progress = Callable[["Report"], None]


def _silent(_report: Report) -> None:
    return None


@dataclass
class Report:
    """Counts of one sync; `unreachable` when something due could not end."""

    pulled: int = 0
    """Task versions that were new here."""
    fresh: int = 0
    """Of them, proposals that hold."""
    admitted: int = 0
    twins: int = 0
    ignored: int = 0
    quarantined: int = 0
    alarms: int = 0
    withdrawn: int = 0
    """Withdrawals by agents that were carried out, as far as they were not too late."""
    throttled: int = 0
    """Left on the hub for now: their agent is over its quota."""
    waiting: int = 0
    """Not admitted yet, because something could not be read."""
    pushed: int = 0
    retrying: int = 0
    rejected: int = 0
    """Statements that the hub will not take."""
    provenances: int = 0
    refreshed: int = 0
    """Resources of the chart context that were newer."""
    gone: int = 0
    unrefreshed: bool = False
    """Some of the chart context is as old as it was; nothing rests on it."""
    stopped: bool = False
    unreachable: bool = False
    refused: bool = False
    """The hub does not accept this workspace's client."""
    progress: Progress = field(default=_silent, repr=False, compare=False)

    def tell(self) -> None:
        """Let whoever watches see how far it is."""
        self.progress(self)

    def logged(self) -> dict[str, int]:
        """Return the counts that a log line has room for."""
        names = ("pulled", "admitted", "quarantined", "alarms", "pushed")
        return {name: int(getattr(self, name)) for name in names}

    def counts(self) -> dict[str, int | bool]:
        """Return the counts, for printing."""
        found = asdict(self)
        del found["progress"]
        return found
