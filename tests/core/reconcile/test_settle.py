"""Closing an exception by word: who may, what it needs, and in which order things are looked at."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject
from core.errors import BadInput, Conflict
from core.lifecycle import State
from core.reconcile.settle import settle
from core.reconcile.trouble import troubles
from core.review.asking import case_of, is_grave
from core.review.permissions import Who, answer
from core.review.recall import recall
from core.statement import verify
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import approve, approved_phone, change, edit, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def shorten(resource: JsonObject) -> JsonObject:
    if resource["resourceType"] != "Patient":
        return resource
    telecom: Any = [{**item, "value": str(item["value"])[:3]} for item in resource["telecom"]]
    return {**resource, "telecom": telecom}


async def discrepant(bench: Bench) -> str:
    bench.ehr.transform = shorten
    id_ = await approved_phone(bench)
    await run(bench)
    assert change(bench, id_).state == State.EXCEPTION
    return id_


async def test_an_accepted_discrepancy_is_verified_signed_and_off_the_list(bench: Bench) -> None:
    id_ = await discrepant(bench)
    assert [item.code for item in troubles(bench.ledger)] == ["discrepancy"]
    assert settle(bench.workspace, id_, 0, "the office keeps short numbers") == State.VERIFIED
    assert change(bench, id_).state == State.VERIFIED and not troubles(bench.ledger)
    entry = bench.ledger.trail(id_)[-1]
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    payload = verify(entry.leaf["data"]["statement"], "settlement", keys).payload
    assert payload["reviewer"] == "dr-lee"
    assert entry.body == {"reason": "the office keeps short numbers"}
    with pytest.raises(Conflict, match="no exception"):
        settle(bench.workspace, id_, 0, "again")


async def test_a_refused_write_is_acknowledged_and_stays_refused(bench: Bench) -> None:
    bench.ehr.faults = [422]
    id_ = await approved_phone(bench)
    await run(bench)
    assert [item.code for item in troubles(bench.ledger)] == ["refused"]
    assert settle(bench.workspace, id_, 0, "told the agent's people") == State.REFUSED
    assert not troubles(bench.ledger)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
async def test_a_reason_is_needed(bench: Bench, reason: str) -> None:
    id_ = await discrepant(bench)
    with pytest.raises(BadInput) as caught:
        settle(bench.workspace, id_, 0, reason)
    assert caught.value.field == "reason" and change(bench, id_).state == State.EXCEPTION


async def test_critical_and_ambiguous_are_grave_and_ask_for_on_call_or_a_supervisor(
    bench: Bench,
) -> None:
    id_ = await discrepant(bench)
    row, (item,) = change(bench, id_), bench.ledger.exceptions(id_, 0)
    case = case_of(bench.ledger, row, bench.clock.now())
    desk = Who("desk", frozenset({"coordinator"}), listed=True, enrolled=True)
    assert not case.grave and answer("settle", desk, case) is None
    for grave in (replace(item, class_="critical"), replace(item, kind="ambiguous")):
        assert is_grave([grave])
        why = answer("settle", desk, replace(case, grave=True))
        assert why is not None and why.words == "this asks for on-call or supervisor"
        watcher = replace(desk, roles=frozenset({"on-call"}))
        assert answer("settle", watcher, replace(case, grave=True)) is None


async def test_approvals_that_became_void_are_listed_but_not_what_somebody_chose(
    bench: Bench,
) -> None:
    moved = await approved_phone(bench)
    edit(bench, telecom=[{"system": "phone", "value": "555 0100", "use": "home"},
                         {"system": "phone", "value": "555 0222", "use": "mobile"}])  # fmt: skip
    await run(bench)
    assert change(bench, moved).state == State.PENDING
    recalled = await staged(bench, phone_change(base_version="2"), correlation_id="c-2")
    approve(bench, recalled)
    recall(bench.workspace, recalled, 0)
    found = troubles(bench.ledger)
    assert [(item.kind, item.class_) for item in found] == [("void", "base-moved")]


async def test_an_ambiguous_write_is_listed_while_nobody_knows(bench: Bench) -> None:
    bench.ehr.faults = ["lost-response"]
    id_ = await approved_phone(bench)

    async def down(*_: object, **__: object) -> None:
        from core.errors import Unreachable

        raise Unreachable("the EHR is down")

    read, calls = bench.ehr.read, 0

    async def once(reference: str, version: str | None = None):
        nonlocal calls
        calls += 1
        return await read(reference, version) if not bench.ehr.sent else await down()

    bench.ehr.read = once  # type: ignore[method-assign]
    await run(bench)
    assert change(bench, id_).state == State.AMBIGUOUS
    (item,) = troubles(bench.ledger)
    assert (item.kind, item.code) == ("unresolved", "ambiguous")
    with pytest.raises(Conflict):
        settle(bench.workspace, id_, 0, "fine")
