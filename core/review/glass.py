"""Breaking the glass: deciding without quorum, named role or consent, signed, loud and reviewed.

It bypasses those three and nothing else: signature, patient check, freeze, grounding display,
policy denial, validation, expiry and attestation bind as ever. Only roles that the policy names in
`[break_glass]` may, and the gateway asks again when it sends. Source: design §8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.canonical import JsonObject, Number
from core.consent import denies
from core.errors import BadInput, Refused
from core.gateway.refresh import judge_again, proposal_body
from core.intake.admit import admit
from core.intake.judge import CONSENT_DENIED
from core.intake.readmit import append_readmitted
from core.ledger.event import About, Actor, Event, instant
from core.ledger.incident_events import BROKEN
from core.lifecycle import State
from core.ports import Reads, Transaction
from core.records import ChangeRow, ProposalRow
from core.review.asking import case_of, check, person_here, route_roles
from core.review.content import read_content
from core.review.permissions import Bypass, bypasses
from core.roster import Person
from core.statement import sign
from core.workspace import Workspace, policy_in_force, roster_in_force

PURPOSES = ("ETREAT", "BTG")
"""v3 ActReason: emergency treatment, break the glass."""
OPENED = "break-glass"
"""Why the revision before is void, where a denied change is admitted again."""
MAX_REASON = 4_000


@dataclass(frozen=True, slots=True)
class Glass:
    """That the reviewer breaks the glass knowingly, and why."""

    reason: str
    purpose: str = "ETREAT"


def check_glass(glass: Glass) -> None:
    """Raise BadInput unless it says why and names a purpose."""
    if not glass.reason.strip() or len(glass.reason) > MAX_REASON:
        raise BadInput(
            f"is missing, or longer than {MAX_REASON} characters",
            field="reason",
            remedy="Say in words why it cannot wait for those who may decide it",
        )
    if glass.purpose not in PURPOSES:
        raise BadInput("is not a purpose", field="purpose", remedy=f"Use {' or '.join(PURPOSES)}")


def breaker_of(
    workspace: Workspace, reads: Reads, change: ChangeRow, hi: datetime
) -> tuple[Person, str]:
    """Return who sits here and the role that the policy lets break the glass.

    Raises Conflict where nothing waits or it has expired, Refused for who may not and where a
    plain approval would do.
    """
    person = check(workspace, reads, "break-glass", change, hi)
    wanted = route_roles(change)
    held = policy_in_force(reads).break_glass & set(person.roles)
    return person, min(held, key=lambda role: (role not in wanted, role))


def bypasses_of(workspace: Workspace, reads: Reads, change: ChangeRow) -> tuple[Bypass, ...]:
    """Return what is bypassed when the person here approves this change now."""
    who = person_here(workspace, roster_in_force(reads))
    return bypasses(who, case_of(reads, change, None))


def readmit(
    workspace: Workspace, transaction: Transaction, row: ProposalRow, change: ChangeRow
) -> None:
    """Admit a change again that only a consent denied; raises Refused for any other denial.

    The state moves with the signed `decision.broke-glass` only, later in this transaction.
    """
    content = replace(read_content(transaction, change), nonce=workspace.ids.nonce())
    proposal_body(transaction, row)
    verdict = judge_again(transaction, row, change, content, workspace.clock.now())
    codes = [reason["code"] for reason in change.reason_list]
    own = [reason.code for reason in verdict.reasons]
    alone = sorted(codes) == sorted([*own, CONSENT_DENIED.code])
    if verdict.outcome != "review" or not alone or not denies(change.consent or ""):
        raise Refused(
            "more than a consent denies this change, and no glass opens that",
            remedy="See `countersign show` for the reasons",
        )
    of, digests = append_readmitted(workspace, transaction, row, change, content, verdict, OPENED)
    admit(workspace, transaction, of, digests, verdict, change.consent or "", before=State.PENDING)


def record_broken(
    workspace: Workspace,
    transaction: Transaction,
    change: ChangeRow,
    decision: JsonObject,
    glass: Glass,
    bypasses: Sequence[str],
) -> None:
    """Append the signed event of an approval that is about to be recorded, and its incident."""
    from core.incident.incidents import open_incident

    signer = workspace.keys.signer("reviewer")
    copied = ("team", "task", "proposal", "index", "revision", "operation", "ehr", "change",
              "bytes", "verdict", "policy", "reviewer", "role", "expires")  # fmt: skip
    payload: JsonObject = {
        "v": Number("1"),
        "id": workspace.ids.uuid(),
        "at": instant(transaction.clock.lo),
        "decision": decision["id"],
        "bypasses": list(bypasses),
        "purpose": glass.purpose,
        **{key: decision[key] for key in copied},
    }
    statement = sign("break-glass", payload, signer)
    kept = ("id", "decision", "reviewer", "role", "bypasses", "purpose")
    denied = change.state == State.DENIED
    actor = Actor("reviewer", str(decision["reviewer"]), signer.kid)
    transaction.append(
        Event(
            BROKEN,
            actor,
            _about(change),
            data={**{key: payload[key] for key in kept}, "statement": statement.text},
            before=State.DENIED if denied else None,
            after=State.PENDING if denied else None,
            refs=({"kind": "break-glass", "digest": statement.digest},),
            body={"reason": glass.reason.strip()},
        )
    )
    open_incident(workspace.ids, transaction, actor, _about(change), "break-glass", "break-glass")


def statements(reads: Reads, change: ChangeRow) -> Mapping[str, str]:
    """Return decision id → the signed statement that broke the glass for it."""
    found = reads.broken_glass(change.proposal, change.idx)
    return {row.decision: row.statement for row in found}


def _about(change: ChangeRow) -> About:
    return About(
        proposal=change.proposal,
        index=change.idx,
        revision=change.revision,
        operation=change.operation,
        ehr=change.ehr,
        patient=change.patient_tag,
    )
