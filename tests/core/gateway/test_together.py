"""A write and its Provenance in one transaction, where the EHR was seen to roll back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.canonical import parse_object
from core.gateway import together
from core.ports import Capability, Request, Response
from core.probe.run import probe
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, approved_problem, change, run
from tests.core.gateway.test_provenance import recorded, stored
from tests.core.probe.servers import Careless, Sound
from tests.core.probe.servers import together as at_once

REFUSED = Response(422, None, None, None, ("invalid",))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def probed(bench: Bench, ehr: Sound | None = None) -> None:
    """Measure a server of its own, so that the bench's stays as it is."""
    await probe(bench.workspace, ehr or Sound(), at_once, 2)


def carriers(bench: Bench, id_: str) -> list[str | None]:
    leaves = [entry.leaf for entry in bench.ledger.trail(id_)]
    return [leaf["data"].get("carrier") for leaf in leaves if leaf["type"] == "write.intended"]


def receipts(bench: Bench, id_: str) -> list[str | None]:
    leaves = [entry.leaf for entry in bench.ledger.trail(id_)]
    return [leaf["data"].get("failure") for leaf in leaves if leaf["type"] == "write.receipt"]


async def test_both_are_stored_by_one_request(bench: Bench) -> None:
    await probed(bench)
    id_ = await approved_phone(bench)
    await run(bench)
    [sent] = [one for one in bench.ehr.sent if one.type == "Patient"]
    assert sent.beside is not None and sent.beside.type == "Provenance"
    assert [one.type for one in bench.ehr.sent if one.type == "Provenance"] == []
    assert (stored(bench), recorded(bench, id_), carriers(bench, id_)) == (
        1, ["written"], ["transaction"]
    )  # fmt: skip
    assert change(bench, id_).state == "verified"
    document = parse_object(sent.beside.body)
    assert document["target"] == [{"reference": "Patient/example"}]
    assert document["signature"] and document["agent"][0]["type"]["coding"][0]["code"] == "author"


