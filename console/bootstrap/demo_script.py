"""What goes on in the demo's clinic while the console is open, on a thread of its own.

Agents propose through the hub, a colleague gives a second approval, somebody edits a chart at the
EHR, and the EHR is away for a while. A script that fails says so; it never fails in silence.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from console.bootstrap.logs import note
from console.bootstrap.opening import Opened
from core.canonical import JsonObject
from core.errors import CountersignError
from core.lifecycle import State
from core.review.decide import Answer, decide
from sync.clinic import chart
from sync.clinic.live import ALTERED, Agents, at_work, first_cases, later_cases, stream
from sync.keys.ring import Ed25519Signer, KeyRing
from sync.sandbox import Sandbox
from sync.sandbox.clients import IssuedClient
from sync.sandbox.serve import Serving
from sync.workspace.folder import beside

COLLEAGUE = "demo-physician-2"
OUTAGE_AT, OUTAGE_S = 125, 30
EDIT_AT, EDITED = 35, "Patient/syn-0009"
OPINIONS = {5: ("meds-1", "medication-change"), 65: ("message-1", "message-to-patient")}
"""When a colleague approves what asks for two: second → agent and case."""
THREAD = "demo-script"
ENOUGH = 60
"""With so many waiting, the agents pause."""
Step = Callable[[], Awaitable[None]]


@dataclass
class Script:
    """The clinic's life; `problem` is the kind of error that ended it, or nothing."""

    opened: Opened
    sandbox: Sandbox
    place: Serving
    client: IssuedClient
    signers: Mapping[str, Ed25519Signer]
    colleagues: Mapping[str, KeyRing]
    problem: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self.opened.alarm = self._alarm

    def _alarm(self) -> str:
        return f"the demo's agents stopped ({self.problem})" if self.problem else ""

    @contextmanager
    def running(self, seed: int) -> Iterator[None]:
        """Let it run beside what is done in this context; it ends with it."""
        thread = threading.Thread(target=self._run, args=(seed,), daemon=True, name=THREAD)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _run(self, seed: int) -> None:
        try:
            asyncio.run(self.play(seed, self._wait))
        except Exception as error:  # noqa: BLE001  whatever it was, it is told and never shown
            self.problem = type(error).__name__
            note("demo.stopped", error=self.problem)

    async def _wait(self, seconds: float) -> bool:
        return not await asyncio.to_thread(self._stop.wait, seconds)

    async def play(self, seed: int, wait: Callable[[float], Awaitable[bool]]) -> None:
        """Play the script, then the stream of variations; `wait` tells when to end."""
        async with self._agents() as agents:
            await self._play(agents, seed, wait)

    async def propose_first(self) -> None:
        """Propose what is there before the first paint."""
        async with self._agents() as agents:
            for case in first_cases():
                await agents.post(case.document)

    def _agents(self) -> AbstractAsyncContextManager[Agents]:
        opened = self.opened
        return at_work(
            self.place.base_url, self.place.token_url, self.client, self.signers, opened.team,
            opened.clock, opened.ids,
        )  # fmt: skip

    async def _play(
        self, agents: Agents, seed: int, wait: Callable[[float], Awaitable[bool]]
    ) -> None:
        now = 0
        for at, step in self.steps(agents, wait):
            if not await wait(at - now):
                return
            now = at
            await step()
        for gap, document in stream(seed):
            if not await wait(gap):
                return
            if self.opened_count() < ENOUGH:
                await agents.keep_posting(document, wait)

    def steps(
        self, agents: Agents, wait: Callable[[float], Awaitable[bool]]
    ) -> list[tuple[int, Step]]:
        """Return what happens when, in order."""

        def propose(document: JsonObject, *, again: bool) -> Step:
            return lambda: agents.keep_posting(document, wait, again=again)

        found: list[tuple[int, Step]] = [
            (case.at, propose(case.document, again=case.name == ALTERED)) for case in later_cases()
        ]
        found += [
            *((at, partial(self.second_opinion, *one)) for at, one in OPINIONS.items()),
            (EDIT_AT, self.edit_chart),
            (OUTAGE_AT, self.go_away),
        ]
        return sorted(found, key=lambda one: one[0])

    def opened_count(self) -> int:
        """Return how many changes wait, on a connection of this thread."""
        with self._beside() as mine:
            return mine.ledger.state_counts().get(State.PENDING, 0)

    async def second_opinion(self, agent: str, name: str) -> None:
        """Let a colleague approve a case that asks for two, with their own key."""
        with self._beside() as mine:
            ring = self.colleagues.get(COLLEAGUE)
            row = mine.ledger.same_proposal(agent, name)
            change = None if row is None else mine.ledger.change(row.id, 0)
            if ring is None or row is None or change is None:
                return
            keys = replace(mine.folder.keys, signers={
                **mine.folder.keys.signers, "reviewer": ring.signers["reviewer"]})  # fmt: skip
            workspace = replace(mine.offline(), reviewer=COLLEAGUE, keys=keys)
            try:
                decide(workspace, row.id, 0, Answer("approve", seen=change.change_digest))
            except CountersignError as error:
                note("demo.colleague", error=type(error).__name__)

    async def edit_chart(self) -> None:
        """Change a phone number at the EHR itself, so that a proposal rests on a stale base."""
        found = next(one for one in chart() if f"{one['resourceType']}/{one['id']}" == EDITED)
        telecom = [{**found["telecom"][0], "value": "555-0188"}]
        self.sandbox.seed([{**found, "telecom": telecom}])

    async def go_away(self) -> None:
        """Let the EHR, which is the hub as well, be away for half a minute."""
        self.sandbox.outage.begin(OUTAGE_S)

    @contextmanager
    def _beside(self) -> Iterator[Opened]:
        mine = replace(self.opened, folder=beside(self.opened.folder, self.opened.clock))
        try:
            yield mine
        finally:
            mine.close()
