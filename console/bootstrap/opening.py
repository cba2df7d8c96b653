"""Opening a workspace for a command or for the console."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from console.bootstrap.logs import begin as begin_log
from console.bootstrap.logs import note
from console.bootstrap.passphrase import passphrase
from console.bootstrap.system import SystemClock, SystemIds
from sync.store.attention import StoreAttention
from sync.store.ledger import StoreLedger
from sync.workspace.folder import OpenWorkspace, beside, find, open_workspace

# What the first paint does not use is imported where it is used: a start that waits is a start
# that people work around.
if TYPE_CHECKING:
    import argparse

    from console.watch import Watch
    from core.audit.verify import Report as Examined
    from core.audit.verify import Tell, Verified
    from core.gateway.run import Round
    from core.ports import Clock, Ehr, Ids
    from core.traffic.pace import Pace
    from core.workspace import Workspace
    from sync.hub.engine import Engine
    from sync.hub.report import Report


@dataclass
class Opened:
    """An opened workspace with everything around its ledger."""

    folder: OpenWorkspace
    clock: Clock
    ids: Ids
    alarm: Callable[[], str] = str
    """What is wrong with something that runs beside this workspace; nothing where nothing is."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds on a clock that only goes forward, by which the traffic is paced."""
    paces: dict[str, Pace] = field(default_factory=dict)
    """EHR → the pace that the gateway's rounds have learned."""

    @property
    def ledger(self) -> StoreLedger:
        """The ledger, and every read of the store."""
        return self.folder.ledger

    @property
    def attention(self) -> StoreAttention:
        """Who looks at what."""
        return StoreAttention(self.folder.connection)

    @property
    def team(self) -> str:
        """The team that every signed statement names."""
        return self.folder.config.team

    @property
    def reviewer(self) -> str:
        """Who sits at this terminal."""
        return self.folder.config.reviewer

    @property
    def ehr_names(self) -> Sequence[str]:
        """The EHRs of this workspace."""
        return list(self.folder.config.ehr)

    def offline(self) -> Workspace:
        """Return the use cases' workspace with no EHR at hand: deciding needs none."""
        return self._workspace({})

    @asynccontextmanager
    async def connected(self, *, gateway: bool = False) -> AsyncIterator[Workspace]:
        """Return the use cases' workspace with a client for each EHR, behind its gate.

        The `gateway` sends several writes at once, at the pace that its last round learned.
        """
        from console.bootstrap.connecting import connect_ehr
        from console.bootstrap.traffic import gate_of
        from sync.traffic import Lanes, Limited
        from sync.traffic.flights import begun_ahead

        async with AsyncExitStack() as stack:
            ehrs: dict[str, Limited] = {}
            width = 1
            for name in self.ehr_names:
                gate = gate_of(self, name, gateway=gateway)
                client = await stack.enter_async_context(await connect_ehr(self, name, gate))
                ehrs[name] = Limited(client, gate)
                width = max(width, begun_ahead(gate.limits.concurrency))
            yield replace(self._workspace(dict(ehrs)), traffic=Lanes(ehrs, width))

    @asynccontextmanager
    async def hub_sync(
        self, workspace: Workspace, watch: Watch | None = None
    ) -> AsyncIterator[Engine | None]:
        """Return the sync with the hub, or None where this workspace has no client for it."""
        from console.bootstrap.hub import hub_sync

        async with hub_sync(self, workspace, watch) as engine:
            yield engine

    async def round(
        self, workspace: Workspace, epoch: int, watch: Watch | None = None
    ) -> tuple[Round, Report | None]:
        """Pull, push, send, reconcile, push: what a gateway does in one round.

        The ledger's head is published before and after. A hub that cannot be reached holds up
        nothing that is due at the EHR.
        """
        from core.gateway.run import run_once

        published = await self.publish(workspace)
        async with self.hub_sync(workspace, watch) as engine:
            if engine is not None:
                await engine.pull()
                await engine.push()
            done = await run_once(workspace, epoch)
            if engine is not None:
                await engine.push()
        published = await self.publish(workspace) and published
        report = None if engine is None else engine.report
        done.unpublished = not published
        done.unreachable = done.unreachable or not published or bool(report and report.unreachable)
        note(
            "round.ended",
            sent=done.sent,
            verified=done.verified,
            exceptions=done.exceptions,
            unreachable=done.unreachable,
            **({} if report is None else report.logged()),
        )
        return done, report

    @contextmanager
    def lease(self, timeout_s: float) -> Iterator[int]:
        """Be the gateway of this workspace; Conflict when another process stays it."""
        from sync.workspace.lease import GatewayLease

        lease = GatewayLease(self.folder.path, self.folder.connection)
        try:
            yield lease.acquire(timeout_s)
        finally:
            lease.release()

    def verify(self, published: str | None, tell: Tell | None = None) -> Examined:
        """Verify the whole store against every head that is kept outside it."""
        from core.audit.verify import quiet
        from sync.store.verify import verify_store

        heads = [("the head file", self.folder.head.read()), ("the EHR's register", published)]
        kept = [(place, note) for place, note in heads if note]
        return verify_store(self.folder.connection, kept, tell or quiet)

    def verified(self, tell: Tell, *, offline: bool = False) -> Verified:
        """Verify the whole store on a connection of its own, for a thread beside the screen.

        What `tell` raises ends it; errors of reading the EHR's copy of the head are raised, except
        that it cannot be reached.
        """
        from console.bootstrap.verifying import verify_whole

        beside_us = replace(self, folder=beside(self.folder, self.clock))
        try:
            return verify_whole(beside_us, tell, offline=offline)
        finally:
            beside_us.close()

    @contextmanager
    def reading(self) -> Iterator[StoreLedger]:
        """Return the reads of the store on a connection of their own, for another thread."""
        other = beside(self.folder, self.clock)
        try:
            yield other.ledger
        finally:
            other.close()

    async def published_head(self) -> str | None:
        """Return the newest head that an EHR holds; raises Unreachable."""
        from core.gateway.anchor import read_register

        async with self.connected() as workspace:
            for ehr in workspace.ehrs.values():
                anchor = self.ledger.anchor(ehr.name)
                pinned = None if anchor is None else anchor.reference
                register = await read_register(ehr, self.register, pinned)
                if register is not None:
                    return register.note
        return None

    async def publish(self, workspace: Workspace) -> bool:
        """Publish the newest head to each EHR; False when one did not take it.

        Raises Failed when a register shows that this store was cut or restored.
        """
        from sync.store.anchor import publish_head

        done = True
        for ehr in workspace.ehrs.values():
            done = await publish_head(self.ledger, ehr, self.register, self.clock) and done
        return done

    @property
    def register(self) -> str:
        """The name of this ledger's register."""
        from core.gateway.anchor import register_name

        return register_name(self.team, self.ledger.id)

    def anchored_size(self, published: str | None) -> int:
        """Return how many events the newest published head covers, as far as is known."""
        from core.ledger.recovery_events import given_up

        if published is not None and published not in given_up(self.ledger):
            size = published.split("\n")[1]
            return int(size) if size.isdigit() else 0
        anchors = [self.ledger.anchor(name) for name in self.ehr_names]
        return max((anchor.size for anchor in anchors if anchor is not None), default=0)

    def gateway_round(self, watch: Watch) -> Round | None:
        """Do one round as the gateway on a connection of its own, for a thread beside the screen.

        None while another process is the gateway; raises Unreachable and other errors.
        """
        import asyncio

        from sync.workspace.lease import LeaseHeld

        beside_us = replace(self, folder=beside(self.folder, self.clock))

        async def one_round(epoch: int) -> Round:
            from console.bootstrap.telling import tended

            async with (
                tended(beside_us) as swept,
                beside_us.connected(gateway=True) as workspace,
            ):
                done, _ = await beside_us.round(workspace, epoch, watch)
                done.take(swept)
                return done

        try:
            with beside_us.lease(0) as epoch:
                return asyncio.run(one_round(epoch))
        except LeaseHeld:
            return None
        finally:
            beside_us.close()

    def change_counter(self) -> int:
        """Return a number that moves when another connection has written to the store."""
        return int(self.folder.connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the store."""
        self.folder.close()

    def _workspace(self, ehrs: dict[str, Ehr]) -> Workspace:
        from core.consent.chart import ChartConsents
        from core.workspace import Workspace

        return Workspace(
            team=self.team,
            reviewer=self.reviewer,
            ledger=self.ledger,
            keys=self.folder.keys,
            clock=self.clock,
            ids=self.ids,
            ehrs=ehrs,
            consents=ChartConsents(self.ledger, self.clock),
            addresses={name: place.base_url for name, place in self.folder.config.ehr.items()},
        )


@contextmanager
def open_here(args: argparse.Namespace) -> Iterator[Opened]:
    """Open the workspace that the arguments or the environment name."""
    clock = SystemClock()
    folder = open_workspace(find(args.workspace, os.environ), passphrase, clock)
    opened = Opened(folder, clock, SystemIds())
    try:
        begin_log(folder.path)
        yield opened
    finally:
        opened.close()
