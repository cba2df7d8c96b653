"""A Task by which an agent withdraws what it proposed: its shape, and what it deserves.

Verified like a proposal: one signed input, by a key that may speak for the agent, about the Task
that it focuses on and the very proposal that was admitted from it. Source: hub-protocol §6 step 6.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import JsonObject, Number
from core.hub.inspect import ENVELOPE, has_envelope
from core.hub.outcome import answer_withdrawal
from core.hub.receive import quarantine
from core.hub.task import AGENT_SYSTEM, MAX_TASK, TASK_SYSTEM, carry, coded, inputs
from core.intake.stage import Origin
from core.ledger.event import Actor
from core.ports import Transaction
from core.records import ProposalRow
from core.review.withdraw import WITHDRAW, apply, named
from core.roster import Roster
from core.statement import InvalidStatement, Statement, verify
from core.workspace import Workspace

MEMBERS = frozenset({*ENVELOPE, "task", "proposal", "agent", "changes"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A withdrawal whose form holds, or the static code of why it does not."""

    code: str | None
    statement: Statement | None = None
    focus: str = ""


def withdrawal_task(agent: str, focus: str, statement: str, authored: str) -> JsonObject:
    """Return the Task as an agent POSTs it; `focus` is the Task that carries the proposal."""
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "proposal",
        "code": {"coding": [{"system": TASK_SYSTEM, "code": WITHDRAW}]},
        "focus": {"reference": focus},
        "authoredOn": authored,
        "requester": {"identifier": {"system": AGENT_SYSTEM, "value": agent}},
        "input": [carry(WITHDRAW, statement)],
    }


def is_withdrawal(task: JsonObject) -> bool:
    """Tell whether a resource is a Task with our withdrawal code."""
    return coded(task, WITHDRAW)


def inspect_withdrawal(task: JsonObject, size: int, roster: Roster, team: str) -> Asked:
    """Judge a withdrawal that was never met, without what it is about."""
    carried = [item for item in inputs(task) if item.kind == WITHDRAW]
    if size > MAX_TASK:
        return Asked("size")
    if len(carried) != 1:
        return Asked("inputs")
    try:
        statement = verify(carried[0].text or "", WITHDRAW, roster.keys_for(WITHDRAW))
    except InvalidStatement:
        return Asked("statement")
    payload = statement.payload
    if not _well_formed(payload):
        return Asked("schema")
    if payload["team"] != team:
        return Asked("team")
    if not roster.may_speak_for(statement.kid, str(payload["agent"])):
        return Asked("signer")
    requester = {"identifier": {"system": AGENT_SYSTEM, "value": payload["agent"]}}
    focus = {"reference": payload["task"]}
    if task.get("requester") != requester or task.get("focus") != focus:
        return Asked("display")
    return Asked(None, statement, str(payload["task"]))


def receive_withdrawal(
    workspace: Workspace,
    transaction: Transaction,
    origin: Origin,
    statement: Statement,
    row: ProposalRow | None,
) -> str:
    """Carry out a withdrawal of `row`, or quarantine it; return `withdrawn` or `quarantined`.

    Whether it came too late for some change, its answer says.
    """
    payload = statement.payload
    wanted = named(statement) or [0]
    if (
        row is None
        or row.agent != payload["agent"]
        or row.digest != payload["proposal"]
        or max(wanted) >= row.changes
    ):
        agent = str(payload["agent"])
        quarantine(
            workspace, transaction, origin, "withdrawal", agent=agent, statement=statement.text
        )
        return "quarantined"
    actor = Actor("agent", row.agent, statement.kid)
    done = apply(workspace, transaction, row, statement, actor)
    answer_withdrawal(workspace, transaction, origin.task, row, done)
    return "withdrawn"


def _well_formed(payload: JsonObject) -> bool:
    texts = (payload.get(name) for name in ("task", "proposal", "agent"))
    return (
        has_envelope(payload)
        and set(payload) <= MEMBERS
        and all(isinstance(text, str) for text in texts)
        and _indexes(payload.get("changes"))
    )


def _indexes(value: object) -> bool:
    if value is None:
        return True
    return (
        isinstance(value, list)
        and 0 < len(value) <= 20
        and all(isinstance(item, Number) and item.text.isdecimal() for item in value)
    )
