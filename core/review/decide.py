"""A reviewer's signed answer to one change: approve, reject or defer.

Source: design §8, hub-protocol §2 (decision payload). The decision, its effect on the change and
on what depends on it are one transaction; nothing is decided by silence or by a stale view.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from core.digests import shown_digest
from core.errors import BadInput, Conflict, NotFound, Refused
from core.ports import Reads
from core.records import ChangeRow, ProposalRow
from core.review.attestation import check_attested
from core.review.dependencies import check_known
from core.review.reasons import check_reason
from core.review.recording import Answer, Case, Decided, Looked, Outcome, record
from core.review.voiding import about, send_back_dependents, void
from core.review.voting import check_pending, standing
from core.roster import Person, Roster, parse_roster
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
        check_pending(change, transaction.clock.hi)
        shown = shown_digest(found.digest, [one.change_digest for one in changes])
        if answer.outcome == "approve" or answer.seen is not None:
            _check_seen(change, shown, answer.seen)
        attested = check_attested(change, answer.attested) if answer.outcome == "approve" else []
        adopted = document(transaction, "roster")
        person, role = reviewer_of(workspace, parse_roster(adopted.document), change)
        earlier = standing(transaction, change)
        if any(vote.reviewer == person.id for vote in earlier):
            raise Conflict(
                "you have already decided this change", remedy="Another person must decide too"
            )
        number, without = adopted.number, []
        if answer.outcome == "approve":
            without = check_known(transaction, change, person.id, answer.without)
        case = Case(
            found, change, answer, person.id, role, number, shown, earlier, attested, without
        )
        return record(workspace, transaction, case)


def _check_answer(answer: Answer, workspace: Workspace) -> None:
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


def reviewer_of(workspace: Workspace, roster: Roster, change: ChangeRow) -> tuple[Person, str]:
    """Return who sits here and the role they decide this change in; raises Refused."""
    person = roster.person(workspace.reviewer)
    kid = workspace.keys.signer("reviewer").kid
    if not any(key.kid == kid and not key.revoked for key in person.keys):
        raise Refused("your signing key is not enrolled, or was revoked", remedy="See `roster`")
    route = change.route_json
    wanted = [] if route is None else list(route["roles"])
    for role in wanted:
        if role in person.roles:
            return person, str(role)
    raise Refused(
        f"this route asks for {' or '.join(map(str, wanted))}",
        remedy="Leave it to somebody who holds that role",
    )
