"""A reviewer's signed answer to one change: approve, reject or defer.

Source: design §8, hub-protocol §2 (decision payload). The decision, its effect on the change and
on what depends on it are one transaction; nothing is decided by silence or by a stale view.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime

from core.consent import denies, permits
from core.digests import shown_digest
from core.errors import BadInput, Conflict, NotFound, Refused
from core.lifecycle import State
from core.ports import Reads
from core.records import ChangeRow, ProposalRow
from core.review.asking import check, route_roles
from core.review.attestation import check_attested
from core.review.dependencies import check_known
from core.review.glass import breaker_of, bypasses_of, check_glass, readmit
from core.review.hidden import check_not_hidden
from core.review.reasons import check_reason
from core.review.recording import Answer, Case, Decided, Looked, Outcome, record
from core.review.streak import check_pace
from core.review.voiding import about, send_back_dependents, void
from core.review.voting import standing
from core.roster import Person
from core.workspace import Workspace, document

__all__ = [
    "Answer",
    "Decided",
    "Looked",
    "Outcome",
    "about",
    "decide",
    "reviewer_of",
    "send_back_dependents",
    "shown_hash",
    "void",
]


def shown_hash(reads: Reads, proposal: ProposalRow) -> str:
    """Return the hash that `show` prints for a whole proposal."""
    changes = reads.changes(proposal.id)
    return shown_digest(proposal.digest, [change.change_digest for change in changes])


def decide(workspace: Workspace, proposal: str, index: int, answer: Answer) -> Decided:
    """Record one signed decision durably and return what became of the change.

    Raises NotFound, Conflict (stale hash, no longer pending, expired, already decided by this
    reviewer, resting on what is gone meanwhile), Refused (role), BadInput (reason, date, or what
    must be attested).
    """
    _check_answer(answer, workspace)
    with workspace.ledger.transaction() as transaction:
        found, changes = _find(transaction, proposal, index)
        change = changes[index]
        opens = answer.glass is not None and change.state == State.DENIED
        if answer.glass is None:
            person, role = reviewer_of(
                workspace, transaction, answer.outcome, change, transaction.clock.hi
            )
        else:
            person, role = breaker_of(workspace, transaction, change, transaction.clock.hi)
        shown = shown_digest(found.digest, [one.change_digest for one in changes])
        if answer.outcome == "approve" or answer.seen is not None:
            _check_seen(change, shown, answer.seen)
        if opens:
            readmit(workspace, transaction, found, change)
            found, changes = _find(transaction, proposal, index)
            change = changes[index]
            shown = shown_digest(found.digest, [one.change_digest for one in changes])
        attested: list[str] = []
        without: list[int] = []
        if answer.outcome == "approve":
            if not answer.together:
                check_pace(transaction, change, person.id, transaction.clock.lo)
            check_consent_read(change, answer)
            check_not_hidden(workspace, transaction, change)
            attested = check_attested(change, answer.attested)
            without = check_known(transaction, change, person.id, answer.without)
        roster, earlier = document(transaction, "roster").number, standing(transaction, change)
        bypasses = () if answer.glass is None else bypasses_of(workspace, transaction, change)
        case = Case(
            found, change, answer, person.id, role, roster, shown, earlier, attested, without,
            bypasses,
        )  # fmt: skip
        return record(workspace, transaction, case)


def _check_answer(answer: Answer, workspace: Workspace) -> None:
    if answer.glass is not None:
        if answer.outcome != "approve":
            raise BadInput("goes with approve only", field="break-glass")
        check_glass(answer.glass)
    if answer.attested and answer.outcome != "approve":
        raise BadInput("only an approval attests something", field="attest")
    if answer.outcome == "reject":
        check_reason(answer.reason or "")
        if answer.reason == "other" and not answer.note:
            raise BadInput("is missing", field="note", remedy="Say in words why")
    if answer.outcome == "defer" and (
        answer.until is None or answer.until <= workspace.clock.now()
    ):
        raise BadInput("is not in the future", field="until", remedy="Name a later date and time")


def _find(reads: Reads, proposal: str, index: int) -> tuple[ProposalRow, Sequence[ChangeRow]]:
    found, changes = reads.proposal(proposal), reads.changes(proposal)
    if found is None or not 0 <= index < len(changes):
        raise NotFound(
            f"no change {index} in that proposal", remedy="See `countersign queue` for ids"
        )
    return found, changes


def _check_seen(change: ChangeRow, shown: str, seen: str | None) -> None:
    valid = (change.change_digest, shown)
    if seen is None or not any(hmac.compare_digest(seen, one) for one in valid):
        raise Conflict(
            "the hash is not that of what is waiting now",
            field="hash",
            remedy="Look at it again with `countersign show` and approve what you see",
        )


def check_consent_read(change: ChangeRow, answer: Answer) -> None:
    """Raise Refused unless the patient's Consents were read and permit, as far as is known here.

    A denial that was read is what breaking the glass may bypass; a doubt it may not.
    """
    consent = change.consent or ""
    if permits(consent) or (answer.glass is not None and denies(consent)):
        return
    if denies(consent):
        raise Refused(
            "a Consent of the patient denies it", field="consent", remedy="Reject the change"
        )
    raise Refused(
        "the patient's Consents cannot be read, or contradict each other",
        field="consent",
        remedy="Have them settled in the chart; they are read again by itself, or reject it",
    )


def reviewer_of(
    workspace: Workspace, reads: Reads, act: str, change: ChangeRow, hi: datetime
) -> tuple[Person, str]:
    """Return who sits here and the role they decide this change in; raises Conflict, Refused."""
    person = check(workspace, reads, act, change, hi)
    role = next((role for role in route_roles(change) if role in person.roles), None)
    if role is None:
        raise Refused("you hold no role of this route", remedy="Leave it to somebody who does")
    return person, role
