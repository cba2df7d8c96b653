"""Values, dates and quotes for Cedar: written out over finite vocabularies, read in plain Python.

A condition becomes the set of facts that meet it: `[met facts].containsAll(context.<kind>)`, where
the kind is not empty. A fact that is outside the vocabulary, or unreadable, is in no such set.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from core.policy import Request

NUMBERS = ("0.5", "1.0", "5", "10", "50.00", "-1", "0")
UNITS = ("kg", "g")
CODES = ("final", "draft", "left", "right")
DATES = ("2026-11-20", "2026-11-23T08:00:00Z", "2026-11-24T00:00:00Z", "2026", "soon")
NOW = "2026-11-23T09:00:00+00:00"
KINDS = ("DocumentReference", "Observation")

DRAFT = (
    '(context.type == "Observation" && context.values has status && '
    '["registered", "preliminary"].containsAll(context.values.status)) || '
    '(context.type == "MedicationRequest" && context.values has status && '
    'context.values.status == ["draft"])'
)


def of(request: Request) -> dict[str, Any]:
    """Return the context members that `holds` asks about."""
    independent = any(
        one.badge == "verified" and not one.agent_written and not one.patient_written
        for one in request.sources
    )
    if request.intended is None:
        return {"independent": independent, "quotes": _quotes(request)}
    body: Any = request.intended
    facts: dict[str, Any] = {
        "quantities": _amounts(body, "valueQuantity"),
        "doses": _amounts(body, "doseNumber"),
        "sides": _texts(body.get("bodySite")),
        "dates": _texts(body.get("effectiveDateTime")),
        "quotes": _quotes(request),
        "independent": independent,
    }
    if request.earlier is not None:
        facts["before"] = [
            fact for held in request.earlier for fact in _amounts(dict(held), "valueQuantity")
        ]
        facts["pairs"] = [f"{new}<{old}" for new in facts["quantities"] for old in facts["before"]]
    return facts


def holds(demand: Any) -> str:
    """Return the Cedar condition under which a demand holds."""
    if hasattr(demand, "at_least"):
        return _enough(demand)
    kind = _KIND[demand.path.text]
    of_type = f'context.type != "{demand.path.text.split(".")[0]}"'
    parts = [f"context has {kind}", f"!context.{kind}.isEmpty()"]
    if demand.minimum is not None or demand.maximum is not None:
        parts.append(f"{_within(demand)}.containsAll(context.{kind})")
    if demand.one_of is not None:
        parts.append(f"{_list(demand.one_of)}.containsAll(context.{kind})")
    if demand.none_of is not None:
        kept = [code for code in CODES if code not in demand.none_of]
        parts.append(f"{_list(kept)}.containsAll(context.{kind})")
    if demand.max_age_s is not None or demand.not_future:
        parts.append(
            f"{_list(filter(lambda text: _dated(text, demand), DATES))}.containsAll(context.{kind})"
        )
    if demand.max_factor is not None:
        none = "true" if demand.first_value else "false"
        parts.append(
            f"context has before && (if context.before.isEmpty() then {none} "
            f"else {_near(demand)}.containsAll(context.pairs))"
        )
    return f"({of_type} || ({' && '.join(parts)}))"


_KIND = {
    "Observation.value[x]": "quantities",
    "Observation.doseNumber": "doses",
    "Observation.bodySite.coding.code": "sides",
    "Observation.effective[x]": "dates",
}


def _within(demand: Any) -> str:
    met = []
    for number, unit in product(NUMBERS, (*UNITS, "")):
        low = demand.minimum is None or Decimal(number) >= demand.minimum
        high = demand.maximum is None or Decimal(number) <= demand.maximum
        if low and high and unit == (demand.unit or ""):
            met.append(f"{number}|{unit}")
    return _list(met)


def _near(demand: Any) -> str:
    met = []
    for new, old, unit in product(NUMBERS, NUMBERS, (*UNITS, "")):
        small, large = sorted((Decimal(new), Decimal(old)))
        fits = demand.unit is None or demand.unit == unit
        if small > 0 and large <= small * demand.max_factor and fits:
            met.append(f"{new}|{unit}<{old}|{unit}")
    return _list(met)


def _dated(text: str, demand: Any) -> bool:
    try:
        moment = datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00+14:00")
    except ValueError:
        if len(text) != 4 or not text.isdigit():
            return False
        moment = datetime.fromisoformat(f"{text}-01-01T00:00:00+14:00")
    age = datetime.fromisoformat(NOW) - moment
    young = demand.max_age_s is None or age <= timedelta(seconds=demand.max_age_s)
    return young and not (demand.not_future and age < timedelta())


def _enough(demand: Any) -> str:
    """A Cedar set has no size: at least two is one quote and another."""
    counted = []
    for kind, date, agent, patient, number in product(KINDS, DATES, "ax", "px", "12"):
        if (
            (not demand.kinds or kind in demand.kinds)
            and (agent == "x" or demand.agent_written)
            and (patient == "x" or demand.patient_written)
            and (demand.max_age_s is None or _aged(date, demand))
        ):
            counted.append(f"{kind}|{date}|{agent}|{patient}|{number}")
    if demand.at_least == 1:
        return f"{_list(counted)}.containsAny(context.quotes)"
    halves = [[fact for fact in counted if fact.endswith(number)] for number in "12"]
    return " && ".join(f"{_list(half)}.containsAny(context.quotes)" for half in halves)


def _aged(date: str, demand: Any) -> bool:
    class Limits:
        max_age_s, not_future = demand.max_age_s, False

    return _dated(date, Limits)


def _quotes(request: Request) -> list[str]:
    """Quotes are numbered: those of one text are one quote."""
    return [
        f"{one.kind}|{one.date}|{'a' if one.agent_written else 'x'}"
        f"|{'p' if one.patient_written else 'x'}|{one.quote}"
        for one in request.sources
        if one.badge == "verified"
    ]


def _amounts(body: dict[str, Any], element: str) -> list[str]:
    value = body.get(element)
    found = value if isinstance(value, list) else [] if value is None else [value]
    facts = []
    for one in found:
        if isinstance(one, dict):
            exact = "comparator" not in one and one.get("system") == "http://unitsofmeasure.org"
            facts.append(f"{one['value'].text}|{one['code']}" if exact else "unreadable")
        else:
            facts.append(f"{one.text}|" if hasattr(one, "text") else "unreadable")
    return facts


def _texts(value: Any) -> list[str]:
    """Return a date, or the codes of a concept; a concept without codings has none."""
    if isinstance(value, dict):
        return [coding.get("code") for coding in value.get("coding", [])]
    return [] if value is None else [value]


def _list(words: Any) -> str:
    return "[" + ", ".join(json.dumps(word) for word in words) + "]"
