"""Withdrawals that came by the hub: kept until what they are about is in, then carried out.

Source: hub-protocol §6 step 6, §7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.hub.receive import alarm, quarantine
from core.hub.task import outputs
from core.hub.withdrawal import inspect_withdrawal, receive_withdrawal
from core.intake.stage import Origin
from core.ports import Transaction
from core.ports_hub import Held
from core.roster import Roster
from core.statement import InvalidStatement, statement_digest, verify
from core.workspace import roster_in_force
from sync.hub.seen import WAITING, SeenRow

if TYPE_CHECKING:
    from sync.hub.pull import Pull

HELD = "withdrawing"


def take_withdrawal(pull: Pull, transaction: Transaction, held: Held, roster: Roster) -> None:
    """Judge one version of such a Task and remember it; nothing is withdrawn yet."""
    origin = Origin(held.reference, held.version)
    signed = {row.digest for row in transaction.outputs(held.reference)}
    foreign = [
        item for item in outputs(held.resource) if statement_digest(item.text or "") not in signed
    ]
    row = SeenRow(held.reference, held.version, "known")
    if foreign or (not signed and held.resource.get("status") != "requested"):
        row = replace(row, state="alarmed")
        pull.report.alarms += alarm(pull.workspace, transaction, origin, "looks-decided")
    elif not signed:
        asked = inspect_withdrawal(held.resource, held.size, roster, pull.workspace.team)
        if asked.statement is None:
            row = replace(row, state="quarantined")
            quarantine(pull.workspace, transaction, origin, str(asked.code))
            pull.report.quarantined += 1
        else:
            statement = asked.statement
            row = replace(row, state=HELD, digest=statement.digest, statement=statement.text)
    pull.seen.put(row)


def carry_out_withdrawals(pull: Pull) -> None:
    """Carry out what is held, each in a transaction of its own.

    What is about a Task that still waits to be admitted is tried again at the next sync.
    """
    for row in pull.seen.in_state(HELD):
        with pull.workspace.ledger.transaction() as transaction:
            state = _carry_out(pull, transaction, row)
            if state != HELD:
                pull.seen.put(replace(row, state=state, statement=None))


def _carry_out(pull: Pull, transaction: Transaction, row: SeenRow) -> str:
    origin = Origin(row.reference, row.version)
    keys = roster_in_force(transaction).keys_for("withdraw")
    try:
        statement = verify(row.statement or "", "withdraw", keys)
    except InvalidStatement:
        quarantine(pull.workspace, transaction, origin, "signer")
        pull.report.quarantined += 1
        return "quarantined"
    focus = str(statement.payload["task"])
    proposal = transaction.proposal_of_task(focus)
    met = pull.seen.tasks([focus]).get(focus)
    if proposal is None and met is not None and met.state in WAITING:
        return HELD
    state = receive_withdrawal(pull.workspace, transaction, origin, statement, proposal)
    pull.report.quarantined += state == "quarantined"
    pull.report.withdrawn += state == "withdrawn"
    return state
