"""What one round looks at, what it leaves alone, and what cannot be examined."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import Refused, Unreachable
from core.gateway.events import actor
from core.gateway.run import run_once
from core.ledger.event import Event, moment
from core.ports import Fetched
from core.reconcile import recheck
from core.review.voiding import about
from core.traffic.port import Plain
from core.traffic.work import Kind, Work
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.core.reconcile.again import (
    HOME,
    MOBILE,
    row,
    telecom,
    the_exception,
    told,
    until_due,
    verified_phone,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def unreadable(bench: Bench, how: Any) -> None:
    read = bench.ehr.read

    async def fails(reference: str, version: str | None = None) -> Fetched | None:
        found = await read(reference, version)
        if isinstance(how, Exception):
            raise how
        return None if found is None else Fetched(found.resource, found.version, redacted=True)

    bench.ehr.read = fails  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("how", "code"),
    [("redacted", "redacted"), (Refused("no"), "forbidden"), (Unreachable("no"), "unreadable")],
)
async def test_what_cannot_be_examined_is_neither_verified_nor_drift(
    bench: Bench, how: Any, code: str
) -> None:
    id_ = await verified_phone(bench)
    edit(bench, **telecom(HOME))
    read = bench.ehr.read
    unreadable(bench, how)
    until_due(bench, id_)
    done = await run(bench)
    assert (done.looked_again, done.drifted) == (0, 0)
    found = row(bench, id_)
    assert found.tries == 1 and found.due is not None and moment(found.due) > bench.clock.now()
    assert change(bench, id_).state == "verified" and not bench.ledger.exceptions(id_, 0)
    for _ in range(60):
        if bench.ledger.exceptions(id_, 0):
            break
        until_due(bench, id_)
        await run(bench)
    assert (the_exception(bench, id_).kind, the_exception(bench, id_).class_) == (
        "unexamined",
        code,
    )
    waited = bench.clock.now() - moment(str(found.unread_since))
    assert waited == timedelta(hours=24)
    assert {one["code"] for one in told(bench, "reconciliation.unread")} == {code}
    bench.ehr.read = read  # type: ignore[method-assign]


async def test_readable_again_it_is_compared(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    edit(bench, **telecom(HOME))
    read = bench.ehr.read
    unreadable(bench, "redacted")
    until_due(bench, id_)
    await run(bench)
    bench.ehr.read = read  # type: ignore[method-assign]
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1


async def five_patients(bench: Bench) -> list[str]:
    """Return one verified write for each of five patients, all due to be looked at."""
    ids = []
    for number in range(5):
        patient = {**bench.ehr.current("Patient/example"), "id": f"p{number}", "telecom": []}
        bench.ehr.put(patient)
        made = {
            "op": "update",
            "target": f"Patient/p{number}",
            "base_version": "1",
            "patch": [{"op": "add", "path": "/telecom/-", "value": HOME}],
        }
        id_ = await staged(
            bench, made, patient=f"Patient/p{number}", correlation_id=f"d-{number}", evidence=[]
        )
        approve(bench, id_)
        ids.append(id_)
    await run(bench)
    for id_ in ids:
        until_due(bench, id_)
    return ids


async def test_an_ehr_that_is_down_is_asked_about_few_of_many(bench: Bench) -> None:
    ids = await five_patients(bench)
    unreadable(bench, Unreachable("down"))
    await run(bench)
    assert [row(bench, id_).tries for id_ in ids].count(1) == recheck.IN_A_ROW
    (last,) = told(bench, "reconciliation.run")
    assert (int(last["left"].text), int(last["writes"].text)) == (2, 0)


async def test_while_a_write_to_the_chart_may_be_in_it_nothing_is_called_drift(
    bench: Bench,
) -> None:
    first = await verified_phone(bench)
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0133"}]
    second = await staged(
        bench, phone_change(base_version="2", patch=patch), correlation_id="c-2", evidence=[]
    )
    approve(bench, second)
    bench.ehr.faults = ["lost-response"]
    until_due(bench, first)
    read = bench.ehr.read

    async def not_back(reference: str, version: str | None = None) -> Fetched | None:
        if len(bench.ehr.sent) > 2 and change(bench, second).state in ("sending", "ambiguous"):
            raise Unreachable("no")
        return await read(reference, version)

    bench.ehr.read = not_back  # type: ignore[method-assign]
    await run(bench)
    assert change(bench, second).state == "ambiguous"
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0133"
    assert change(bench, first).state == "verified"
    (last,) = told(bench, "reconciliation.run")
    assert (int(last["left"].text), int(last["drift"].text)) == (1, 0)


async def test_an_ehr_that_the_workspace_no_longer_has_is_told_by_its_own_code(
    bench: Bench,
) -> None:
    id_ = await verified_phone(bench)
    until_due(bench, id_)
    await run_once(replace(bench.workspace, ehrs={}), bench.epoch)
    assert told(bench, "reconciliation.unread")[0]["code"] == "no-such-ehr"
    assert change(bench, id_).state == "verified"


def test_one_ehr_with_much_to_look_at_delays_no_other() -> None:
    due: list[Any] = [SimpleNamespace(ehr="a") for _ in range(90)]
    due += [SimpleNamespace(ehr="b") for _ in range(3)]
    found = [one.ehr for one in recheck._shared_out(due, 10)]
    assert (len(found), found.count("b")) == (10, 3)


async def test_control_without_that_wait_a_write_under_way_would_be_called_drift(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck, "_is_unsure", lambda *_: False)
    first = await verified_phone(bench)
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": "555 0133"}]
    second = await staged(
        bench, phone_change(base_version="2", patch=patch), correlation_id="c-2", evidence=[]
    )
    approve(bench, second)
    with bench.ledger.transaction() as transaction:
        of = about(change(bench, second))
        transaction.append(
            Event("change.due", actor(bench.workspace), of, before="ready-for-write",
                  after="sending")
        )  # fmt: skip
    edit(bench, **telecom(HOME, {**MOBILE, "value": "555 0133"}))
    found = await recheck.look_at(bench.workspace, [change(bench, first)], "demand")
    assert found.drift == 1


class Noting(Plain):
    """Notes what every slot is taken for."""

    def __init__(self) -> None:
        self.kinds: list[Kind] = []

    def slot(self, ehr: str, work: Work) -> AbstractAsyncContextManager[None]:
        self.kinds.append(work.kind)
        return super().slot(ehr, work)


async def test_looks_ask_for_room_as_background_reads_after_every_write(bench: Bench) -> None:
    first = await verified_phone(bench)
    second = await staged(bench, problem_change(), correlation_id="c-2", evidence=[])
    approve(bench, second)
    until_due(bench, first)
    traffic = Noting()
    done = await run_once(replace(bench.workspace, traffic=traffic), bench.epoch)
    assert (done.sent, done.looked_again) == (1, 1)
    assert traffic.kinds[-1] == Kind.READ and traffic.kinds.count(Kind.READ) == 1


async def test_a_round_looks_at_a_bounded_number(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await verified_phone(bench)
    second = await staged(bench, problem_change(), correlation_id="c-2", evidence=[])
    approve(bench, second)
    await run(bench)
    bench.clock.advance(hours=2)
    found = await recheck.look_at_due(bench.workspace, 1)
    assert found is not None and found.asked == 1
    found = await recheck.look_at_due(bench.workspace, 1)
    assert found is not None and found.asked == 1
    assert await recheck.look_at_due(bench.workspace, 1) is None
    assert row(bench, id_).step == 2
