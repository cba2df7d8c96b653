"""HL7's own R4 examples of all types that are no definitions: as they are, or altered."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from core.canonical import JsonObject
from core.discrepancy import VERIFIED, compare
from core.discrepancy import rules as table
from tests.core.discrepancy import hazards_of_types
from tests.core.discrepancy.corpus import examples
from tests.core.discrepancy.forms import FORMS, composed
from tests.core.discrepancy.hazards import MUTATORS, mutants
from tests.core.discrepancy.hazards_of_care import HAZARDS
from tests.core.discrepancy.samples import BASE
from tests.scale import scaled

pytestmark = pytest.mark.heavy

assert hazards_of_types.MUTATORS is MUTATORS
# The largest hold thousands of definitions each; their elements occur in the others.
LARGEST = 400_000
COMPOSITIONS = scaled(1, 4, 40)
EACH = scaled(1, 1, 20)
# Of the corpus every so manieth resource: all of it in CI.
STEP = scaled(6, 1)
FALSE_ALARMS = 0.001
KILLED = 0.995
FOUND = ("changed", "critical")


@pytest.fixture(scope="module")
def corpus() -> list[tuple[str, JsonObject]]:
    found = [(name, one) for name, one in examples() if len(str(one)) < LARGEST]
    assert len(examples()) == 729
    assert len({one["resourceType"] for _, one in examples()}) == 131
    assert len(found) > 700
    return found[::STEP]


def test_every_example_is_identical_to_itself(corpus: list[tuple[str, JsonObject]]) -> None:
    assert {compare(one, one).class_ for _, one in corpus} == {"identical"}


def test_harmless_transforms_of_examples_are_verified(
    corpus: list[tuple[str, JsonObject]], capsys: pytest.CaptureFixture[str]
) -> None:
    alarms, count = [], 0
    for seed, (name, resource) in enumerate(corpus):
        rnd = Random(seed)
        for _ in range(COMPOSITIONS):
            steps = rnd.sample(sorted(FORMS), rnd.randrange(1, 9))
            found = compare(resource, composed(resource, steps, seed), base_url=BASE)
            count += 1
            if found.class_ not in VERIFIED:
                worst = [one for one in found.differences if one.class_ not in VERIFIED]
                alarms.append((name, steps, worst[0].path, worst[0].reason))
    with capsys.disabled():
        print(f"\nfalse alarms: {len(alarms)} of {count:,} compositions")  # noqa: T201
    assert count == len(corpus) * COMPOSITIONS
    assert len(alarms) <= FALSE_ALARMS * count, alarms


def test_every_transform_alone_is_verified_and_reaches_somewhere(
    corpus: list[tuple[str, JsonObject]],
) -> None:
    reached: Counter[str] = Counter()
    alarms = []
    for seed, (name, resource) in enumerate(corpus[:: scaled(2, 4)]):
        for step in FORMS:
            made = composed(resource, [step], seed)
            reached[step] += made != resource
            if (found := compare(resource, made, base_url=BASE)).class_ not in VERIFIED:
                alarms.append((name, step, found.differences))
    assert not alarms
    # Four reach nothing here: order is no difference to Python, and the rest is in few examples.
    assert len(+reached) >= scaled(20, len(FORMS) - 4), reached


@pytest.mark.parametrize("part", range(4))
def test_mutations_of_examples_are_found(
    part: int, corpus: list[tuple[str, JsonObject]], capsys: pytest.CaptureFixture[str]
) -> None:
    tried: Counter[str] = Counter()
    survivors: list[tuple[str, str, str]] = []
    for seed, (name, resource) in list(enumerate(corpus))[part::4]:
        for mutator, place, mutant in _every(resource, Random(seed)):
            tried[mutator] += 1
            if compare(resource, mutant, base_url=BASE).class_ not in FOUND:
                survivors.append((mutator, name, place))
    count = sum(tried.values())
    with capsys.disabled():
        print(  # noqa: T201
            f"\nkilled: {count - len(survivors):,} of {count:,} mutants by {len(tried)} mutators;"
            f" survivors: {survivors}"
        )
    assert len(tried) > 100
    assert count > 20 * len(corpus) // 4
    assert len(survivors) <= (1 - KILLED) * count, survivors


def _every(resource: JsonObject, rnd: Random) -> list[tuple[str, str, JsonObject]]:
    found = [
        (name, ".".join(map(str, site.path)), mutant)
        for name, site, mutant in mutants(resource, rnd, EACH)
    ]
    for name, hazard in HAZARDS.items():
        made = [one for one in hazard(resource) if one != resource]
        found += [(name, "", one) for one in rnd.sample(made, min(4 * EACH, len(made)))]
    return found


def test_without_the_guards_mutations_survive(
    corpus: list[tuple[str, JsonObject]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lenient = tuple(rule for rule in table.RULES if rule.__module__.endswith(("harmless", "loss")))
    monkeypatch.setattr(table, "RULES", lenient)
    monkeypatch.setattr(table.change, "unruled", lambda _: table.REORDERED)
    _, resource = max(corpus[:40], key=lambda pair: len(str(pair[1])))
    found = [compare(resource, one).class_ for _, _, one in _every(resource, Random(1))]
    assert any(class_ in VERIFIED for class_ in found)


def test_one_mutation_shows_among_harmless_transforms(
    corpus: list[tuple[str, JsonObject]],
) -> None:
    hidden, count = [], 0
    # These transforms write what a mutator alters anew, or move it out of sight.
    steps = sorted(FORMS.keys() - {"keep_books", "add_narrative", "label"})
    for seed, (name, resource) in enumerate(corpus[::4]):
        rnd = Random(seed)
        chosen = rnd.sample(sorted(MUTATORS), 6)
        for mutator, site, mutant in mutants(resource, rnd, 1, chosen):
            if site.under("text", "contained", "meta"):
                continue
            count += 1
            made = composed(mutant, rnd.sample(steps, 2), seed)
            if compare(resource, made, base_url=BASE).class_ not in FOUND:
                hidden.append((name, mutator, site.path))
    assert count > scaled(30, 350)
    assert len(hidden) <= (1 - KILLED) * count, hidden
