"""The team's simulation in CI: some dozens of seeds, every guard, and that it can see."""

from __future__ import annotations

import pytest

from tests.scale import FULL, in_ci, scaled, slowest
from tests.sim.controls import CONTROLS, Control, try_control
from tests.sim.team import controls as team
from tests.sim.team.gateways import simulate_gateways
from tests.sim.team.many import SERVERS
from tests.sim.team.world import simulate_team

SEEDS = scaled(30, 500, 60_000)
GATEWAY_SEEDS = scaled(6, 90, 6_000)
LONG = ("quorum of distinct people", "late objection")
OURS = {name for name, _, _ in (*team.CONTROLS, *team.GATEWAY_CONTROLS)}
TEAM = [one for one in CONTROLS if one.name in OURS and (FULL or one.name not in LONG)]


@slowest
@pytest.mark.parametrize("server", SERVERS)
def test_no_seed_breaks_an_invariant(server: str) -> None:
    outcomes = [simulate_team(seed, server) for seed in range(SEEDS // len(SERVERS))]
    assert {one.seed: one.violations for one in outcomes if one.violations} == {}
    assert any(one.sent for one in outcomes)


@slowest
@pytest.mark.parametrize("server", SERVERS)
def test_no_seed_breaks_a_freeze_or_the_lease(server: str) -> None:
    outcomes = [simulate_gateways(seed, server) for seed in range(GATEWAY_SEEDS // len(SERVERS))]
    assert {one.seed: one.violations for one in outcomes if one.violations} == {}
    assert all(one.sent for one in outcomes)


@in_ci
def test_gateways_stand_still_take_over_and_confirm() -> None:
    """Guards against a simulation in which nothing happens."""
    outcomes = [simulate_gateways(seed, "fair") for seed in range(12)]
    lines = [line for one in outcomes for line in one.lines]
    assert any("held epoch 3" in line for line in lines), "the lease went there and back"
    assert sum("confirmed by epoch" in line for line in lines) > 60
    assert any("lost epoch" in line for line in lines), "a holder woke and was told"
    assert simulate_gateways(3).lines == simulate_gateways(3).lines


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
