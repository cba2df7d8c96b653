"""The part of the story in which the chart is looked at again and exceptions are seen to."""

from __future__ import annotations

from core.canonical import JsonObject
from core.lifecycle import State
from core.ports import Fetched
from core.reconcile.settle import settle
from core.reconcile.steps import ask_correction, ask_look, escalate, remap
from core.records import ChangeRow
from tests.builders import PATIENT, Bench, problem_of
from tests.core.gateway.scenario import approve, change, edit, run, staged


async def looked_at_again(bench: Bench) -> None:
    """Let a verified chart drift, be unreadable once, and be put right by a correction."""
    first, second = await _altered(bench, "3001"), await _altered(bench, "3002")
    remap(bench.workspace, *first, "this EHR confirms what it takes in")
    escalate(bench.workspace, *first, "who knows this EHR?")
    ask_correction(bench.workspace, *first, "it is not confirmed")
    ask_correction(bench.workspace, *second, "it is not confirmed")
    settle(bench.workspace, *second, "it may stay after all")
    await run(bench)
    row = bench.ledger.corrections(*first)[0]
    assert row.proposed is not None
    approve(bench, row.proposed)
    await run(bench)
    assert change(bench, *first).state == State.CORRECTED
    await _unread_then_drifted(bench, second)
    bench.clock.advance(hours=5)
    await run(bench)


def _confirmed(found: JsonObject) -> JsonObject:
    if found["resourceType"] != "Condition":
        return found
    status = found["verificationStatus"]["coding"][0]
    return {**found, "verificationStatus": {"coding": [{**status, "code": "confirmed"}]}}


async def _altered(bench: Bench, code: str) -> tuple[str, int]:
    # What goes wrong holds up its patient's other writes.
    patient = f"Patient/again-{code}"
    bench.ehr.put({**PATIENT, "id": f"again-{code}"})
    given = problem_of(code)
    given["resource"]["subject"] = {"reference": patient}
    id_ = await staged(bench, given, correlation_id=f"again-{code}", evidence=[], patient=patient)
    approve(bench, id_)
    bench.ehr.transform = _confirmed
    await run(bench)
    bench.ehr.transform = lambda found: found
    assert change(bench, id_).state == State.EXCEPTION
    return id_, 0


async def _unread_then_drifted(bench: Bench, which: tuple[str, int]) -> None:
    row: ChangeRow = change(bench, *which)
    written = bench.ledger.write(row.operation)
    assert written is not None and written.location is not None
    location, read = written.location, bench.ehr.read

    async def redacted(reference: str, version: str | None = None) -> Fetched | None:
        found = await read(reference, version)
        return None if found is None else Fetched(found.resource, found.version, redacted=True)

    ask_look(bench.workspace, *which)
    bench.ehr.read = redacted  # type: ignore[method-assign]
    await run(bench)
    bench.ehr.read = read  # type: ignore[method-assign]
    edit(bench, location, code={"text": "Synthetic tiredness"})
    ask_look(bench.workspace, *which)
    await run(bench)
    assert change(bench, *which).state == State.EXCEPTION
