"""Every meaning that a mutator alters is found, and the guards are what finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.canonical import JsonObject
from core.discrepancy import change, compare
from core.discrepancy import rules as table
from core.discrepancy.case import Case, Finding
from tests.core.discrepancy.mutators import MUTATORS
from tests.core.discrepancy.samples import BASE, SAMPLES

FOUND = ("changed", "critical")


def mutants(name: str) -> Iterator[tuple[JsonObject, JsonObject]]:
    for sample in SAMPLES.values():
        for mutant in MUTATORS[name](sample):
            yield sample, mutant


def survivors(name: str) -> list[JsonObject]:
    pairs = mutants(name)
    return [
        mutant
        for sample, mutant in pairs
        if mutant != sample and compare(sample, mutant, base_url=BASE).class_ not in FOUND
    ]


@pytest.mark.parametrize("name", MUTATORS)
def test_every_mutation_is_found(name: str) -> None:
    assert any(mutant != sample for sample, mutant in mutants(name))
    assert survivors(name) == []


def test_the_mutators_reach_far() -> None:
    assert sum(1 for name in MUTATORS for _ in mutants(name)) > 700


@pytest.mark.parametrize("name", ["other_subject", "other_encounter", "other_type"])
def test_what_may_harm_at_once_is_critical(name: str) -> None:
    for sample, mutant in mutants(name):
        assert compare(sample, mutant, base_url=BASE).class_ == "critical"


@pytest.mark.parametrize(
    ("guards", "mutator"),
    [
        (("modifier_extension", "modifying"), "added_modifier_extension"),
        (("repeated_item",), "repeated_item"),
        (("cut_care_text",), "cut_care_text"),
    ],
)
def test_without_its_guard_a_mutation_survives(
    guards: tuple[str, ...], mutator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lenient(case: Case) -> Finding:
        return Finding("enriched", "Nothing is guarded.")

    left = tuple(rule for rule in table.RULES if rule.__name__ not in guards)
    assert len(left) == len(table.RULES) - len(guards)
    monkeypatch.setattr(table, "RULES", left)
    monkeypatch.setattr(change, "unruled", lenient)
    assert survivors(mutator)


def test_an_unruled_difference_is_changed_and_only_that_finds_most_mutations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(change, "unruled", lambda case: Finding("enriched", "Let it pass."))
    assert survivors("dropped_item")
    assert survivors("other_text")
