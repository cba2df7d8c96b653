"""The Provenance of a write stands in the chart once, and the ledger says the truth of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.gateway import provenance
from core.gateway.provenance import PRECONDITION_FAILED
from core.ports import Grant, Request, Response
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, change, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def stored(bench: Bench) -> int:
    return sum(ref.startswith("Provenance/") for ref in bench.ehr.versions)


def recorded(bench: Bench, id_: str) -> list[str]:
    leaves = [entry.leaf for entry in bench.ledger.trail(id_)]
    return [leaf["data"]["outcome"] for leaf in leaves if leaf["type"] == "provenance.recorded"]


@pytest.mark.parametrize("fault", [503, 500, 408, 429, "lost-request", "lost-response"])
async def test_an_answer_that_leaves_it_open_is_tried_again_not_recorded_as_failed(
    bench: Bench, fault: str | int
) -> None:
    id_ = await approved_phone(bench)
    # The write itself is well: the fault meets the Provenance.
    before = bench.ehr.send

    async def send(request: Request, grant: Grant, first: object) -> Response:
        if request.type == "Provenance" and not met:
            met.append(1)
            bench.ehr.faults = [fault]
        return await before(request, grant, first)  # type: ignore[arg-type]

    met: list[int] = []
    bench.ehr.send = send  # type: ignore[method-assign,assignment]
    await run(bench)
    await run(bench)
    assert (stored(bench), recorded(bench, id_)) == (1, ["written"])
    assert change(bench, id_).state == "verified"


async def twice(bench: Bench) -> str:
    """Deliver each Provenance twice."""
    id_ = await approved_phone(bench)
    before = bench.ehr.send

    async def send(request: Request, grant: Grant, first: object) -> Response:
        if request.type == "Provenance":
            await before(request, grant, first)  # type: ignore[arg-type]
        return await before(request, grant, first)  # type: ignore[arg-type]

    bench.ehr.send = send  # type: ignore[method-assign,assignment]
    await run(bench)
    return id_


async def test_a_delivery_that_comes_twice_is_stored_once(bench: Bench) -> None:
    id_ = await twice(bench)
    assert (stored(bench), recorded(bench, id_)) == (1, ["written"])


async def test_control_without_its_condition_it_is_stored_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "_same", lambda resource: "recorded=never")
    await twice(bench)
    assert stored(bench) == 2


async def test_several_that_match_are_there_already(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [PRECONDITION_FAILED]
    before = bench.ehr.send

    async def send(request: Request, grant: Grant, first: object) -> Response:
        bench.ehr.faults = [PRECONDITION_FAILED] if request.type == "Provenance" else []
        return await before(request, grant, first)  # type: ignore[arg-type]

    bench.ehr.send = send  # type: ignore[method-assign,assignment]
    await run(bench)
    assert recorded(bench, id_) == ["written"]