async def test_a_server_that_was_not_measured_gets_them_one_by_one(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    await run(bench)
    assert [one.beside for one in bench.ehr.sent] == [None, None]
    assert (stored(bench), carriers(bench, id_)) == (1, [None])


async def test_a_server_that_stores_a_part_gets_them_one_by_one(bench: Bench) -> None:
    await probed(bench, Careless())
    id_ = await approved_phone(bench)
    await run(bench)
    assert [one.beside for one in bench.ehr.sent] == [None, None]
    assert (stored(bench), carriers(bench, id_)) == (1, [None])


async def test_a_create_that_its_condition_lets_pass_goes_alone(bench: Bench) -> None:
    await probed(bench)
    bench.ehr.update_create = False
    id_ = await approved_problem(bench)
    await run(bench)
    assert change(bench, id_).rung == "if-none-exist"
    assert (stored(bench), carriers(bench, id_)) == (1, [None])


async def test_an_ehr_that_takes_no_provenance_gets_the_write_alone(bench: Bench) -> None:
    await probed(bench)
    offers = bench.ehr.capability

    async def capability(type_: str) -> Capability:
        found = await offers(type_)
        return replace(found, create=False) if type_ == "Provenance" else found

    bench.ehr.capability = capability  # type: ignore[method-assign]
    id_ = await approved_phone(bench)
    await run(bench)
    assert (carriers(bench, id_), receipts(bench, id_)) == ([None], [None])
    assert (stored(bench), recorded(bench, id_)) == (0, ["failed"])
    assert change(bench, id_).state == "verified"


def twice(bench: Bench) -> None:
    """Deliver every request twice."""
    before = bench.ehr._commit

    def commit(request: Request) -> Response:
        first = before(request)
        before(request)
        return first

    bench.ehr._commit = commit  # type: ignore[method-assign]


@pytest.mark.parametrize("approved", [approved_phone, approved_problem])
async def test_a_transaction_that_is_delivered_twice_stores_one_of_each(
    bench: Bench, approved: Callable[[Bench], object]
) -> None:
    await probed(bench)
    id_ = await approved(bench)  # type: ignore[misc]
    twice(bench)
    await run(bench)
    assert (stored(bench), carriers(bench, id_)) == (1, ["transaction"])
    assert change(bench, id_).state == "verified"


async def test_control_a_create_with_a_search_for_condition_would_store_two(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a POST that finds its resource leaves behind: a second Provenance."""
    monkeypatch.setattr(together, "_FENCED", frozenset({"if-none-exist"}))
    monkeypatch.setattr("core.gateway.together.provenance.build", _about_nothing)
    await probed(bench)
    bench.ehr.update_create = False
    await approved_problem(bench)
    twice(bench)
    await run(bench)
    assert stored(bench) == 2


def _about_nothing(*_: object) -> dict[str, object]:
    return {"resourceType": "Provenance", "target": []}


@pytest.mark.parametrize("fault", ["lost-response", 503])
async def test_a_lost_answer_is_read_back_and_nothing_is_written_again(
    bench: Bench, fault: str | int
) -> None:
    await probed(bench)
    id_ = await approved_phone(bench)
    bench.ehr.faults = [fault]
    if fault == 503:
        # It was stored before the error was told.
        bench.ehr.before_bytes = lambda: None
        inner = bench.ehr.send

        async def send(request: Request, grant: object, first: Callable[[], None]) -> Response:
            if request.beside is not None and not done:
                done.append(1)
                first()
                bench.ehr._commit(request)
                return Response(503, None, None, None)
            return await inner(request, grant, first)  # type: ignore[arg-type]

        done: list[int] = []
        bench.ehr.faults = []
        bench.ehr.send = send  # type: ignore[method-assign,assignment]
    await run(bench)
    await run(bench)
    assert (stored(bench), recorded(bench, id_)) == (1, ["written"])
    assert len(bench.ehr.versions["Patient/example"]) == 2
    assert change(bench, id_).state == "verified"


async def test_a_lost_request_is_sent_again_whole(bench: Bench) -> None:
    await probed(bench)
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-request"]
    for _ in range(3):
        await run(bench)
        bench.clock.advance(minutes=5)
    assert carriers(bench, id_) == ["transaction", "transaction"]
    assert (stored(bench), recorded(bench, id_)) == (1, ["written"])
    assert change(bench, id_).state == "verified"


async def test_what_is_refused_together_is_sent_alone_once(bench: Bench) -> None:
    await probed(bench)
    id_ = await approved_phone(bench)
    bench.ehr.faults = [REFUSED]
    await run(bench)
    assert receipts(bench, id_) == ["transaction-refused", None]
    assert carriers(bench, id_) == ["transaction", None]
    assert (stored(bench), change(bench, id_).state) == (1, "verified")


async def test_what_is_refused_alone_too_is_refused(bench: Bench) -> None:
    await probed(bench)
    id_ = await approved_phone(bench)
    bench.ehr.faults = [REFUSED, REFUSED]
    await run(bench)
    assert receipts(bench, id_) == ["transaction-refused", "validation"]
    assert (stored(bench), change(bench, id_).state) == (0, "refused")


async def test_a_base_that_moved_refuses_both(bench: Bench) -> None:
    await probed(bench)
    id_ = await approved_phone(bench)
    moved = {**bench.ehr.current("Patient/example"), "active": False}
    bench.ehr.before_bytes = lambda: bench.ehr.put(moved)
    await run(bench)
    assert stored(bench) == 0 and recorded(bench, id_) == []


async def test_a_write_whose_provenance_was_left_out_gets_it_afterwards(bench: Bench) -> None:
    """The answer says that only the write was stored, against what was measured."""
    await probed(bench)
    id_ = await approved_phone(bench)
    whole = bench.ehr._commit

    def partly(request: Request) -> Response:
        answer = bench.ehr._store(request)
        if request.beside is None:
            return answer
        return Response(answer.status, answer.version, answer.location, None, beside=422)

    bench.ehr._commit = partly  # type: ignore[method-assign]
    await run(bench)
    bench.ehr._commit = whole  # type: ignore[method-assign]
    await run(bench)
    assert (stored(bench), recorded(bench, id_)) == (1, ["written"])
    assert change(bench, id_).state == "verified"
