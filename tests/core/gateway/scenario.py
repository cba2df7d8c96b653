"""Steps that gateway tests share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.canonical import JsonObject
from core.gateway.deadlines import sweep
from core.gateway.run import Round, run_once
from core.intake.stage import stage
from core.lifecycle import State
from core.records import ChangeRow
from core.review.decide import Answer, decide
from tests.builders import Bench, document, phone_change, problem_change, proposal


async def staged(bench: Bench, *changes: dict[str, Any], **overrides: Any) -> str:
    found = await stage(bench.workspace, document(proposal(*changes, **overrides)))
    assert found.outcome == "review", found.reasons
    return found.proposal.id


async def approved_phone(bench: Bench) -> str:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    return id_


async def approved_problem(bench: Bench) -> str:
    id_ = await staged(bench, problem_change(), evidence=[])
    approve(bench, id_)
    return id_


def approve(bench: Bench, id_: str, index: int = 0) -> None:
    decide(
        bench.workspace, id_, index, Answer("approve", seen=change(bench, id_, index).change_digest)
    )


def change(bench: Bench, id_: str, index: int = 0) -> ChangeRow:
    found = bench.ledger.change(id_, index)
    assert found is not None
    return found


async def run(bench: Bench) -> Round:
    return await run_once(bench.workspace, bench.epoch)


async def in_state(bench: Bench, state: State) -> str:
    """Stage a phone change and bring it into a state."""
    id_ = await staged(bench, phone_change())
    if state == State.READY:
        approve(bench, id_)
    if state == State.DEFERRED:
        until = bench.clock.now() + timedelta(hours=1)
        decide(bench.workspace, id_, 0, Answer("defer", until=until))
    if state == State.EXPIRED:
        bench.clock.advance(hours=9)
        sweep(bench.workspace, Round())
    if state == State.REJECTED:
        decide(bench.workspace, id_, 0, Answer("reject", reason="not-needed"))
    if state == State.VERIFIED:
        approve(bench, id_)
        await run(bench)
    assert change(bench, id_).state == state
    return id_


def edit(bench: Bench, reference: str = "Patient/example", **elements: Any) -> JsonObject:
    """Change a resource by another's hand."""
    found = {**bench.ehr.current(reference), **elements}
    bench.ehr.put(found)
    return found
