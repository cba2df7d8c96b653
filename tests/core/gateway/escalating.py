"""A workspace whose route escalates to on-call, for tests of deadlines and clocks."""

from __future__ import annotations

from pathlib import Path

from core.adoption import adopt
from tests.builders import Bench
from tests.core.duty.rosters import person, shift

NIGHT = shift("20:00", "23:00")


def made(folder: Path) -> Bench:
    """Return a workspace whose coordinator route escalates to on-call, one of them on duty."""
    folder.mkdir(exist_ok=True)
    bench = Bench(folder)
    policy = bench.ledger.config("policy").document
    table = '[[route]]\nid = "coordinator"\n'
    escalating = policy.replace(table, f'{table}warn_before = "2h"\nescalate_to = ["on-call"]\n')
    assert escalating != policy
    adopt(bench.workspace, "policy", escalating)
    with_people(bench, ("cora", ["coordinator"], NIGHT), ("otto", ["on-call"], ""))
    return bench


def with_people(bench: Bench, *people: tuple[str, list[str], str]) -> None:
    text = bench.ledger.config("roster").document
    adopt(bench.workspace, "roster", text + "".join(person(*one) for one in people))
