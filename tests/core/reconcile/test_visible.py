"""Accepted and not yet visible; redacted or refused at the first look; side effects; cohorts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, Conflict, NotFound, Refused
from core.lifecycle import State
from core.ports import Fetched
from core.reconcile import check
from core.reconcile.cohort import Scope, cohort, named
from core.reconcile.recheck import look_at
from tests.builders import CONDITION, Bench, exact_object, phone_change, problem_change
from tests.core.gateway.scenario import (
    approve,
    approved_phone,
    approved_problem,
    change,
    run,
    staged,
)
from tests.core.gateway.scenario import edit as edited
from tests.core.reconcile.again import (
    condition,
    row,
    the_exception,
    told,
    until_due,
    verified_phone,
    verified_problem,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def hidden(bench: Bench, type_: str = "Condition") -> Any:
    """Let an EHR take records of a type in and not show them; return what shows them again."""
    read = bench.ehr.read

    async def not_yet(reference: str, version: str | None = None) -> Fetched | None:
        return None if reference.startswith(type_ + "/") else await read(reference, version)

    bench.ehr.read = not_yet  # type: ignore[method-assign]

    def show() -> None:
        bench.ehr.read = read  # type: ignore[method-assign]

    return show


async def test_a_create_that_shows_late_is_verified_when_it_shows(bench: Bench) -> None:
    show = hidden(bench)
    id_ = await approved_problem(bench)
    done = await run(bench)
    assert (done.verified, done.exceptions) == (0, 0) and not done.unreachable
    assert change(bench, id_).state == State.PERSISTED
    assert told(bench, "reconciliation.unread")[0]["code"] == "not-visible"
    events = bench.ledger.size
    await run(bench)
    assert bench.ledger.size == events, "it is not asked for in every round"
    show()
    until_due(bench, id_)
    assert (await run(bench)).verified == 1
    assert change(bench, id_).state == State.VERIFIED and row(bench, id_).tries == 0


async def test_past_its_deadline_it_is_missing(bench: Bench) -> None:
    hidden(bench)
    id_ = await approved_problem(bench)
    await run(bench)
    begun = bench.clock.now()
    while change(bench, id_).state == State.PERSISTED:
        until_due(bench, id_)
        await run(bench)
    assert bench.clock.now() - begun == timedelta(minutes=10)
    assert (the_exception(bench, id_).kind, the_exception(bench, id_).class_) == (
        "missing",
        "critical",
    )


async def test_control_without_a_deadline_it_would_never_be_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    real = check._absent

    def never(*given: Any) -> Any:
        found = real(*given)
        assert isinstance(found, check.Unexamined)
        return replace(found, deadline=found.deadline + timedelta(days=9999))

    monkeypatch.setattr(check, "_absent", never)
    hidden(bench)
    id_ = await approved_problem(bench)
    for _ in range(20):
        await run(bench)
        until_due(bench, id_)
    assert change(bench, id_).state == State.PERSISTED


async def test_an_update_that_is_not_there_is_missing_at_once(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    read = bench.ehr.read

    async def gone(reference: str, version: str | None = None) -> Fetched | None:
        found = await read(reference, version)
        return None if found is not None and found.version == "2" else found

    bench.ehr.read = gone  # type: ignore[method-assign]
    await run(bench)
    assert the_exception(bench, id_).kind == "missing"


def in_part(bench: Bench, type_: str, fault: Exception | None = None) -> None:
    read = bench.ehr.read

    async def partial(reference: str, version: str | None = None) -> Fetched | None:
        found = await read(reference, version)
        if found is None or not reference.startswith(type_ + "/"):
            return found
        if fault is not None:
            raise fault
        return Fetched({"resourceType": type_, "id": "x"}, found.version, redacted=True)

    bench.ehr.read = partial  # type: ignore[method-assign]


async def test_a_record_redacted_from_the_start_is_never_verified_nor_changed(
    bench: Bench,
) -> None:
    in_part(bench, "Condition")
    id_ = await approved_problem(bench)
    done = await run(bench)
    assert (done.verified, done.exceptions) == (0, 0)
    for _ in range(60):
        if change(bench, id_).state != State.PERSISTED:
            break
        until_due(bench, id_)
        await run(bench)
    found = the_exception(bench, id_)
    assert (found.kind, found.class_) == ("unexamined", "redacted")
    assert not told(bench, "reconciliation.recorded")


async def test_control_a_redacted_record_taken_for_whole_would_be_a_discrepancy(
    bench: Bench,
) -> None:
    read = bench.ehr.read

    async def unmarked(reference: str, version: str | None = None) -> Fetched | None:
        found = await read(reference, version)
        if found is None or not reference.startswith("Condition/"):
            return found
        return Fetched({"resourceType": "Condition", "id": "x"}, found.version)

    bench.ehr.read = unmarked  # type: ignore[method-assign]
    id_ = await approved_problem(bench)
    await run(bench)
    assert the_exception(bench, id_).kind == "discrepancy"


async def test_a_record_that_stays_refused_is_told_by_its_own_code(bench: Bench) -> None:
    in_part(bench, "Condition", Refused("no"))
    id_ = await approved_problem(bench)
    assert (await run(bench)).unreachable
    assert change(bench, id_).state == State.PERSISTED
    bench.clock.advance(hours=25)
    await run(bench)
    assert (the_exception(bench, id_).kind, the_exception(bench, id_).class_) == (
        "unexamined",
        "forbidden",
    )


async def with_encounter(bench: Bench) -> str:
    bench.ehr.put(exact_object({"resourceType": "Encounter", "id": "e1", "status": "finished",
                                "subject": {"reference": "Patient/example"}}))  # fmt: skip
    resource = {**CONDITION, "encounter": {"reference": "Encounter/e1"}}
    id_ = await staged(
        bench, problem_change(resource=resource), encounter="Encounter/e1", evidence=[]
    )
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    return id_


async def test_an_encounter_that_is_gone_is_critical(bench: Bench) -> None:
    id_ = await with_encounter(bench)
    until_due(bench, id_)
    assert (await run(bench)).drifted == 0
    del bench.ehr.versions["Encounter/e1"]
    until_due(bench, id_)
    assert (await run(bench)).drifted == 1
    assert (the_exception(bench, id_).kind, the_exception(bench, id_).class_) == (
        "side-effect",
        "critical",
    )


async def test_a_provenance_that_is_gone_is_said(bench: Bench) -> None:
    id_ = await verified_problem(bench)
    for reference in [ref for ref in bench.ehr.versions if ref.startswith("Provenance/")]:
        del bench.ehr.versions[reference]
    until_due(bench, id_)
    await run(bench)
    found = the_exception(bench, id_)
    assert (found.kind, found.class_) == ("side-effect", "changed")


async def test_where_provenance_cannot_be_searched_its_absence_is_not_told(bench: Bench) -> None:
    id_ = await verified_problem(bench)
    bench.ehr.unsearchable = frozenset({"Provenance"})
    for reference in [ref for ref in bench.ehr.versions if ref.startswith("Provenance/")]:
        del bench.ehr.versions[reference]
    until_due(bench, id_)
    assert (await run(bench)).drifted == 0


async def test_a_cohort_is_looked_at_and_states_what_it_examined(bench: Bench) -> None:
    phone, problem = await verified_phone(bench), ""
    problem = await staged(bench, problem_change(), correlation_id="c-2", evidence=[])
    approve(bench, problem)
    bench.clock.advance(minutes=1)
    await run(bench)
    edited(bench, condition(bench), code={"text": "other"})
    found = cohort(bench.ledger, Scope({"agent": "scribe-1", "type": "Condition"}), 10)
    assert [one.proposal for one in found.changes] == [problem]
    done = await look_at(bench.workspace, found.changes, "cohort", {"type": "Condition"})
    assert (done.writes, done.drift, done.same) == (1, 1, 0) and done.elements > 5
    (stated,) = told(bench, "reconciliation.run")
    assert stated["why"] == "cohort" and stated["scope"] == {"type": "Condition"}
    assert stated["elements"].text == str(done.elements)
    assert change(bench, phone).state == State.VERIFIED


async def test_the_facts_of_a_scope_all_count(bench: Bench) -> None:
    id_ = await verified_phone(bench)
    at = bench.clock.now().isoformat().replace("+00:00", "Z")
    fits: list[Scope] = [
        Scope(), Scope({"ehr": "sandbox"}), Scope({"model": "model-a@1"}),
        Scope({"prompt": "intake@3"}), Scope({"workflow": "visit"}), Scope({"op": "update"}),
        Scope({"path": "Patient.telecom"}), Scope({"approver": "dr-lee"}), Scope(since=at),
    ]  # fmt: skip
    for scope in fits:
        assert [one.proposal for one in cohort(bench.ledger, scope, 9).changes] == [id_], scope
    for key in ("ehr", "agent", "model", "prompt", "workflow", "type", "op", "path", "approver"):
        assert not cohort(bench.ledger, Scope({key: "other"}), 9).changes
    assert not cohort(bench.ledger, Scope(until=at), 9).changes
    assert cohort(bench.ledger, Scope(), 0).more == 1
    with pytest.raises(BadInput):
        cohort(bench.ledger, Scope({"colour": "red"}), 9)
    with pytest.raises(BadInput):
        cohort(bench.ledger, Scope(since=at, until=at), 9)


async def test_named_writes(bench: Bench) -> None:
    id_ = await staged(bench, phone_change(), problem_change())
    approve(bench, id_, 0)
    await run(bench)
    assert [one.idx for one in named(bench.ledger, [(id_, None)]).changes] == [0]
    with pytest.raises(Conflict, match="nothing was written"):
        named(bench.ledger, [(id_, 1)])
    with pytest.raises(NotFound):
        named(bench.ledger, [(id_, 7)])
    show = hidden(bench)
    approve(bench, id_, 1)
    await run(bench)
    assert named(bench.ledger, [(id_, 1)]).waiting == 1
    show()


async def linked_pair(bench: Bench) -> tuple[str, str]:
    """Write a problem's new status and a note that points to the problem, in one proposal."""
    bench.ehr.put(exact_object({**CONDITION, "id": "c1"}))
    status = {"coding": [{**CONDITION["clinicalStatus"]["coding"][0], "code": "resolved"}]}
    note = {
        "resourceType": "DocumentReference", "status": "current",
        "subject": {"reference": "Patient/example"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "c2Vlbg=="}}],
        "context": {"related": [{"reference": "Condition/c1"}]},
    }  # fmt: skip
    update = {
        "op": "update", "target": "Condition/c1", "base_version": "1",
        "resource": {**CONDITION, "id": "c1", "clinicalStatus": status},
    }  # fmt: skip
    id_ = await staged(bench, update, {"op": "create", "resource": note}, evidence=[])
    approve(bench, id_, 0)
    approve(bench, id_, 1)
    await run(bench)
    assert [change(bench, id_, index).state for index in (0, 1)] == ["verified", "verified"]
    written = bench.ledger.write(change(bench, id_, 1).operation)
    assert written is not None and written.location is not None
    return id_, written.location


async def test_a_note_that_was_written_with_it_and_is_gone_is_critical(bench: Bench) -> None:
    id_, note = await linked_pair(bench)
    found = await look_at(bench.workspace, [change(bench, id_, 0)], "demand")
    assert (found.same, found.drift) == (1, 0)
    del bench.ehr.versions[note]
    await look_at(bench.workspace, [change(bench, id_, 0)], "demand")
    assert (the_exception(bench, id_).kind, the_exception(bench, id_).class_) == (
        "side-effect",
        "critical",
    )


async def test_a_note_that_no_longer_points_to_it_is_critical(bench: Bench) -> None:
    id_, note = await linked_pair(bench)
    edited(bench, note, context={"related": []})
    found = await look_at(bench.workspace, [change(bench, id_, 0)], "demand")
    (missing,) = found.results[0][1].sides
    assert missing.reason == "What was written together with it no longer points to it."
