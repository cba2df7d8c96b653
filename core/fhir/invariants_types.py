"""Invariants of FHIR's data types; see core.fhir.invariants for how they are used."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from core.canonical import JsonObject
from core.fhir.narrative import has_content, is_basic_xhtml
from core.fhir.periods import can_precede
from core.fhir.structure import Scope

Check: TypeAlias = Callable[[Any], bool]

UCUM = "http://unitsofmeasure.org"


def has(value: JsonObject, name: str) -> bool:
    """Return whether an element exists, with a value or with extensions only."""
    return name in value or "_" + name in value


def has_choice(value: JsonObject, name: str) -> bool:
    """Return whether a choice element (`value[x]`) exists in any of its types."""
    return any(key.lstrip("_").startswith(name) for key in value)


def _needs(name: str, other: str) -> Check:
    """Where `name` exists, `other` must exist."""
    return lambda value: not has(value, name) or has(value, other)


def _one_of(name: str, other: str) -> Check:
    """At least one of the two must exist."""
    return lambda value: has(value, name) or has(value, other)


def _exactly_one_of(name: str, other: str) -> Check:
    """One of the two must exist, and not both."""
    return lambda value: has(value, name) != has(value, other)


def _not_both(name: str, other: str) -> Check:
    """At most one of the two may exist."""
    return lambda value: not (has(value, name) and has(value, other))


def _not_negative(name: str) -> Check:
    """Where the number exists, it must be zero or more."""
    return lambda value: name not in value or _number(value, name) >= 0


def _number(value: JsonObject, name: str) -> Decimal:
    return Decimal(value[name].text)


def _has_children(value: JsonObject) -> bool:
    return any(key != "id" for key in value)


def _extension_or_value(value: JsonObject) -> bool:
    return ("extension" in value) != has_choice(value, "value")


def _measured_in_ucum(value: JsonObject) -> bool:
    coded = has(value, "code") or not has(value, "value")
    return coded and (not has(value, "system") or value.get("system") == UCUM)


def _age(value: JsonObject) -> bool:
    positive = "value" not in value or _number(value, "value") > 0
    return _measured_in_ucum(value) and positive


def _count(value: JsonObject) -> bool:
    one = not has(value, "code") or value.get("code") == "1"
    return _measured_in_ucum(value) and one and _is_whole(value)


def _is_whole(value: JsonObject) -> bool:
    if "value" not in value:
        return True
    number = _number(value, "value")
    return "." not in value["value"].text and number == number.to_integral_value()


def _distance(value: JsonObject) -> bool:
    return _measured_in_ucum(value)


def _duration(value: JsonObject) -> bool:
    return not has(value, "code") or (value.get("system") == UCUM and has(value, "value"))


def _period(value: JsonObject) -> bool:
    if "start" not in value or "end" not in value:
        return True
    return can_precede(value["start"], value["end"])


def _range(value: JsonObject) -> bool:
    low, high = value.get("low", {}), value.get("high", {})
    # Units are not converted: quantities in different units are not judged.
    alike = all(low.get(name) == high.get(name) for name in ("system", "code")) and (
        "code" in low or low.get("unit") == high.get("unit")
    )
    if not alike or "value" not in low or "value" not in high:
        return True
    return _number(low, "value") <= _number(high, "value")


def _ratio(value: JsonObject) -> bool:
    both_or_none = has(value, "numerator") == has(value, "denominator")
    return both_or_none and (has(value, "numerator") or "extension" in value)


def local_target_exists(value: JsonObject, scope: Scope) -> bool:
    """Return whether a local reference ("#id") finds its contained resource (ref-1)."""
    reference = value.get("reference", "")
    if not reference.startswith("#"):
        return True
    if reference == "#":
        # FHIR R4 §2.3.1: a contained resource refers to its container so.
        return scope.container is not None
    return any(inner.get("id") == reference[1:] for inner in scope.root.get("contained", []))


def _offset_needs_event(value: JsonObject) -> bool:
    if not has(value, "offset"):
        return True
    meals = {"C", "CM", "CD", "CV"}
    return has(value, "when") and not meals.intersection(value.get("when", []))


def _trigger_not_both(value: JsonObject) -> bool:
    return not (has(value, "data") and has_choice(value, "timing"))


def _trigger_matches_type(value: JsonObject) -> bool:
    kind = value.get("type", "")
    if kind == "named-event":
        return has(value, "name")
    if kind == "periodic":
        return has_choice(value, "timing")
    return not kind.startswith("data-") or has(value, "data")


DATA_TYPE_CHECKS: dict[str, Check] = {
    "age-1": _age,
    "att-1": _needs("data", "contentType"),
    "cnt-3": _count,
    "cpt-2": _needs("value", "system"),
    "dis-1": _distance,
    "drq-1": _exactly_one_of("path", "searchParam"),
    "drq-2": _exactly_one_of("path", "searchParam"),
    "drt-1": _duration,
    "ele-1": _has_children,
    "exp-1": _one_of("expression", "reference"),
    "ext-1": _extension_or_value,
    "per-1": _period,
    "qty-3": _needs("code", "system"),
    "rat-1": _ratio,
    "rng-2": _range,
    "sqty-1": lambda value: not has(value, "comparator"),
    "tim-1": _needs("duration", "durationUnit"),
    "tim-2": _needs("period", "periodUnit"),
    "tim-4": _not_negative("duration"),
    "tim-5": _not_negative("period"),
    "tim-6": _needs("periodMax", "period"),
    "tim-7": _needs("durationMax", "duration"),
    "tim-8": _needs("countMax", "count"),
    "tim-9": _offset_needs_event,
    "tim-10": _not_both("timeOfDay", "when"),
    "trd-1": _trigger_not_both,
    "trd-2": _needs("condition", "data"),
    "trd-3": _trigger_matches_type,
    "txt-1": is_basic_xhtml,
    "txt-2": has_content,
}
