"""The team's simulation in CI: some dozens of seeds, every guard, and that it can see."""

from __future__ import annotations

import pytest

from tests.scale import FULL, in_ci, scaled, slowest
from tests.sim.controls import CONTROLS, Control, try_control
from tests.sim.team.many import SERVERS
from tests.sim.team.world import simulate_team

SEEDS = scaled(30, 500, 60_000)
LONG = ("quorum of distinct people", "late objection")
TEAM = [one for one in CONTROLS if one.runs is not None and (FULL or one.name not in LONG)]


@slowest
@pytest.mark.parametrize("server", SERVERS)
def test_no_seed_breaks_an_invariant(server: str) -> None:
    outcomes = [simulate_team(seed, server) for seed in range(SEEDS // len(SERVERS))]
    assert {one.seed: one.violations for one in outcomes if one.violations} == {}
    assert any(one.sent for one in outcomes)


@pytest.mark.parametrize("control", TEAM, ids=lambda control: control.name)
def test_each_guard_switched_off_alone_turns_it_red(control: Control) -> None:
    shown = try_control(control)
    assert shown.red, f"{control.name} can be left out and nothing shows in {shown.seeds} seeds"
    assert shown.green


def test_the_same_seed_is_the_same_run() -> None:
    first, again, other = simulate_team(11), simulate_team(11), simulate_team(17)
    assert first.lines == again.lines and first.lines != other.lines


@in_ci
def test_a_run_is_stormy_and_everything_that_can_end_a_change_does() -> None:
    outcomes = [simulate_team(seed) for seed in range(60)]
    kinds = {label.partition(":")[2].partition("#")[0] for one in outcomes for label in one.fired}
    wanted = {"lost-request", "lost-response", "duplicate", "closes", "offline", "rewrite", "late"}
    assert wanted <= kinds
    told = {line.rpartition(": ")[2] for one in outcomes for line in one.lines}
    assert told >= {
        "effective", "superseded", "pending", "parked", "recalled", "too-late", "withdrawn",
        "dispatched", "approved", "rejected", "open",
    }  # fmt: skip
