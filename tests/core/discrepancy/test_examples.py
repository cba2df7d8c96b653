"""HL7's own R4 examples: unaltered, transformed and mutated."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from core.canonical import JsonObject, Number
from core.discrepancy import compare
from tests.core.discrepancy.mutators import MUTATORS
from tests.core.discrepancy.samples import BASE
from tests.core.discrepancy.transforms import HARMLESS, apply

pytestmark = pytest.mark.heavy

TYPES = """AllergyIntolerance Appointment Communication Condition Consent DocumentReference
    Encounter MedicationRequest Observation Patient Provenance ServiceRequest Task""".split()
PER_MUTATOR = 4


@pytest.fixture(scope="module")
def examples() -> list[tuple[str, JsonObject]]:
    named = os.environ.get("COUNTERSIGN_HL7_EXAMPLES")
    if not named or not Path(named).is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("COUNTERSIGN_HL7_EXAMPLES does not name the folder of HL7's examples")
        pytest.skip("skipped: COUNTERSIGN_HL7_EXAMPLES is not set; CI fetches HL7's examples")
    return list(read(Path(named)))


def read(folder: Path) -> Iterator[tuple[str, JsonObject]]:
    for kind in TYPES:
        for path in sorted(folder.glob(f"{kind}-*.json")):
            text = path.read_text(encoding="utf-8")
            yield path.name, json.loads(text, parse_int=Number, parse_float=Number)


def test_harmless_transforms_of_examples_are_verified(
    examples: list[tuple[str, JsonObject]],
) -> None:
    alarms, count = {}, 0
    for seed, (name, resource) in enumerate(examples):
        assert compare(resource, resource).class_ == "identical"
        count += 1
        found = compare(resource, apply(resource, sorted(HARMLESS), seed), base_url=BASE)
        if found.class_ not in ("identical", "bookkeeping", "equivalent"):
            alarms[name] = [one for one in found.differences if one.class_ != "equivalent"]
    assert count > 190
    assert alarms == {}


def test_mutations_of_examples_are_found(examples: list[tuple[str, JsonObject]]) -> None:
    missed, count = [], 0
    rnd = Random(11)
    for name, resource in examples:
        for mutator, mutate in MUTATORS.items():
            mutants = [one for one in mutate(resource) if one != resource]
            for mutant in rnd.sample(mutants, min(PER_MUTATOR, len(mutants))):
                count += 1
                found = compare(resource, mutant, base_url=BASE)
                if found.class_ not in ("changed", "critical"):
                    missed.append((name, mutator, found.differences))
    assert count > 5_000
    assert missed == []
