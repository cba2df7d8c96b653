"""Incidents: opened by a person or a detector, told to who must act, closed with a reason.

Source: design §12. The categories are the article's seven, and the review that every breaking of
the glass asks for. What is said in words stands in the body; category and severity decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from core.canonical import JsonObject, Number, exact
from core.errors import BadInput, NotFound
from core.ledger.event import About, Actor, Event, instant
from core.ledger.incident_events import CLOSED, DECLARED
from core.notice import Notice, raise_notice
from core.ports import Ids, Transaction
from core.review.asking import check
from core.review.decide import about
from core.review.voting import find_change
from core.roster import Person
from core.statement import Statement, sign
from core.workspace import Workspace

Category = Literal[
    "data-corruption", "unauthorized-access", "consent-mismatch", "hallucinated-write-back",
    "duplicate-write-back", "misrouted-communication", "delayed-critical-update", "break-glass",
]  # fmt: skip
CATEGORIES: tuple[str, ...] = get_args(Category)
"""The article's seven in its order; then `break-glass`, which is none of them and needs review."""
Severity = Literal["moderate", "high", "critical"]
SEVERITIES: tuple[str, ...] = get_args(Severity)
_SEVERITY: dict[str, str] = {
    "data-corruption": "critical",
    "unauthorized-access": "critical",
    "hallucinated-write-back": "critical",
    "delayed-critical-update": "critical",
    "consent-mismatch": "high",
    "duplicate-write-back": "high",
    "misrouted-communication": "high",
    "break-glass": "high",
}

TOLD = ("role:on-call", "role:supervisor")
"""Who is told of every incident, whoever else is."""
MAX_REASON = 4_000


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a person says happened; `change` is a proposal's id and an index, where it is one."""

    category: str
    reason: str
    severity: str | None = None
    change: tuple[str, int] | None = None


def usual_severity(category: str) -> str:
    """Return how severe an incident of a category is where nobody says otherwise."""
    return _SEVERITY[category]


def open_incident(
    ids: Ids,
    transaction: Transaction,
    actor: Actor,
    of: About,
    category: Category,
    source: str,
    deadline: str | None = None,
) -> str | None:
    """Open an incident that a detector found, and raise its notice; return its id.

    None where one of this category is open for the change already.
    """
    if _already(transaction, of, category) is not None:
        return None
    data: JsonObject = {
        "id": ids.uuid(),
        "category": category,
        "severity": _SEVERITY[category],
        "source": source,
    }
    transaction.append(Event(DECLARED, actor, of, data=data))
    raise_notice(ids, transaction, actor, of, Notice("incident", TOLD, deadline))
    return str(data["id"])


def declare_incident(workspace: Workspace, said: Declaration) -> tuple[str, bool]:
    """Declare an incident, signed; return its id, and whether it is new.

    The open one of the same category about the same change is returned instead of a second.
    Raises BadInput naming the field, NotFound, Refused for who may not.
    """
    _check(said)
    with workspace.ledger.transaction() as transaction:
        person = check(workspace, transaction, "declare-incident", None, transaction.clock.hi)
        of = About() if said.change is None else about(find_change(transaction, *said.change)[1])
        known = _already(transaction, of, said.category)
        if known is not None:
            return known, False
        severity = said.severity or _SEVERITY[said.category]
        data: JsonObject = {
            "id": workspace.ids.uuid(),
            "category": said.category,
            "severity": severity,
            "source": "person",
        }
        statement = _signed(
            workspace, person, of, {**data, "incident": data["id"], "act": "declare"}
        )
        actor = Actor("reviewer", person.id, statement.kid)
        transaction.append(
            Event(
                DECLARED,
                actor,
                of,
                data={**data, "statement": statement.text},
                refs=({"kind": "incident", "digest": statement.digest},),
                body={"reason": said.reason.strip()},
            )
        )
        raise_notice(workspace.ids, transaction, actor, of, Notice("incident", TOLD))
    return str(data["id"]), True


def close_incident(workspace: Workspace, incident: str, reason: str) -> None:
    """Close an open incident with a reason, signed; raises NotFound, BadInput, Refused."""
    _check_reason(reason)
    with workspace.ledger.transaction() as transaction:
        person = check(workspace, transaction, "close-incident", None, transaction.clock.hi)
        found = transaction.incident(incident)
        if found is None or found.closed_at is not None:
            raise NotFound("no such incident is open", remedy="See `countersign incident list`")
        of = About()
        if found.proposal is not None and found.idx is not None:
            of = about(find_change(transaction, found.proposal, found.idx)[1])
        statement = _signed(workspace, person, of, {"incident": incident, "act": "close"})
        transaction.append(
            Event(
                CLOSED,
                Actor("reviewer", person.id, statement.kid),
                of,
                data={"id": incident, "statement": statement.text},
                refs=({"kind": "incident", "digest": statement.digest},),
                body={"reason": reason.strip()},
            )
        )


def _already(transaction: Transaction, of: About, category: str) -> str | None:
    if of.proposal is None or of.index is None:
        return None
    return next(
        (
            row.id
            for row in transaction.incidents(of.proposal, of.index)
            if row.category == category and row.closed_at is None
        ),
        None,
    )


def _check(said: Declaration) -> None:
    if said.category not in CATEGORIES:
        raise BadInput("is not a category", field="category", remedy=f"Use {', '.join(CATEGORIES)}")
    if said.severity is not None and said.severity not in SEVERITIES:
        raise BadInput("is not a severity", field="severity", remedy=f"Use {', '.join(SEVERITIES)}")
    _check_reason(said.reason)


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > MAX_REASON:
        raise BadInput(
            f"is missing, or longer than {MAX_REASON} characters",
            field="reason",
            remedy="Say in words what happened",
        )


def _signed(workspace: Workspace, person: Person, of: About, act: JsonObject) -> Statement:
    payload: JsonObject = {
        **act,
        "v": Number("1"),
        "team": workspace.team,
        "id": workspace.ids.uuid(),
        "at": instant(workspace.clock.now()),
        "operation": of.operation,
        "revision": exact(of.revision),
        "reviewer": person.id,
    }
    return sign("incident", payload, workspace.keys.signer("reviewer"))
