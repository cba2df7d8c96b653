"""Reading a policy document: TOML in, a valid `Policy` out, or one error with field and remedy.

Source: design §7 ("One TOML document per workspace, validated strictly").
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from core.errors import BadInput
from core.policy.conditions import Check, Demand, Quotes
from core.policy.document import (
    AgentTable,
    AllowCheckTable,
    AllowTable,
    Auto,
    BreakGlass,
    CheckTable,
    Consent,
    Document,
    Evidence,
    ForbidTable,
    QuotesTable,
    Repeats,
    Review,
    RouteTable,
)
from core.policy.policy import Policy
from core.policy.reconcile_table import Reconcile
from core.policy.references import check_references
from core.policy.route import Route
from core.policy.rules import Agent, Allow, Forbid, Match, Words
from core.policy.service import Service

_TABLES: dict[str, type[BaseModel]] = {
    "consent": Consent,
    "evidence": Evidence,
    "auto": Auto,
    "repeats": Repeats,
    "review": Review,
    "reconcile": Reconcile,
    "break_glass": BreakGlass,
    "route": RouteTable,
    "allow": AllowTable,
    "forbid": ForbidTable,
    "agent": AgentTable,
    "allow.check": AllowCheckTable,
    "allow.quotes": QuotesTable,
    "forbid.unless": CheckTable,
}
_REMEDIES = {
    "missing": "Add it",
    "string_type": "Write text in quotes",
    "int_type": "Write a whole number",
    "bool_type": "Write true or false",
    "list_type": "Write a list in [ ]",
    "dict_type": "Write a table",
    "model_type": "Write a table",
    "too_short": "Name more of them",
    "literal_error": "Write one of those words",
    "greater_than": "Raise it",
    "greater_than_equal": "Raise it",
    "less_than_equal": "Lower it",
    "finite_number": "Write a number from 0 to 1",
}
_WORD_FIELDS = (
    ("type", "types"),
    ("agent", "agents"),
    ("operation", "operations"),
    ("ehr", "ehrs"),
    ("purpose", "purposes"),
    ("workflow", "workflows"),
    ("model", "models"),
    ("prompt", "prompts"),
    ("urgency", "urgencies"),
)


@lru_cache(maxsize=8)
def parse_policy(text: str) -> Policy:
    """Return the policy that a TOML document states.

    Raises BadInput with the first defect's field, such as `allow[2].paths[0]`, and its remedy:
    not TOML, an unknown or missing key, a value out of bounds, a twin id, a reference to a route
    or tier that does not exist, a path outside the rule's types, automatic approval where it is
    switched off.
    """
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error), "Correct the document at that place") from None
    except (ValueError, ArithmeticError):
        raise _unreadable("a number is out of range", "Write a smaller number") from None
    except RecursionError:
        raise _unreadable("nested too deep", "Flatten the document") from None
    try:
        document = Document.model_validate(data)
    except ValidationError as error:
        raise _bad_input(error) from None
    check_references(document)
    return _policy(document)


def _unreadable(problem: str, remedy: str) -> BadInput:
    return BadInput(f"not TOML: {problem}", field="policy", remedy=remedy)


def _bad_input(error: ValidationError) -> BadInput:
    # A misspelt key is also a missing one; naming the spelling helps more.
    defects: list[Any] = sorted(
        error.errors(include_url=False), key=lambda defect: defect["type"] != "extra_forbidden"
    )
    first = defects[0]
    where = [part for part in first["loc"] if part != "[key]"]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    field = field.removeprefix(".") or "policy"
    if first["type"] == "policy":
        return BadInput(first["ctx"]["problem"], field=field, remedy=first["ctx"]["remedy"])
    if first["type"] == "extra_forbidden":
        return BadInput("unknown key", field=field, remedy=_known_keys(where))
    if first["type"] == "missing":
        return BadInput("missing", field=field, remedy=_REMEDIES["missing"])
    problem = first["msg"].replace("Input should", "it should")
    return BadInput(problem, field=field, remedy=_REMEDIES.get(first["type"], "Correct the value"))


def _known_keys(where: Sequence[object]) -> str:
    name = ".".join(part for part in where[:-1] if isinstance(part, str))
    table = _TABLES.get(name, Document) if name else Document
    return f"Remove it or correct its spelling; the keys are {', '.join(table.model_fields)}"


def _policy(document: Document) -> Policy:
    routes = tuple(_route(route) for route in document.route)
    return Policy(
        name=document.name,
        tiers=tuple(document.tiers),
        highest_route=next(route for route in routes if route.id == document.highest_route),
        consent_default=document.consent.default,
        consent_actors=frozenset(document.consent.actors),
        not_found=document.evidence.not_found,
        rejected_again=document.repeats.rejected,
        streak=document.review.streak,
        quick_s=document.review.quick,
        pause_s=document.review.pause,
        enforce_cases=document.enforce_cases,
        service=Service(
            critical=document.reconcile.critical,
            changed=document.reconcile.changed,
            lossy=document.reconcile.lossy,
            schedule=tuple(document.reconcile.schedule),
            visible_s=document.reconcile.visible,
            unread_s=document.reconcile.unread,
        ),
        age_of_majority=document.minors.age_of_majority,
        labels={group: frozenset(roles) for group, roles in document.labels.items()},
        break_glass=frozenset(document.break_glass.roles if document.break_glass else ()),
        routes=routes,
        allows=tuple(_allow(rule, document.tiers[-1]) for rule in document.allow),
        forbids=tuple(
            Forbid(rule.id, _match(rule), rule.reason, tuple(map(_check, rule.unless)))
            for rule in document.forbid
        ),
        agents={agent.id: _agent(agent) for agent in document.agent},
    )


def _agent(table: AgentTable) -> Agent:
    return Agent(
        id=table.id,
        models=None if table.models == ["*"] else frozenset(table.models),
        prompts=None if table.prompts == ["*"] else frozenset(table.prompts),
        max_urgency=table.max_urgency,
        max_open=table.max_open,
        max_per_hour=table.max_per_hour,
        max_repeats=table.max_repeats,
    )


def _route(table: RouteTable) -> Route:
    # Sorted, so that reordering the roles in the document leaves every verdict's digest alone.
    return Route(
        id=table.id,
        roles=tuple(sorted(table.roles)),
        quorum=table.quorum,
        expiry_s=table.expires,
        hold_s=table.hold,
        rebase=table.rebase,
        reach_by_s=table.reach_by,
        warn_s=table.warn_before,
        escalate_to=tuple(sorted(table.escalate_to)),
        attestation=tuple(sorted(table.attestation)),
        reassign_by=tuple(sorted(table.reassign_by)),
        unfenced=table.unfenced,
    )


def _check(table: CheckTable) -> Check:
    return Check(
        path=table.path,
        # A forbid has only one way to go: what is not met is forbidden.
        otherwise=table.otherwise if isinstance(table, AllowCheckTable) else "deny",
        minimum=table.min,
        maximum=table.max,
        unit=table.unit,
        one_of=None if table.one_of is None else frozenset(table.one_of),
        none_of=None if table.none_of is None else frozenset(table.none_of),
        max_factor=table.max_factor,
        first_value=table.first_value,
        max_age_s=table.max_age,
        not_future=table.not_future,
    )


def _demands(table: AllowTable) -> tuple[Demand, ...]:
    checks = tuple(_check(check) for check in table.check)
    wanted = table.quotes
    if wanted is None:
        return checks
    any_kind = wanted.kinds is None or wanted.kinds == ["*"]
    quotes = Quotes(
        at_least=wanted.at_least,
        otherwise=wanted.otherwise,
        kinds=frozenset() if any_kind else frozenset(wanted.kinds or ()),
        max_age_s=wanted.max_age,
        agent_written=wanted.agent_written,
        patient_written=wanted.patient_written,
    )
    return (*checks, quotes)


def _allow(table: AllowTable, highest: str) -> Allow:
    wants_evidence = "evidence" in table.needs or table.quotes is not None
    return Allow(
        id=table.id,
        match=_match(table),
        tier=table.tier,
        route=table.route,
        where=tuple((element, frozenset(values)) for element, values in table.where.items()),
        needs=frozenset(table.needs),
        min_confidence=table.min_confidence,
        named=frozenset(table.named),
        medication_orders=table.medication_orders,
        demands=_demands(table),
        independent=table.tier == highest and wants_evidence,
    )


def _match(table: AllowTable | ForbidTable) -> Match:
    words: Words = tuple(
        (field, frozenset(getattr(table, key)))
        for field, key in _WORD_FIELDS
        if getattr(table, key) != ["*"]
    )
    return Match(words, tuple(table.paths or ()), frozenset(table.effects))
