"""HL7's own R4 examples, all of them, and fhirpathpy as a second opinion on damaged ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject, Number
from core.fhir import problems, structure_problems
from core.fhir.invariants import PLACED_CHECKS, VALUE_CHECKS
from core.fhir.structure import Subject, Walk
from tests.core.fhir.oracle import NOT_COMPARED, verdict
from tests.tools.make_r4_tables import INVARIANT_TYPES, render

pytestmark = pytest.mark.heavy

CONFORMANCE = """Bundle SearchParameter ValueSet CodeSystem StructureDefinition ConceptMap
    OperationDefinition CapabilityStatement CompartmentDefinition NamingSystem StructureMap
    ImplementationGuide"""
REALLY_INVALID = {
    "Questionnaire-qs1.json": "its items lack linkId, which R4 requires",
}


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("COUNTERSIGN_HL7_EXAMPLES")
    if named and Path(named).is_dir():
        return Path(named)
    if os.environ.get("CI") == "true":
        pytest.fail("COUNTERSIGN_HL7_EXAMPLES does not name the folder of HL7's examples")
    pytest.skip("skipped: COUNTERSIGN_HL7_EXAMPLES is not set; CI fetches HL7's examples")


def read(path: Path) -> JsonObject:
    # One example holds 1.0e245, which core.canonical refuses on purpose.
    text = path.read_text(encoding="utf-8")
    found: JsonObject = json.loads(text, parse_int=Number, parse_float=Number)
    return found


def examples(folder: Path, *types: str) -> Iterator[tuple[str, JsonObject]]:
    for path in sorted(folder.glob("[A-Z]*-*.json")):
        kind = path.name.partition("-")[0]
        if kind in types or (not types and kind not in CONFORMANCE.split()):
            yield path.name, read(path)


def test_examples_are_structurally_valid(folder: Path) -> None:
    wrong, count = {}, 0
    for name, resource in examples(folder):
        count += 1
        if found := structure_problems(resource):
            wrong[name] = found
    assert count > 600
    assert set(wrong) == set(REALLY_INVALID), wrong
    assert all(one.path.endswith("linkId") for one in wrong["Questionnaire-qs1.json"])


def test_examples_keep_codes_and_invariants(folder: Path) -> None:
    count = 0
    for name, resource in examples(folder, *INVARIANT_TYPES):
        count += 1
        assert problems(resource) == [], name
    assert count > 130


def test_the_packaged_table_is_what_the_definitions_give(folder: Path) -> None:
    packaged = Path(__file__).parents[3] / "core" / "fhir" / "r4.json"
    assert packaged.read_text(encoding="utf-8") == render(folder)


def test_damaged_examples_are_judged_as_fhirpath_judges_them(folder: Path) -> None:
    compared = failing = 0
    disagreements = []
    for name, resource in examples(folder, *INVARIANT_TYPES):
        for where, damaged in damages(resource):
            walk = Walk(damaged)
            if walk.problems:
                continue
            for subject, key in near(walk.subjects, where):
                theirs = verdict(key, subject)
                if theirs is None:
                    continue
                ours = holds(key, subject)
                compared += 1
                failing += not theirs
                if ours != theirs:
                    disagreements.append((name, where, subject.path, key, ours))
    assert not disagreements, (compared, failing, disagreements[:10])
    assert compared > 20_000
    assert failing > 300


def holds(key: str, subject: Subject) -> bool:
    if key in PLACED_CHECKS:
        return PLACED_CHECKS[key](subject.value, subject.scope)
    return VALUE_CHECKS[key](subject.value)


def near(subjects: list[Subject], where: str) -> Iterator[tuple[Subject, str]]:
    """Yield what the damage at `where` can change: the objects around it."""
    for subject in subjects:
        if where.startswith(subject.path):
            for key in subject.keys:
                if key not in NOT_COMPARED:
                    yield subject, key


def damages(resource: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield copies of a resource that each lack one property."""
    for place in properties(resource, ()):
        damaged = deepcopy(resource)
        holder: Any = damaged
        for step in place[:-1]:
            holder = holder[step]
        del holder[place[-1]]
        yield shown(str(resource["resourceType"]), place[:-1]), damaged


def properties(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in pairs:
        if isinstance(value, dict) and name != "resourceType":
            yield (*path, name)
        if isinstance(item, dict | list):
            yield from properties(item, (*path, name))


def shown(name: str, place: tuple[str | int, ...]) -> str:
    return name + "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in place)
