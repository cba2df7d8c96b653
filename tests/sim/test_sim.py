"""The simulator in CI: a fixed share of the seeds, more at full scale, and that it can see.

`python -m tests.sim --seeds 100000 --jobs 2` is the whole run.
"""

from dataclasses import replace
from functools import lru_cache

import pytest

from tests.scale import FULL, scaled
from tests.sim.controls import CONTROLS, Control, try_control
from tests.sim.crashes import crash_at, enumerate_crashes
from tests.sim.invariants import Violation
from tests.sim.recovered import UNFAIR, put_back_in_a_storm
from tests.sim.restored import ROUNDS, put_back
from tests.sim.shrink import recipe, shrink
from tests.sim.store import StoreDurable
from tests.sim.world import MIX, Outcome, Setting, simulate

SEEDS, STORE_SEEDS, HTTP_SEEDS = scaled((24, 3, 3), (400, 100, 60), (100_000, 10_000, 2_000))
RESTORED_SEEDS = scaled(3, 40, 1_000)
SHARES = 4
QUICK = (
    "operation id", "read-back", "freeze check", "fresh consent", "BEGIN IMMEDIATE",
    "head outside the store", "a restored store doubts",
)  # fmt: skip
"""The controls that turn red within few seeds; `--controls` and CI try them all."""


@lru_cache(maxsize=24)
def lived(seed: int) -> Outcome:
    """Return a run as everything is; a seed always lives the same."""
    return simulate(seed)


def violations(seeds: range, durable=None) -> dict[int, list[Violation]]:
    run = lived if durable is None else lambda seed: simulate(seed, None, durable)
    found = {seed: run(seed).violations for seed in seeds}
    return {seed: items for seed, items in found.items() if items}


@pytest.mark.parametrize("share", range(SHARES))
def test_no_seed_breaks_an_invariant(share: int) -> None:
    size = SEEDS // SHARES
    assert violations(range(share * size, (share + 1) * size)) == {}


def test_no_seed_breaks_an_invariant_on_the_real_store() -> None:
    assert violations(range(STORE_SEEDS), StoreDurable) == {}


def test_no_seed_breaks_an_invariant_through_the_real_fhir_client() -> None:
    for seed in range(HTTP_SEEDS):
        assert simulate(seed, Setting(http=True)).violations == []


def test_a_backup_that_is_put_back_sends_nothing_again() -> None:
    found = put_back()
    assert (found.refused, found.effects, found.violations) == (ROUNDS, 5, [])


def test_control_without_the_head_outside_a_restored_backup_does_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sync.store.anchor.check_extends", lambda *_: None)
    found = put_back()
    assert found.refused == 0 and "untold" in {item.code for item in found.violations}


def test_a_store_put_back_in_a_storm_is_recovered_and_lived_on_with() -> None:
    outcomes = [put_back_in_a_storm(seed) for seed in range(RESTORED_SEEDS)]
    assert [(one.seed, one.violations) for one in outcomes if one.violations] == []
    assert all(one.lost == 0 or one.refused for one in outcomes)
    assert sum(one.doubted for one in outcomes) > len(outcomes)
    assert sum(one.forgotten for one in outcomes) > len(outcomes) / 2


@pytest.mark.parametrize("personality", sorted({*MIX} - {"plain", *UNFAIR}))
def test_a_store_is_recovered_at_every_fair_server(personality: str) -> None:
    for seed in range(200, 200 + scaled(1, 4, 40)):
        assert put_back_in_a_storm(seed, personality).violations == []


@pytest.mark.parametrize("personality", sorted(set(MIX)))
def test_every_personality_of_the_server_is_lived_through(personality: str) -> None:
    for seed in range(8 if FULL else 2):
        assert simulate(seed, Setting(personality=personality)).violations == []


@pytest.mark.parametrize(
    "control",
    [one for one in CONTROLS if FULL or one.name in QUICK],
    ids=lambda control: control.name,
)
def test_each_guard_switched_off_alone_turns_it_red(control: Control) -> None:
    shown = try_control(control)
    assert shown.red, f"{control.name} can be left out and nothing shows in {shown.seeds} seeds"
    assert shown.green


def test_the_same_seed_is_the_same_run() -> None:
    first, again, other = simulate(11), simulate(11), simulate(12)
    assert first.trace == again.trace and first.lines == again.lines
    assert first.trace != other.trace


def test_the_ledger_in_memory_lives_the_same_run_as_the_store() -> None:
    """What is counted in memory would be counted with SQLite: event by event, second by second."""
    for seed in range(20, 22):
        assert simulate(seed).lines == simulate(seed, None, StoreDurable).lines


def test_a_run_is_stormy_and_still_ends_in_effects() -> None:
    """Guards against a simulation in which nothing happens."""
    outcomes = [lived(seed) for seed in range(24)]
    kinds = {label.partition(":")[2].partition("#")[0] for one in outcomes for label in one.fired}
    wanted = {"lost-request", "lost-response", "crash", "freeze"}
    assert wanted <= kinds
    assert sum(one.effects for one in outcomes) > 20
    assert sum("gateway-1 write.intended" in line for one in outcomes for line in one.lines) > 20


def test_the_gateway_dies_at_every_await_and_commit() -> None:
    changes = 5 if FULL else 2
    found = enumerate_crashes(changes=changes)
    assert len(found) > 20 * changes
    assert {one.place.partition(" ")[0] for one in found} >= {"commit", "read", "heard", "sent"}
    assert [one for one in found if one.violations] == []
    assert {(one.verified, one.effects) for one in found} == {(changes, changes)}


def test_the_store_survives_a_crash_at_every_commit() -> None:
    changes = 5 if FULL else 1
    found = enumerate_crashes(changes=changes)
    points = [one.point for one in found if one.place == "commit"]
    assert len(points) >= 3, "intent, receipt, result"
    for point in points:
        crashed = crash_at(point, durable=StoreDurable, changes=changes)
        assert (crashed.violations, crashed.verified) == ([], changes)


def test_a_failing_seed_is_shrunk_to_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.gateway.run.recover", lambda _workspace: None)
    setting = Setting(personality="plain", crash_rate=0.03)
    failed = next(one for one in (simulate(seed, setting) for seed in range(60)) if one.violations)
    small, least = shrink(failed, setting, most=25)
    assert len(least.fired) < len(failed.fired) * 2 / 3
    assert any("crash" in label for label in least.fired)
    assert simulate(failed.seed, small).trace == least.trace
    line = recipe(failed.seed, small)
    assert line.startswith(f"python -m tests.sim --seed {failed.seed} --personality plain --mute ")
    monkeypatch.undo()
    assert simulate(failed.seed, replace(small)).violations == []
