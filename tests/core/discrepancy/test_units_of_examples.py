"""HL7's own R4 examples with their quantities restated in other units, rightly and wrongly."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.canonical import JsonObject, Number
from core.discrepancy import compare
from core.ucum import SYSTEM, Unit, can_convert, convert, is_synonym, unit, units
from tests.core.discrepancy.tree import Path as Steps
from tests.core.discrepancy.tree import put, walk

pytestmark = pytest.mark.heavy

# Definitions, and what only holds resources that stand on their own as well.
LEFT_OUT = frozenset(
    """Bundle List CapabilityStatement CodeSystem CompartmentDefinition ConceptMap
    ImplementationGuide NamingSystem OperationDefinition SearchParameter StructureDefinition
    StructureMap ValueSet""".split()
)
# Where an amount is not restated: see the rule `wholes.same_amount`.
NEVER = frozenset({"timing", "origin", "modifierExtension", "occurrenceTiming"})
PER_QUANTITY = 4


@pytest.fixture(scope="module")
def quantities() -> list[tuple[str, JsonObject, Steps, Unit]]:
    """Return every coded quantity of the examples that the table knows, with where it stands."""
    named = os.environ.get("COUNTERSIGN_HL7_EXAMPLES")
    if not named or not Path(named).is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("COUNTERSIGN_HL7_EXAMPLES does not name the folder of HL7's examples")
        pytest.skip("skipped: COUNTERSIGN_HL7_EXAMPLES is not set; CI fetches HL7's examples")
    return list(read(Path(named)))


def read(folder: Path) -> Iterator[tuple[str, JsonObject, Steps, Unit]]:
    for path in sorted(folder.glob("*-*.json")):
        if path.name.split("-")[0] in LEFT_OUT:
            continue
        resource = json.loads(
            path.read_text(encoding="utf-8"), parse_int=Number, parse_float=Number
        )
        for steps, value in walk(resource):
            if isinstance(value, dict) and value.get("system") == SYSTEM and "value" in value:
                found = unit(value.get("code", ""))
                if found is not None and not NEVER & set(steps):
                    yield path.name, resource, steps, found


def restated(value: Any, amount: Decimal, other: Unit) -> JsonObject:
    return {**value, "value": Number(f"{amount:f}"), "unit": other.code, "code": other.code}


def others(rnd: Random, resource: JsonObject, one: Unit) -> list[Unit]:
    observed = resource["resourceType"] == "Observation"
    found = [
        each
        for each in units().values()
        if can_convert(one, each) and not is_synonym(one, each) and (observed or not one.is_affine)
    ]
    return rnd.sample(found, min(PER_QUANTITY, len(found)))


def value_at(resource: Any, steps: Steps) -> Any:
    for step in steps:
        resource = resource[step]
    return resource


def exact(amount: Fraction) -> Decimal:
    return Context(prec=60).divide(Decimal(amount.numerator), Decimal(amount.denominator))


def rounded(value: Decimal, amount: Decimal, one: Unit, other: Unit) -> Decimal:
    """Round to the first decimal place that is no coarser than what was stated."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    place = Fraction(10) ** exponent * one.scale / other.scale
    digits = next(n for n in range(-30, 31) if Fraction(10) ** -n <= place)
    step = Decimal(1).scaleb(-max(0, digits))
    return amount.quantize(step, ROUND_HALF_EVEN, Context(prec=80))


def test_right_conversions_are_equivalent_and_wrong_ones_are_found(
    quantities: list[tuple[str, JsonObject, Steps, Unit]],
) -> None:
    rnd = Random(5)
    alarms, survivors, right, wrong = [], [], 0, 0
    for name, resource, steps, one in quantities:
        value = value_at(resource, steps)
        stated = Decimal(value["value"].text)
        for other in others(rnd, resource, one):
            amount = exact(convert(Fraction(stated), one, other))
            for said in (amount, rounded(stated, amount, one, other)):
                right += 1
                found = compare(resource, put(resource, steps, restated(value, said, other)))
                if found.class_ != "equivalent":
                    alarms.append((name, steps, one.code, other.code, found.class_))
            # Not converted at all, a decimal point astray, and a twentieth too much.
            for said in (stated, amount * 10, amount / 10, amount * Decimal("1.05")):
                if said == amount or one.is_affine or not stated:
                    continue
                wrong += 1
                found = compare(resource, put(resource, steps, restated(value, said, other)))
                if found.class_ not in ("changed", "critical"):
                    survivors.append((name, steps, one.code, other.code, said))
    assert right > 1_500
    assert wrong > 3_000
    assert alarms == []
    assert survivors == []


def test_a_unit_of_another_kind_is_always_found(
    quantities: list[tuple[str, JsonObject, Steps, Unit]],
) -> None:
    rnd = Random(6)
    count = 0
    for _, resource, steps, one in quantities:
        value = value_at(resource, steps)
        kinds = [each for each in units().values() if each.family != one.family]
        for other in rnd.sample(kinds, PER_QUANTITY):
            count += 1
            said = restated(value, Decimal(value["value"].text), other)
            found = compare(resource, put(resource, steps, said))
            assert found.class_ in ("changed", "critical"), (steps, one.code, other.code)
    assert count > 1_000
