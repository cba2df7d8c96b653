"""A view of the queue as an SQL condition over `change`; values are bound, never in the text.

Source: core.queue.filter.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.ledger.event import instant
from core.needed import STAT_S, STILL, URGENT_S
from core.queue.filter import WORDS, Term, minutes
from core.queue.page import View

WAITING = "state = 'pending-human-review'"
VOIDED = "state = 'pending-human-review' AND void IS NOT NULL"
OPEN = (
    "state NOT IN ('verified', 'corrected', 'refused', 'rejected', 'denied', 'superseded',"
    " 'withdrawn')"
)
"""`core.lifecycle.OPEN`. Queries of the queue and the conditions of its indexes say
it alike, or SQLite would not use them."""

_ESCAPED = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})
_LIKE = {"agent": "agent", "type": "type", "state": "state", "id": "proposal"}
_EQUAL = {"op": "op", "urgency": "urgency", "ehr": "ehr", "risk": "tier"}
_STILL_NEEDED = "state IN ({})".format(", ".join(f"'{state}'" for state in STILL))
_NEEDED = f"""coalesce(needed_by, CASE WHEN urgency != 'routine' THEN strftime(
    '%Y-%m-%dT%H:%M:%fZ', coalesce(proposed_at, since), '+' || coalesce(
        json_extract(route, '$.reach_by_s'),
        CASE urgency WHEN 'stat' THEN {STAT_S} ELSE {URGENT_S} END
    ) || ' seconds') END)"""
"""By when a change is needed, as `core.needed.due` says it."""
_DUE = f"(expires < {{until}} OR {_STILL_NEEDED} AND {_NEEDED} < {{until}})"
"""What the column DUE of the queue counts down to: the sooner of expiry and need."""
_IS = {
    "late": _DUE.format(until=":soon"),
    "expired": "(state = 'expired' OR (expires IS NOT NULL AND expires <= :now))",
    "voided": "void IS NOT NULL",
    "dependent": "depends != '[]'",
    "deferred": "state = 'deferred'",
}


def condition(view: View, now: datetime) -> tuple[str, dict[str, object]]:
    """Return what rows of that view fulfil, and the values in it; its text is constant."""
    bound: dict[str, object] = {"now": instant(now), "soon": instant(now + timedelta(hours=1))}
    parts = []
    if view.roles is not None:
        names = _bind(bound, sorted(view.roles))
        parts.append(_has_role(names))
    if view.voter is not None:
        bound["voter"] = view.voter
        parts.append(
            "NOT EXISTS (SELECT 1 FROM decision d WHERE d.proposal = change.proposal"
            " AND d.idx = change.idx AND d.revision = change.revision AND d.void IS NULL"
            " AND d.outcome != 'defer' AND d.reviewer = :voter)"
        )
        parts.append(
            "(assigned IS NULL OR assigned NOT LIKE 'person:%' OR assigned = 'person:' || :voter)"
        )
    parts += [_condition(term, bound, now) for term in view.filter.terms]
    return " AND ".join(parts) or "1", bound


def _condition(term: Term, bound: dict[str, object], now: datetime) -> str:
    either = " OR ".join(_one(term.field, value, bound, now) for value in term.values)
    return f"NOT coalesce(({either}), 0)" if term.negated else f"({either})"


def _one(field: str, value: str, bound: dict[str, object], now: datetime) -> str:
    if field == WORDS:
        name = _like(bound, f"%{_plain(value)}%")
        return f"(patient_label LIKE {name} OR type LIKE {name} OR agent LIKE {name})"
    if field == "patient":
        return f"patient_label LIKE {_like(bound, f'%{_plain(value)}%')}"
    if field in _LIKE:
        ends = "" if field in ("state", "id") else "%"
        return f"{_LIKE[field]} LIKE {_like(bound, f'{ends}{_plain(value)}%')}"
    if field in _EQUAL:
        return f"{_EQUAL[field]} = {_bind(bound, [value.lower() if field != 'ehr' else value])[0]}"
    if field == "is":
        return _IS[value.lower()]
    if field == "due":
        until = instant(now + timedelta(minutes=minutes(value)))
        return _DUE.format(until=_bind(bound, [until])[0])
    if field == "path":
        name = _bind(bound, [value])[0]
        return (
            "EXISTS (SELECT 1 FROM json_each(paths) p WHERE json_extract(p.value, '$[0]') = "  # noqa: S608
            f"{name} OR json_extract(p.value, '$[0]') LIKE {_like(bound, f'{_plain(value)}.%')})"
        )
    if field == "route":
        return f"json_extract(route, '$.id') = {_bind(bound, [value])[0]}"
    return _has_role(_bind(bound, [value]))


def _has_role(names: list[str]) -> str:
    listed = ", ".join(names)
    return f"EXISTS (SELECT 1 FROM json_each(route, '$.roles') r WHERE r.value IN ({listed}))"  # noqa: S608


def _like(bound: dict[str, object], pattern: str) -> str:
    return f"{_bind(bound, [pattern])[0]} ESCAPE '\\'"


def _plain(value: str) -> str:
    return value.translate(_ESCAPED)


def _bind(bound: dict[str, object], values: list[str]) -> list[str]:
    names = []
    for value in values:
        name = f"v{len(bound)}"
        bound[name] = value
        names.append(f":{name}")
    return names
