"""Patient/$everything: the question for all that stands in a Patient's compartment.

The parameters that put a resource there are HL7's. Not part of it is what those resources refer to
beyond the compartment. Types that the caller may not read are left out, and said to be.
Source: FHIR R4 patient-operation-everything.html, compartmentdefinition-patient.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.sandbox.conditions import Condition, condition
from sync.sandbox.dates import bounds
from sync.sandbox.exchange import Call, Pairs
from sync.sandbox.media import check_accept
from sync.sandbox.outcome import Issue, refusal
from sync.sandbox.parameters import patient_compartment
from sync.sandbox.query import Query
from sync.sandbox.search import parse_count, single_values
from sync.sandbox.sorting import Cursor, Key, parse_cursor

PARAMETERS = ("_type", "_since", "_count", "_cursor", "_format")
_LEFT_OUT = Issue(
    "suppressed",
    "types of resources that the token's scopes do not permit to read are left out",
    severity="warning",
)


@dataclass(frozen=True, slots=True)
class Everything:
    """What was asked for: `types` are those that the answer may hold."""

    query: Query
    types: Sequence[str]
    cursor: Cursor | None
    issues: Sequence[Issue]


def parse_everything(call: Call, id_: str, given: Pairs) -> Everything:
    """Return the question for everything of Patient `id_`; raises 400, and 403 for `_type`."""
    if any(name not in PARAMETERS for name, _ in given):
        raise refusal(400, "not-supported", f"$everything takes {', '.join(PARAMETERS)} only")
    asked = single_values(given, PARAMETERS)
    check_accept(call.headers, [asked["_format"]] if "_format" in asked else [])
    compartment = sorted({"Patient", *patient_compartment()})
    wanted = _types(call, compartment, asked.get("_type"))
    types = [kind for kind in wanted if call.allows(kind, "r")]
    conditions = [_one_of(types), _belongs(call.base, id_)]
    if "_since" in asked:
        conditions.append(_since(call.base, asked["_since"]))
    query = Query(tuple(conditions), (Key("_type"), Key("_id")), parse_count(asked.get("_count")))
    issues = [_LEFT_OUT] if len(types) < len(wanted) else []
    return Everything(query, types, parse_cursor(asked.get("_cursor")), issues)


def _types(call: Call, compartment: Sequence[str], text: str | None) -> Sequence[str]:
    if text is None:
        return compartment
    named = text.split(",")
    if not set(named) <= set(compartment):
        raise refusal(400, "value", "_type lists types of a Patient's compartment")
    for kind in named:
        call.require(kind, "r")
    return named


def _one_of(types: Sequence[str]) -> Condition:
    return f"c.type IN ({', '.join('?' * len(types))})", tuple(types)


def _belongs(base: str, id_: str) -> Condition:
    memberships = [(kind, name) for kind, names in patient_compartment().items() for name in names]
    rows = ", ".join(["(?, ?)"] * len(memberships))
    # CROSS JOIN makes the few memberships the outer loop, so that each is one look-up.
    sql = (
        "((c.type = 'Patient' AND c.id = ?) OR (c.type, c.id) IN (SELECT e.type, e.id"  # noqa: S608 - bound values
        f" FROM (VALUES {rows}) m CROSS JOIN entry e ON e.type = m.column1"
        " AND e.name = m.column2 WHERE e.value = ? AND e.system IN (?, ?)))"
    )
    flat = [part for membership in memberships for part in membership]
    return sql, (id_, *flat, id_, "Patient", f"{base}/Patient")


def _since(base: str, text: str) -> Condition:
    if "T" not in text or bounds(text) is None:
        raise refusal(400, "value", "_since is an instant")
    return condition("Patient", base, "_lastUpdated", f"ge{text}")
