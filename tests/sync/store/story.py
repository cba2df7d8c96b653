"""A workspace in which nearly everything has happened once."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.canonical import exact
from core.hub.receive import dismiss
from core.incident.freeze import declare, lift
from core.ledger.event import Actor, Event
from core.notice import DELIVERED, FAILED, Notice, raise_notice
from core.reconcile.settle import settle
from core.review.content import read_content
from core.review.decide import Answer, about, decide
from core.review.edit import edit as edit_change
from core.review.edit import editable
from core.review.reassign import Handover, Item, reassign
from core.review.recall import recall
from sync.store.connection import Connection, connect
from tests.builders import PATIENT, Bench, phone_change, problem_of
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.hub import Desk

VALUES = ("555 0199", "Synthetic", "newly diagnosed", "59621000", "Patient/example")
"""Words of the chart that stand in bodies and must not outlive them."""


async def live(bench: Bench) -> Bench:
    """Let a workspace live through writes, refusals, moves, faults and freezes."""
    both = await staged(bench)
    approve(bench, both, 0)
    decide(bench.workspace, both, 1, Answer("reject", reason="not-supported", note="not hers"))
    await run(bench)
    await _moved(bench)
    await _faulty(bench)
    lift(bench.workspace, declare(bench.workspace, {"agent": "scribe-1"}, "drill"), "over")
    declare(bench.workspace, {"type": "Observation"}, "sensor")
    await _second_thoughts(bench)
    await _late(bench)
    await _given_away(bench)
    await _through_the_hub(bench)
    _told(bench)
    return bench


def _told(bench: Bench) -> None:
    seen = bench.ledger.changes_in("pending-human-review")[0]
    actor = Actor("gateway", "gateway")
    with bench.ledger.transaction() as transaction:
        notice = Notice("expiring", ("role:nurse",), seen.expires)
        id_ = raise_notice(bench.workspace.ids, transaction, actor, about(seen), notice)
        for number, kind in enumerate((FAILED, DELIVERED), 1):
            data = {"id": id_, "attempt": exact(number)}
            transaction.append(Event(kind, actor, about(seen), data=data))


async def _given_away(bench: Bench) -> None:
    row = bench.ledger.changes_in("expired")[0]
    item = Item(row.proposal, row.idx, row.change_digest, row.state)
    role = (row.route_json or {})["roles"][0]
    (done,) = reassign(bench.workspace, [item], Handover(role, None, timedelta(hours=1), "late"))
    assert done.expires is not None


async def _through_the_hub(bench: Bench) -> None:
    desk = Desk(bench)
    desk.hub.post(desk.agent.task(desk.agent.document(changes=[problem_of("1005")], evidence=[])))
    desk.hub.post(desk.agent.task(team="north"))
    desk.hub.post({**desk.agent.task(), "status": "completed"})
    await desk.sync()
    dismiss(bench.workspace, bench.ledger.open_findings()[0].id)


def phone(value: str, **overrides: Any) -> dict[str, Any]:
    patch = [{"op": "replace", "path": "/telecom/1/value", "value": value}]
    version = overrides.pop("base_version")
    return phone_change(patch=patch, base_version=version, **overrides)


def version(bench: Bench) -> str:
    found = bench.ehr.current("Patient/example")["meta"]["versionId"]
    assert isinstance(found, str)
    return found


async def _phone(bench: Bench, correlation: str, value: str) -> str:
    change = phone(value, base_version=version(bench))
    return await staged(bench, change, correlation_id=correlation, evidence=[])


async def _moved(bench: Bench) -> None:
    rebased = await _phone(bench, "rebased", "555 0201")
    approve(bench, rebased)
    edit(bench, maritalStatus={"text": "M"})
    await run(bench)
    returned = await _phone(bench, "returned", "555 0202")
    approve(bench, returned)
    edit(bench, telecom=[PATIENT["telecom"][0], {**PATIENT["telecom"][1], "value": "555 0177"}])
    await run(bench)
    approve(bench, returned)
    await run(bench)


async def _faulty(bench: Bench) -> None:
    for code, correlation, fault in (
        ("1001", "lost", "lost-response"),
        ("1002", "never", "lost-request"),
        ("1003", "refused", 422),
        ("1004", "changed", "alter"),
    ):
        id_ = await staged(bench, problem_of(code), correlation_id=correlation, evidence=[])
        approve(bench, id_)
        if fault == "alter":
            bench.ehr.transform = lambda found: {**found, "recordedDate": "2026"}
        else:
            bench.ehr.faults.append(fault)
        await run(bench)
        await run(bench)


async def _second_thoughts(bench: Bench) -> None:
    id_ = await _phone(bench, "edited", "555 0203")
    row = change(bench, id_)
    resource = editable(row, read_content(bench.ledger, row))
    telecom = [*resource["telecom"][:1], {**resource["telecom"][1], "value": "555 0204"}]
    edit_change(bench.workspace, id_, 0, {**resource, "telecom": telecom}, row.change_digest)
    approve(bench, id_)
    recall(bench.workspace, id_, 0)
    open_ = bench.ledger.open_exceptions()[0]
    settle(bench.workspace, open_.proposal, open_.idx, "looked at it")


async def _late(bench: Bench) -> None:
    deferred = await staged(bench, problem_of("1006"), correlation_id="deferred", evidence=[])
    until = bench.clock.now() + timedelta(hours=4)
    decide(bench.workspace, deferred, 0, Answer("defer", until=until))
    await staged(bench, problem_of("1007"), correlation_id="expired", evidence=[])
    bench.clock.advance(hours=5)
    await run(bench)
    bench.clock.advance(hours=30)
    await run(bench)


def copied(bench: Bench, path: Path) -> Connection:
    """Return a connection to a copy of the store, to do harm to."""
    bench.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copyfile(bench.path, path)
    return connect(path, None)
