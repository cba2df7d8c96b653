"""Admitting what was pulled: in fair order across agents, within each agent's quota.

Source: hub-protocol §6 step 2, §8 (flood).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from core.canonical import encode, parse_object
from core.hub.inspect import ENVELOPE
from core.hub.receive import quarantine, receive
from core.intake.documents import Document
from core.intake.quota import Throttled, content_tag, repeats_wait
from core.intake.stage import Origin
from core.ledger.event import instant
from core.policy import Agent
from core.policy.limits import capped_urgency
from core.proposal import read
from core.statement import InvalidStatement, Statement, verify
from core.traffic.pressure import check_pressure
from core.workspace import policy_in_force, roster_in_force
from sync.hub.pull import Pull
from sync.hub.seen import SeenRow
from sync.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of each agent is let in, in place of what the policy says of it."""

    open: int = 1000
    per_hour: int = 2000


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: SeenRow
    statement: Statement
    item: Document
    agent: str


async def admit_waiting(pull: Pull, connection: Connection, quota: Quota | None) -> None:
    """Admit every Task that waits, as far as the EHR can be read; what cannot stays waiting.

    Without `quota` the policy in force says how much of each agent is let in.
    """
    used = _Used(pull, connection, quota)
    for waiting in _fair(_readable(pull)):
        if pull.stop():
            pull.report.stopped = True
            return
        if not used.leaves_room(waiting):
            _mark(pull, waiting.row, "throttled")
            pull.report.throttled += 1
            continue
        if not await _admit(pull, waiting):
            pull.report.unreachable = True
            return
        used.add(waiting.agent)
        pull.report.tell()


async def _admit(pull: Pull, waiting: _Waiting) -> bool:
    """Admit one; return False when the EHR cannot be read, so that no other need be tried."""
    row = waiting.row
    origin = Origin(row.reference, row.version)
    received = await receive(pull.workspace, waiting.item, waiting.statement, origin)
    _mark(pull, row, received.state, received.proposal)
    counter = {"admitted": "admitted", "twin": "twins", "quarantined": "quarantined"}
    name = counter.get(received.state, "waiting")
    setattr(pull.report, name, getattr(pull.report, name) + 1)
    return not received.unreachable


def _mark(pull: Pull, row: SeenRow, state: str, proposal: str | None = None) -> None:
    waits = state in ("waiting", "throttled")
    kept = row.statement if waits else None
    with pull.workspace.ledger.transaction():
        pull.seen.put(replace(row, state=state, statement=kept, proposal=proposal))


def _readable(pull: Pull) -> Iterator[_Waiting]:
    """Verify once more what was kept: the roster may have changed since it was pulled."""
    keys = roster_in_force(pull.workspace.ledger).keys_for("proposal")
    for row in pull.seen.waiting():
        try:
            statement = verify(row.statement or "", "proposal", keys)
        except InvalidStatement:
            _no_longer_enrolled(pull, row)
            continue
        members = statement.payload.items()
        document = {key: value for key, value in members if key not in ENVELOPE}
        proposal = read(document)
        item = Document(None, encode(document), proposal, None)
        yield _Waiting(row, statement, item, proposal.agent.id)


def _no_longer_enrolled(pull: Pull, row: SeenRow) -> None:
    with pull.workspace.ledger.transaction() as transaction:
        quarantine(pull.workspace, transaction, Origin(row.reference, row.version), "signer")
        pull.seen.put(replace(row, state="quarantined", statement=None))
    pull.report.quarantined += 1


def _fair(found: Iterable[_Waiting]) -> Iterator[_Waiting]:
    """Take one of each agent in turn, each agent's own in order."""
    queues: dict[str, deque[_Waiting]] = defaultdict(deque)
    for waiting in found:
        queues[waiting.agent].append(waiting)
    while queues:
        for agent in list(queues):
            yield queues[agent].popleft()
            if not queues[agent]:
                del queues[agent]


class _Used:
    """How much of its quota each agent has used."""

    def __init__(self, pull: Pull, connection: Connection, quota: Quota | None):
        self._quota = quota
        self._workspace = pull.workspace
        self._policy = policy_in_force(pull.workspace.ledger)
        now = self._now = pull.workspace.clock.now()
        self._open = _counts(
            connection,
            "SELECT agent, count(DISTINCT proposal) FROM change"
            " WHERE state IN ('proposed', 'policy-approved', 'pending-human-review', 'deferred',"
            " 'expired') GROUP BY agent",
        )
        self._hour = _counts(
            connection,
            "SELECT agent, count(*) FROM proposal WHERE at >= ? GROUP BY agent",
            instant(now - timedelta(hours=1)),
        )

    def leaves_room(self, waiting: _Waiting) -> bool:
        agent = self._policy.agent(waiting.agent)
        quota = self._quota or Quota(agent.max_open, agent.max_per_hour)
        if (
            self._open.get(agent.id, 0) >= quota.open
            or self._hour.get(agent.id, 0) >= quota.per_hour
        ):
            return False
        tag = content_tag(self._workspace.keys.pepper, parse_object(waiting.item.data))
        return repeats_wait(self._workspace.ledger, agent, tag, self._now) is None and (
            self._carried_through(waiting, agent)
        )

    def _carried_through(self, waiting: _Waiting, agent: Agent) -> bool:
        proposal = waiting.item.proposal
        if proposal is None:
            return True
        urgency = capped_urgency(agent, proposal.urgency)
        try:
            check_pressure(self._workspace.ledger, agent.id, proposal.ehr, urgency, self._now)
        except Throttled:
            return False
        return True

    def add(self, agent: str) -> None:
        self._open[agent] = self._open.get(agent, 0) + 1
        self._hour[agent] = self._hour.get(agent, 0) + 1


def _counts(connection: Connection, query: str, *values: str) -> dict[str, int]:
    return {str(agent): int(count) for agent, count in connection.execute(query, values)}
