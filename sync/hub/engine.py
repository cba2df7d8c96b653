"""One sync: pull, compare when due, admit, refresh the chart context, push.

Source: design §11, §13 (`sync`, `run --once`), hub-protocol §7.
"""

from __future__ import annotations

from collections.abc import Callable

from core.errors import Refused, Unreachable
from core.ports_hub import Hub
from core.workspace import Workspace
from sync.hub.admission import Quota, admit_waiting
from sync.hub.compare import compare, is_due
from sync.hub.context import refresh_context
from sync.hub.provenance_pull import pull_provenances
from sync.hub.pull import Pull, pull_tasks
from sync.hub.push import push, sign_answers
from sync.hub.report import Progress, Report
from sync.hub.seen import Seen
from sync.hub.withdrawals import carry_out_withdrawals
from sync.store.connection import Connection


def never() -> bool:
    """Return that nobody asked to stop."""
    return False


class Engine:
    """The sync of one workspace with its hub; use it while holding the gateway's lease."""

    def __init__(
        self,
        workspace: Workspace,
        hub: Hub,
        connection: Connection,
        *,
        quota: Quota | None = None,
        progress: Progress | None = None,
        stop: Callable[[], bool] = never,
    ) -> None:
        self.report = Report() if progress is None else Report(progress=progress)
        self._connection = connection
        self._quota = quota
        self._pull = Pull(
            workspace, hub, Seen(connection), tuple(workspace.ehrs), self.report, stop
        )

    async def pull(self, *, full: bool = False) -> None:
        """Bring in what changed and admit it; what the hub or EHR withholds is tried next time."""
        pull = self._pull
        try:
            await pull_tasks(pull)
            await pull_provenances(pull)
            if not self.report.stopped and (full or is_due(pull)):
                await compare(pull)
        except Unreachable:
            self.report.unreachable = True
        except Refused:
            self.report.refused = self.report.unreachable = True
        if not self.report.stopped:
            await admit_waiting(pull, self._connection, self._quota)
            carry_out_withdrawals(pull)
        if not self.report.stopped:
            await self._refresh(full=full)

    async def push(self, *, all_waiting: bool = False) -> None:
        """Sign what became of proposals and bring it to their Tasks."""
        sign_answers(self._pull)
        if not self.report.stopped:
            await push(self._pull, all_waiting=all_waiting)

    async def _refresh(self, *, full: bool) -> None:
        workspace = self._pull.workspace
        try:
            done = await refresh_context(
                self._connection,
                workspace.ledger,
                workspace.ehrs,
                workspace.clock.now(),
                full,
            )
        except Refused:
            self.report.unrefreshed = True
            return
        self.report.refreshed += done.fetched
        self.report.gone += done.gone
        self.report.unrefreshed = done.unreachable
