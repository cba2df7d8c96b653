"""Several writes at once: never two to one patient, all guards on, and no order broken."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.gateway import order
from core.gateway.run import Round, run_once
from core.incident.freeze import declare
from core.ports import Request, Response
from core.records import ChangeRow
from core.traffic.limits import Limits
from core.workspace import Workspace
from sync.traffic import Gate, Lanes, Limited, Senses
from tests.builders import Bench, chart, problem_of
from tests.core.gateway.scenario import approve, change, staged
from tests.fakes import FakeEhr, FakeGrant
from tests.traffic.loop import clock, now, run

PATIENTS = 6


class SlowEhr(FakeEhr):
    """Takes a while for each write, and remembers which were on their way together."""

    def __init__(self) -> None:
        super().__init__()
        self.together: list[set[str]] = []
        self.order: list[str] = []
        self._flying: list[str] = []
        self.overlapped = False
        self.after: Callable[[], None] = lambda: None

    async def send(
        self, request: Request, grant: FakeGrant, before_first_byte: Callable[[], None]
    ) -> Response:
        if request.type == "Provenance":
            return await super().send(request, grant, before_first_byte)
        patient = _patient(request)
        await asyncio.sleep(0.1)

        def first_byte() -> None:
            before_first_byte()
            self.overlapped |= patient in self._flying
            self._flying.append(patient)
            self.together.append(set(self._flying))

        try:
            response = await super().send(request, grant, first_byte)
            await asyncio.sleep(1)
            self.order.append(request.body.decode())
            self.after()
            return response
        finally:
            if patient in self._flying:
                self._flying.remove(patient)


def _patient(request: Request) -> str:
    from core.canonical import parse_object

    return str(parse_object(request.body)["subject"]["reference"])


def lanes(bench: Bench, width: int = 8) -> Workspace:
    gate = Gate("sandbox", Limits(), Senses(now, clock, random.Random(1).random))
    limited = Limited(bench.ehr, gate)
    traffic = Lanes({"sandbox": limited}, width)
    return replace(bench.workspace, ehrs={"sandbox": limited}, traffic=traffic)


async def approved(bench: Bench, patient: str, code: str) -> str:
    condition = problem_of(code)
    resource: dict[str, Any] = {**condition["resource"], "subject": {"reference": patient}}
    id_ = await staged(
        bench, {**condition, "resource": resource}, patient=patient, evidence=[],
        correlation_id=f"{patient[8:]}-{code}",
    )  # fmt: skip
    approve(bench, id_)
    return id_


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    ehr = SlowEhr()
    chart(ehr)
    for number in range(PATIENTS):
        ehr.put({**ehr.current("Patient/example"), "id": f"p{number}"})
    return Bench(tmp_path, ehr)


async def _two_each(bench: Bench) -> list[str]:
    return [
        await approved(bench, f"Patient/p{number}", code)
        for code in ("1001", "1002")
        for number in range(PATIENTS)
    ]


def states(bench: Bench, ids: list[str]) -> set[str]:
    return {change(bench, id_).state for id_ in ids}


def test_writes_to_many_patients_fly_together_and_to_one_never(bench: Bench) -> None:
    async def main() -> list[str]:
        ids = await _two_each(bench)
        await run_once(lanes(bench), bench.epoch)
        return ids

    ids = run(main())
    ehr = bench.ehr
    assert isinstance(ehr, SlowEhr)
    assert states(bench, ids) == {"verified"}
    assert max(map(len, ehr.together)) == PATIENTS
    assert not ehr.overlapped
    for number in range(PATIENTS):
        mine = [body for body in ehr.order if f"Patient/p{number}" in body]
        assert ["1001" in body for body in mine] == [True, False], "in the order of approval"


def test_without_chains_two_writes_to_one_patient_overlap(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alone(changes: list[ChangeRow]) -> list[list[ChangeRow]]:
        return [[one] for one in changes]

    monkeypatch.setattr("core.gateway.run.chains", alone)

    async def main() -> None:
        await _two_each(bench)
        await run_once(lanes(bench, 12), bench.epoch)

    run(main())
    assert isinstance(bench.ehr, SlowEhr) and bench.ehr.overlapped


def test_a_freeze_between_holds_what_has_no_intent_yet(bench: Bench) -> None:
    ehr = bench.ehr
    assert isinstance(ehr, SlowEhr)

    def freeze() -> None:
        if len(ehr.order) == 1:
            declare(bench.workspace, {"type": "Condition"}, "drill")

    ehr.after = freeze

    async def main() -> tuple[list[str], Round]:
        ids = await _two_each(bench)
        return ids, await run_once(lanes(bench), bench.epoch)

    ids, done = run(main())
    assert done.sent == PATIENTS and done.waiting >= PATIENTS
    assert states(bench, ids) == {"verified", "ready-for-write"}


def test_a_lost_lease_stops_all_that_have_not_left(bench: Bench) -> None:
    ehr = bench.ehr
    assert isinstance(ehr, SlowEhr)

    def take() -> None:
        if len(ehr.order) == 1:
            bench.take_lease()

    ehr.after = take
    epoch = bench.epoch

    async def main() -> list[str]:
        ids = await _two_each(bench)
        await run_once(lanes(bench), epoch)
        return ids

    ids = run(main())
    assert len([one for one in ids if change(bench, one).state == "ready-for-write"]) == PATIENTS


def test_an_unknown_outcome_holds_the_patients_next_write(bench: Bench) -> None:
    async def main() -> None:
        first = await approved(bench, "Patient/p0", "1001")
        second = await approved(bench, "Patient/p0", "1002")
        bench.ehr.faults.append("lost-request")
        workspace = lanes(bench)
        await run_once(workspace, bench.epoch)
        assert isinstance(bench.ehr, SlowEhr)
        assert len(bench.ehr.sent) == 1, "the second one waits until the first is known"
        assert change(bench, second).state == "ready-for-write"
        await run_once(workspace, bench.epoch)
        await run_once(workspace, bench.epoch)
        assert change(bench, first).state == "verified"
        assert change(bench, second).state == "verified"

    run(main())


def test_a_failing_job_ends_the_round_after_the_others(bench: Bench) -> None:
    ended: list[int] = []

    async def job(number: int) -> None:
        await asyncio.sleep(number)
        if number == 1:
            raise ValueError("broken")
        ended.append(number)

    async def main() -> None:
        jobs = iter([lambda n=n: job(n) for n in (1, 2, 3, 4)])
        with pytest.raises(ValueError, match="broken"):
            await Lanes({}, 2).each(jobs)

    run(main())
    assert ended == [2, 3, 4], "the others had their turn"


def test_stat_and_what_is_soon_needed_goes_first(bench: Bench) -> None:
    async def main() -> list[str]:
        ids = [await approved(bench, f"Patient/p{number}", "1001") for number in range(5)]
        rows = [change(bench, id_) for id_ in ids]
        rows[3] = replace(rows[3], urgency="stat")
        due = [[row] for row in rows]
        taken: list[str] = []

        async def take(chain: list[ChangeRow]) -> None:
            taken.append(chain[0].proposal)

        for job in order.jobs(bench.workspace, due, take):
            await job()
        return [ids[3], *taken]

    stat, *taken = run(main())
    assert taken[0] == stat
