"""Any composition of harmless transforms is verified; one mutation among them still shows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.discrepancy import CLASSES, compare, sets
from tests.core.discrepancy.mutators import MUTATORS
from tests.core.discrepancy.samples import BASE, SAMPLES
from tests.core.discrepancy.transforms import HARMLESS, apply, reorder_sets
from tests.scale import examples

samples = st.sampled_from(sorted(SAMPLES))
seeds = st.integers(0, 2**32)
compositions = st.lists(st.sampled_from(sorted(HARMLESS)), min_size=1, max_size=5)
bounded = settings(derandomize=True, max_examples=examples(200), deadline=None, database=None)


@bounded
@given(samples, compositions, seeds)
def test_harmless_transforms_stay_equivalent(name: str, steps: list[str], seed: int) -> None:
    intended = SAMPLES[name]
    found = compare(intended, apply(intended, steps, seed), base_url=BASE)
    assert CLASSES.index(found.class_) <= CLASSES.index("equivalent"), found.differences
    assert found.examined > 0


@bounded
@given(samples, seeds)
def test_equivalence_is_symmetric(name: str, seed: int) -> None:
    steps = ["reorder_sets", "reorder_keys", "move_offsets", "rewrite_numbers"]
    other = apply(SAMPLES[name], steps, seed)
    there = compare(SAMPLES[name], other, base_url=BASE)
    back = compare(other, SAMPLES[name], base_url=BASE)
    assert there.class_ == back.class_
    assert len(there.differences) == len(back.differences)


@bounded
@given(samples, st.sampled_from(sorted(MUTATORS)), compositions, seeds, st.data())
def test_a_mutation_shows_among_harmless_transforms(
    name: str, mutator: str, steps: list[str], seed: int, data: st.DataObject
) -> None:
    mutants = list(MUTATORS[mutator](SAMPLES[name]))
    if not mutants:
        return
    mutant = data.draw(st.sampled_from(mutants))
    found = compare(SAMPLES[name], apply(mutant, steps, seed), base_url=BASE)
    assert found.class_ in ("changed", "critical"), found.differences


def test_the_order_of_a_set_is_what_makes_a_reordering_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sets, "_TYPES", frozenset())
    monkeypatch.setattr(sets, "_BACKBONES", frozenset())
    monkeypatch.setattr(sets, "_PRIMITIVES", frozenset())
    shuffled = apply(SAMPLES["patient"], [reorder_sets.__name__], 3)
    assert compare(SAMPLES["patient"], shuffled).class_ == "changed"
