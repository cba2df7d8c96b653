"""Steps that the tests of the reconciliation loop share."""

from __future__ import annotations

from typing import Any

from core.canonical import exact
from core.ledger.event import moment
from core.records import ExceptionRow
from core.records_recheck import RecheckRow
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, approved_problem, change, run

HOME = {"system": "phone", "value": "555 0100", "use": "home"}
MOBILE = {"system": "phone", "value": "555 0199", "use": "mobile"}


def telecom(*items: dict[str, Any]) -> dict[str, Any]:
    return {"telecom": exact(list(items))}


async def verified_phone(bench: Bench) -> str:
    id_ = await approved_phone(bench)
    await run(bench)
    assert change(bench, id_).state == "verified"
    return id_


async def verified_problem(bench: Bench) -> str:
    id_ = await approved_problem(bench)
    await run(bench)
    assert change(bench, id_).state == "verified"
    return id_


def row(bench: Bench, id_: str, index: int = 0) -> RecheckRow:
    found = bench.ledger.recheck(change(bench, id_, index).operation)
    assert found is not None
    return found


def until_due(bench: Bench, id_: str, index: int = 0) -> None:
    """Let time pass until the next look is due."""
    due = row(bench, id_, index).due
    assert due is not None
    bench.clock.time = max(bench.clock.time, moment(due))


def the_exception(bench: Bench, id_: str, index: int = 0) -> ExceptionRow:
    (found,) = bench.ledger.exceptions(id_, index)
    return found


def told(bench: Bench, type_: str) -> list[dict[str, Any]]:
    """Return the data of every event of a type."""
    every = (bench.ledger.entry(seq) for seq in range(bench.ledger.size))
    return [one.leaf["data"] for one in every if one is not None and one.leaf["type"] == type_]


def condition(bench: Bench) -> str:
    """Return the reference of the problem that was written."""
    (found,) = [ref for ref in bench.ehr.versions if ref.startswith("Condition/")]
    return found
