"""A desk whose store can be read and verified from another thread, and tools for its screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from textual.app import App
from textual.pilot import Pilot
from textual.worker import WorkerFailed

from console.app import ConsoleApp
from console.screens.audit import AuditScreen
from core.audit.verify import Tell, Verified
from sync.store.connection import connect
from sync.store.ledger import StoreLedger
from sync.store.verify import verify_store
from tests.console.desk import Desk, text_of


class AuditDesk(Desk):
    """`before` runs in the thread of each search and verification, before it begins."""

    compared = "compared with the EHR's copy of the head"
    before: Callable[[], None] = staticmethod(lambda: None)

    @contextmanager
    def reading(self) -> Iterator[StoreLedger]:
        connection = connect(self.bench.path, None)
        try:
            self.before()
            yield StoreLedger(connection, self.clock, None)
        finally:
            connection.close()

    def heads(self, reads: StoreLedger) -> list[tuple[str, str]]:
        note = reads.head()
        assert note is not None
        return [("the head file", note)]

    def verified(self, tell: Tell) -> Verified:
        with self.reading() as reads:
            report = verify_store(reads.connection, self.heads(reads), tell)
        return Verified(report, min(report.events, self.anchored_size(None)), self.compared)


def audit(app: App[Any]) -> AuditScreen:
    """Return the screen."""
    assert isinstance(app.screen, AuditScreen), app.screen
    return app.screen


def seen(pilot: Pilot[Any]) -> str:
    """Return what stands on the screen."""
    return text_of(cast("ConsoleApp", pilot.app))


def notice(pilot: Pilot[Any]) -> str:
    """Return the message that is shown."""
    return cast("ConsoleApp", pilot.app).notice.text


async def opened(pilot: Pilot[Any]) -> AuditScreen:
    """Go to the audit."""
    await pilot.press("4")
    await pilot.pause()
    return audit(pilot.app)


async def settled(pilot: Pilot[Any]) -> None:
    """Wait for the threads of this screen, and until what they told is on it."""
    ours = [one for one in pilot.app.workers if one.group in ("search", "verification")]
    with suppress(WorkerFailed):  # the screen says so, and that is what tests look at
        await pilot.app.workers.wait_for_complete(ours)
    await pilot.pause()
    await pilot.pause()
