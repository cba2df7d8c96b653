"""Cases in a policy document: `[[case]]` tables say what is asked and what must come of it.

Source: design §7 ("tested by cases in the same file").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.errors import BadInput
from core.policy.case_request import case_request, only_ehr, request_keys
from core.policy.policy import Policy
from core.policy.request import Request

_OUTCOMES = ("review", "auto", "denied")
_OWN_KEYS = ("name", "expect", "tier", "route", "rules", "reasons", "people")


@dataclass(frozen=True, slots=True)
class Case:
    """One case: a request, who is on the roster, and what must come of it.

    What is None is not compared. `people` maps roles to how many hold them; None: the document's.
    """

    name: str
    field: str
    request: Request
    outcome: str
    tier: str | None = None
    route: str | None = None
    rules: frozenset[str] | None = None
    reasons: frozenset[str] | None = None
    people: Mapping[str, int] | None = None


def check_names(cases: Iterable[Case], policy: Policy) -> None:
    """Raise BadInput for the first case that expects a rule, tier or route that is not there."""
    rules = {one.id for one in policy.allows} | {one.id for one in policy.forbids}
    routes = {route.id for route in policy.routes}
    for case in cases:
        _check_known(case, "rules", case.rules or (), rules)
        _check_known(case, "tier", () if case.tier is None else (case.tier,), policy.tiers)
        _check_known(case, "route", () if case.route is None else (case.route,), routes)


def read_cases(data: Mapping[str, object]) -> tuple[Case, ...]:
    """Return the cases of a document's tables; BadInput names the first wrong field."""
    tables = data.get("case")
    found: list[Case] = []
    names: dict[str, str] = {}
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        case = _case(table, f"case[{index}]", only_ehr(data))
        if case.name in names:
            raise BadInput(
                f"the name {case.name!r} already stands at {names[case.name]}",
                field=f"{case.field}.name",
                remedy="Give each case its own name",
            )
        names[case.name] = case.field
        found.append(case)
    return tuple(found)


def _case(table: Mapping[str, object], field: str, ehr: str | None) -> Case:
    known = (*_OWN_KEYS, *request_keys())
    for key in table:
        if key not in known:
            raise BadInput(
                "unknown key",
                field=f"{field}.{key}",
                remedy=f"Remove it or correct its spelling; the keys are {', '.join(known)}",
            )
    asked = {key: value for key, value in table.items() if key not in _OWN_KEYS}
    outcome = _word(table, "expect", field)
    if outcome not in _OUTCOMES:
        raise BadInput(
            f"{outcome!r} is no outcome",
            field=f"{field}.expect",
            remedy=f"Write one of {', '.join(_OUTCOMES)}",
        )
    return Case(
        name=_word(table, "name", field),
        field=field,
        request=case_request(asked, field, ehr),
        outcome=outcome,
        tier=_word(table, "tier", field) if "tier" in table else None,
        route=_word(table, "route", field) if "route" in table else None,
        rules=_words(table, "rules", field),
        reasons=_words(table, "reasons", field),
        people=_counts(table, field),
    )


def _word(table: Mapping[str, object], key: str, field: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        problem = "missing" if value is None else "not one line of text"
        raise BadInput(problem, field=f"{field}.{key}", remedy="Write text in quotes")
    return value


def _words(table: Mapping[str, object], key: str, field: str) -> frozenset[str] | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadInput("not a list of words", field=f"{field}.{key}", remedy='Write ["…"]')
    return frozenset(value)


def _counts(table: Mapping[str, object], field: str) -> Mapping[str, int] | None:
    value = table.get("people")
    if value is None:
        return None
    if not isinstance(value, dict) or not all(type(count) is int for count in value.values()):
        raise BadInput(
            "not a table of roles", field=f"{field}.people", remedy="Write {physician = 2}"
        )
    return value


def _check_known(case: Case, key: str, named: Collection[str], known: Collection[str]) -> None:
    for name in named:
        if name not in known:
            raise BadInput(
                f"there is no {name} in this document",
                field=f"{case.field}.{key}",
                remedy=f"Name one of {', '.join(sorted(known))}",
            )
