"""The work of the audit beside the loop: searching and verifying in threads.

The threads read on connections of their own and touch nothing of the screen; what they find comes
as messages, and the screen takes it up between two keys.
"""

from __future__ import annotations

from textual import work
from textual.message import Message
from textual.worker import Worker, WorkerState, get_current_worker

from console.audit_search import Search, Stopped, Verification
from console.screens.listing import ListScreen
from core.audit.search import Found, search
from core.audit.verify import Verified
from core.errors import CountersignError

TOLD_S = 0.15
"""How often a search shows what it found; each time the list is painted."""


class Auditing(ListScreen[None], inherit_bindings=False):
    """A screen that searches the ledger and verifies it."""

    class Walked(Message):
        """A step of a search is done."""

        def __init__(self, one: Search, run: int, found: Found) -> None:
            super().__init__()
            self.one = one
            self.run = run
            self.found = found

    class Told(Message):
        """A verification came further."""

        def __init__(self, what: str, done: int, of: int) -> None:
            super().__init__()
            self.step = (what, done, of)

    def __init__(self) -> None:
        super().__init__()
        self.search: Search | None = None
        self.verification = Verification()
        self._searcher: Worker[int] | None = None
        self._verifier: Worker[Verified] | None = None

    @property
    def searching(self) -> bool:
        """Whether a search goes on."""
        return self.search is not None and self.search.running

    def start_search(self, one: Search, high: int, low: int = 0) -> None:
        """Look at the events with `low ≤ seq < high` in a thread, newest first."""
        self.stop_search()
        self.search = one
        one.running = True
        self._searcher = self._look(one, one.run, high, low)

    def stop_search(self) -> None:
        """End the search where it is."""
        if self.search is not None and self.search.running:
            self.search.stop()
            self.workers.cancel_group(self, "search")

    def start_verification(self) -> None:
        """Verify the whole ledger in a thread."""
        self.verification.begin()
        self._verifier = self._verify()

    def stop_verification(self) -> None:
        """End the verification without a result."""
        self.verification.running = False
        self.workers.cancel_group(self, "verification")

    def search_moved(self, newer: int = 0) -> None:
        """Show how far the search is; `newer` events were put on top."""

    def verification_moved(self) -> None:
        """Show how far the verification is, or how it ended."""

    @work(thread=True, exclusive=True, group="search", exit_on_error=False)
    def _look(self, one: Search, run: int, high: int, low: int) -> int:
        worker, now = get_current_worker(), self.console_app.monotonic
        seqs: list[int] = []
        told = now()
        with self.console_app.session.reading() as reads:
            for found in search(reads, one.wanted, high, low):
                if worker.is_cancelled:
                    break
                seqs += found.seqs
                if now() - told >= TOLD_S:
                    self.post_message(self.Walked(one, run, Found(seqs, found.reached)))
                    seqs, told = [], now()
            else:
                self.post_message(self.Walked(one, run, Found(seqs, low)))
        return run

    @work(thread=True, exclusive=True, group="verification", exit_on_error=False)
    def _verify(self) -> Verified:
        worker = get_current_worker()

        def tell(what: str, done: int, of: int) -> None:
            if worker.is_cancelled:
                raise Stopped
            self.post_message(self.Told(what, done, of))

        return self.console_app.session.verified(tell)

    def on_auditing_walked(self, message: Walked) -> None:
        """Take up what a search found; one that was stopped since says nothing more."""
        one = self.search
        if one is message.one and one.run == message.run and one.running:
            one.take(message.found)
            self.search_moved()

    def on_auditing_told(self, message: Told) -> None:
        """Take up how far the verification is."""
        if self.verification.running:
            self.verification.tell(*message.step)
            self.verification_moved()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take up how a search or a verification ended."""
        if event.worker is self._searcher and self.searching:
            self._search_ended(event)
        elif event.worker is self._verifier and self.verification.running:
            self._verification_ended(event)

    def _search_ended(self, event: Worker.StateChanged) -> None:
        if self.search is None:
            return
        if event.state == WorkerState.SUCCESS:
            self.search_moved(self.search.end())
        elif event.state == WorkerState.ERROR:
            self.search.stop()
            self._failed("The search", event.worker)
            self.search_moved()

    def _verification_ended(self, event: Worker.StateChanged) -> None:
        if event.state == WorkerState.SUCCESS:
            self.verification.running = False
            self.verification.found = event.worker.result
            self.verification_moved()
        elif event.state == WorkerState.ERROR:
            self.verification.running = False
            self._failed("The verification", event.worker)
            self.verification_moved()

    def _failed(self, what: str, worker: Worker[object]) -> None:
        """Say why it ended; what an unexpected error says is never shown."""
        error = worker.error
        known = isinstance(error, CountersignError)
        words = str(error) if known else type(error).__name__
        self.console_app.say(f"{what} ended: {words}", error=True)
