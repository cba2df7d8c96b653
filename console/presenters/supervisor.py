"""What the supervisor's view says of the load and of what expires."""

from __future__ import annotations

from datetime import datetime, timedelta

from textual.content import Content

from console.presenters.queue import Key, what
from console.presenters.texts import foreign, joined, own, since, span
from console.widgets.rows import Column, Mark, Row
from core.ledger.event import moment
from core.lifecycle import State
from core.records import ChangeRow
from core.review.load import Load, is_expired, is_soon

LOAD_COLUMNS = (
    Column("name", "WHO", 16, share=1),
    Column("waiting", "WAITING", 9),
    Column("soon", "<1H", 6),
    Column("expired", "EXPIRED", 9),
    Column("oldest", "OLDEST", 9),
    Column("unsent", "UNSENT", 8),
)
CHANGE_COLUMNS = (
    Column("due", "DUE", 10),
    Column("what", "WHAT", 12, share=11),
    Column("patient", "PATIENT", 10, share=9),
    Column("route", "ROUTE", 16),
    Column("assigned", "GIVEN TO", 16, from_width=96),
    Column("state", "STATE", 21, from_width=120),
)
SPANS = {"1 hour": timedelta(hours=1), "4 hours": timedelta(hours=4), "1 day": timedelta(days=1)}
"""How long a reassigned change may wait; never longer than its route lets it."""


def load_row(item: Load, now: datetime) -> Row[str]:
    """Return one line of the load."""
    marks: dict[str, Mark] = {}
    if item.expired:
        marks["expired"] = "loud"
    if item.soon:
        marks["soon"] = "late"
    if item.name == "nobody":
        marks["name"] = "loud"
    return Row(
        item.name,
        {
            "name": "nobody on the roster" if item.name == "nobody" else item.name,
            "waiting": f"{item.waiting:,}",
            "soon": f"{item.soon:,}",
            "expired": f"{item.expired:,}",
            "oldest": "" if item.oldest is None else since(moment(item.oldest), now),
            "unsent": f"{item.unsent:,}",
        },
        marks,
    )


def change_row(change: ChangeRow, now: datetime) -> Row[Key]:
    """Return one line of what expires."""
    marks: dict[str, Mark] = {}
    due = "" if change.expires is None else span(moment(change.expires), now)
    if is_expired(change, now):
        due, marks = "expired", {"due": "loud"}
    elif is_soon(change, now):
        marks = {"due": "late"}
    route = change.route_json or {}
    if change.answering == "nobody" and change.state != State.EXPIRED:
        marks["state"] = "loud"
    return Row(
        (change.proposal, change.idx),
        {
            "due": due,
            "what": what(change),
            "patient": change.patient_label or "(erased)",
            "route": str(route.get("id", "")),
            "assigned": assigned_words(change.assigned),
            "state": state_words(change),
        },
        marks,
    )


def state_words(change: ChangeRow) -> str:
    """Return the state, or how far the asking has come for what still waits."""
    if change.state == State.EXPIRED:
        return str(State.EXPIRED)
    if change.answering == "nobody":
        return "nobody on duty"
    if change.escalated == change.term:
        return "escalated"
    return "warned" if change.warned == change.term else str(State(change.state))


def assigned_words(assigned: str | None) -> str:
    """Return `dr-lee` or `any nurse`; nothing where nobody was named."""
    if assigned is None:
        return ""
    kind, _, name = assigned.partition(":")
    return f"any {name}" if kind == "role" else name


def listed(change: ChangeRow) -> Content:
    """Return one line of what will move."""
    return joined(
        own(f"{change.proposal[:8]}/{change.idx}  "), foreign(what(change), "bold"), "  ",
        foreign(change.patient_label or "(erased)"),
    )  # fmt: skip
