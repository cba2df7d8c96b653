"""A workspace in which nearly everything has happened once."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.adoption import adopt
from core.canonical import exact
from core.hub.receive import dismiss
from core.incident.freeze import declare, lift
from core.incident.incidents import Declaration, close_incident, declare_incident
from core.intake.stage import stage
from core.ledger.event import Actor, Event, instant
from core.notice import DELIVERED, FAILED, Notice, raise_notice
from core.notify.deliver import ABANDONED
from core.probe.measured import RUNGS, Measured
from core.probe.run import record
from core.profile.granted import remember
from core.reconcile.look import Looked
from core.reconcile.settle import settle
from core.reconcile.sides import Missing
from core.reconcile.unconfirmed import stands
from core.records_traffic import BreakerRow
from core.review.byhand import Entry, enter
from core.review.consult import consult
from core.review.content import read_content
from core.review.dead_letters import close, replay, send_to_review
from core.review.decide import Answer, about, decide
from core.review.edit import edit as edit_change
from core.review.edit import editable
from core.review.glass import Glass
from core.review.hidden import reveal
from core.review.reassign import Handover, Item, reassign
from core.review.recall import recall
from core.review.withdraw import withdraw
from core.second_owner import PENDING
from core.workspace import document as in_force
from sync.keys.ring import generate
from sync.store.connection import Connection, connect
from sync.traffic.stored import LedgerLog
from tests.builders import (
    CONDITION,
    PATIENT,
    Bench,
    document,
    phone_change,
    problem_change,
    problem_of,
    proposal,
)
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.fakes import FakeConsents
from tests.hub import Desk
from tests.labelled import label_note, take_labels
from tests.owners import join
from tests.sync.store.story_again import looked_at_again
from tests.sync.store.story_restored import went_on_after_a_restore

VALUES = ("555 0199", "Synthetic", "newly diagnosed", "59621000", "Patient/example")
"""Words of the chart that stand in bodies and must not outlive them."""


async def live(bench: Bench) -> Bench:
    """Let a workspace live through writes, refusals, moves, faults and freezes."""
    other = problem_change(resource={**CONDITION, "code": {"text": "Synthetic tiredness"}})
    both = await staged(bench, phone_change(), other)
    approve(bench, both, 0)
    decide(bench.workspace, both, 1, Answer("reject", reason="not-supported", note="not hers"))
    await run(bench)
    await _moved(bench)
    await _faulty(bench)
    lift(bench.workspace, declare(bench.workspace, {"agent": "scribe-1"}, "drill"), "over")
    declare(bench.workspace, {"type": "Observation"}, "sensor")
    await _second_thoughts(bench)
    await _by_hand(bench)
    await _late(bench)
    await _glass(bench)
    await _given_away(bench)
    await _through_the_hub(bench)
    _told(bench)
    await _taken_back(bench)
    await _superseded(bench)
    await _asked(bench)
    await _held_for_consent(bench)
    await _revealed(bench)
    await _dead_letters(bench)
    _put_forward(bench)
    _probed(bench)
    _granted(bench)
    _unconfirmed(bench, both)
    _left_alone(bench)
    await looked_at_again(bench)
    await went_on_after_a_restore(bench)
    return bench


def _left_alone(bench: Bench) -> None:
    log, at = LedgerLog(bench.ledger, "sandbox"), instant(bench.clock.now())
    log.opened(BreakerRow("sandbox", at, "unanswered", 1, at))
    log.closed()


async def _revealed(bench: Bench) -> None:
    take_labels(bench)
    label_note(bench)
    quote = [{"source": "DocumentReference/n1", "quote": "a new mobile number", "supports": [0]}]
    change = phone("555 0208", base_version=version(bench))
    id_ = await staged(bench, change, correlation_id="revealed", evidence=quote)
    assert reveal(bench.workspace, id_, [0]) == {"hiv"}


async def _dead_letters(bench: Bench) -> None:
    async def dead(number: int) -> str:
        # As long as one is a dead letter, no other write to its patient leaves.
        patient = f"Patient/dead-{number}"
        bench.ehr.put({**PATIENT, "id": f"dead-{number}"})
        given = problem_of(str(number))
        given["resource"]["subject"] = {"reference": patient}
        id_ = await staged(
            bench, given, correlation_id=f"dead-{number}", evidence=[], patient=patient
        )
        approve(bench, id_)
        bench.ehr.faults = [401, 401]
        await run(bench)
        assert change(bench, id_).state == "dead-letter"
        return id_

    one = await dead(2031)
    close(bench.workspace, one, 0, "entered at the desk by the practice")
    assert change(bench, one).state == "refused"
    other = await dead(2032)
    send_to_review(bench.workspace, other, 0, "she looks at it again")
    assert change(bench, other).state == "pending-human-review"
    last = await dead(2033)
    replay(bench.workspace, last, 0)
    await run(bench)
    # This EHR alters what it stores: what was replayed is in the chart, and differs.
    assert change(bench, last).state == "exception"


def _put_forward(bench: Bench) -> None:
    other = join(bench.workspace)
    text = in_force(bench.ledger, "policy").document
    assert adopt(other, "policy", f"{text}\n# a remark\n").kind == PENDING


async def _asked(bench: Bench) -> None:
    other = generate()
    adopted = bench.ledger.config("roster")
    assert adopted is not None
    key = f'{{kid = "{other.signer("reviewer").kid}", x = "{other.public("reviewer")}"}}'
    person = f'[[people]]\nid = "dr-okafor"\nroles = ["nurse"]\nkeys = [{key}]\n'
    adopt(bench.workspace, "roster", f"{adopted.document}\n{person}")
    id_ = await staged(bench, problem_of("2001"), correlation_id="consulted", evidence=[])
    consult(bench.workspace, id_, 0, "dr-okafor", "newly diagnosed, or known before?")


async def _superseded(bench: Bench) -> None:
    id_ = await staged(bench, problem_of("2021"), correlation_id="first", evidence=[])
    better = problem_of("2022")
    await staged(bench, better, correlation_id="better", supersedes="first", evidence=[])
    assert change(bench, id_).state == "superseded"


async def _taken_back(bench: Bench) -> None:
    id_ = await staged(bench, problem_of("2002"), correlation_id="withdrawn", evidence=[])
    withdraw(bench.workspace, id_, [], "the patient was mistaken")


def _told(bench: Bench) -> None:
    seen = bench.ledger.changes_in("pending-human-review")[0]
    actor = Actor("gateway", "gateway")
    with bench.ledger.transaction() as transaction:
        notice = Notice("expiring", ("role:nurse",), seen.expires)
        id_ = raise_notice(bench.workspace.ids, transaction, actor, about(seen), notice)
        for number, kind in enumerate((FAILED, DELIVERED), 1):
            data = {"id": id_, "attempt": exact(number)}
            transaction.append(Event(kind, actor, about(seen), data=data))
        data = {"id": id_, "kind": "expiring", "why": "not-delivered"}
        transaction.append(Event(ABANDONED, actor, about(seen), data=data))


async def _held_for_consent(bench: Bench) -> None:
    for code, correlation, answer in (
        ("2003", "held", "unreadable"),
        ("2013", "settled", "permit"),
    ):
        bench.consents.answer = "unreadable"
        found = await staged(bench, problem_of(code), correlation_id=correlation, evidence=[])
        bench.consents.answer = answer
        bench.clock.advance(minutes=1)
        await run(bench)
        assert change(bench, found).state == (
            "proposed" if answer == "unreadable" else "pending-human-review"
        )
    bench.consents.answer = "permit"


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


async def _by_hand(bench: Bench) -> None:
    id_ = await staged(bench, problem_change(), correlation_id="hand", evidence=[], urgency="stat")
    said = Declaration("delayed-critical-update", "555 0199 was called", change=(id_, 0))
    close_incident(bench.workspace, declare_incident(bench.workspace, said)[0], "newly diagnosed")
    freeze = declare(bench.workspace, {"type": "Condition"}, "drill")
    seen = Entry(change(bench, id_).change_digest, "newly diagnosed", despite_freeze=True)
    enter(bench.workspace, id_, 0, seen)
    lift(bench.workspace, freeze, "over")


async def _glass(bench: Bench) -> None:
    row = bench.ledger.config("policy")
    assert row is not None
    adopt(bench.workspace, "policy", row.document + '\n[break_glass]\nroles = ["physician"]\n')
    bench.consents = FakeConsents("deny Consent/c1")
    item = document(proposal(problem_of("2005"), correlation_id="glass", evidence=[]))
    id_ = (await stage(bench.workspace, item)).proposal.id
    seen = change(bench, id_).change_digest
    glass = Glass("newly diagnosed, and asleep")
    decide(bench.workspace, id_, 0, Answer("approve", seen=seen, glass=glass))
    await run(bench)
    bench.consents = FakeConsents()


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


def _granted(bench: Bench) -> None:
    by = Actor("gateway", "gateway")
    for granted in (True, False):
        remember(bench.workspace, by, "another", "Condition", "create", granted=granted)


def _unconfirmed(bench: Bench, id_: str) -> None:
    missing = Missing("Provenance.target", "lossy", "why", "Patient/example", unconfirmed=True)
    with bench.ledger.transaction() as transaction:
        looked = Looked("drift", "lossy", sides=(missing,))
        stands(bench.workspace, transaction, change(bench, id_), looked)


def _probed(bench: Bench) -> None:
    found = tuple(Measured(rung, True, "safe", 50) for rung in RUNGS)
    record(bench.workspace, "another", found, 50, "a server")
