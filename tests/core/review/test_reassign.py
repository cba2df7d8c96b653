"""Giving changes to others: who may, to whom, for how long, and that nothing else is let by it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.errors import BadInput, Refused
from core.ledger.event import moment
from core.lifecycle import State
from core.queue import View
from core.review import asking
from core.review.load import carried
from core.review.reassign import Handover, Item, reassign
from core.statement import verify
from core.workspace import roster_in_force
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.scenario import approve, change, run, staged

FOUR = timedelta(hours=4)
TO_ROLE = Handover("coordinator", None, FOUR, "nobody was there")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def item(bench: Bench, id_: str, index: int = 0) -> Item:
    row = change(bench, id_, index)
    return Item(id_, index, row.change_digest, row.state)


async def expired(bench: Bench) -> str:
    id_ = await staged(bench, phone_change())
    bench.clock.advance(hours=9)
    await run(bench)
    assert change(bench, id_).state == State.EXPIRED
    return id_


async def test_an_expired_change_waits_again_is_decided_and_written(bench: Bench) -> None:
    id_ = await expired(bench)
    (done,) = reassign(bench.workspace, [item(bench, id_)], TO_ROLE)
    row = change(bench, id_)
    assert (row.state, row.assigned, row.expires) == (
        State.PENDING,
        "role:coordinator",
        done.expires,
    )
    assert moment(str(row.expires)) == bench.clock.now() + FOUR
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED


async def test_it_never_waits_longer_than_its_route_lets_it(bench: Bench) -> None:
    id_ = await expired(bench)
    week = Handover("coordinator", None, timedelta(days=7), "x")
    reassign(bench.workspace, [item(bench, id_)], week)
    assert moment(str(change(bench, id_).expires)) == bench.clock.now() + timedelta(hours=8)


async def test_older_votes_are_void(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    assert change(bench, id_).state == State.READY
    (left,) = reassign(bench.workspace, [item(bench, id_)], TO_ROLE)
    assert left.expires is None and "ready-for-write" in str(left.why_not)
    assert change(bench, id_).state == State.READY


async def test_what_moved_meanwhile_is_left_and_named_and_the_rest_is_done(bench: Bench) -> None:
    both = await staged(bench, phone_change(), problem_change(), evidence=[])
    items = [item(bench, both, 0), item(bench, both, 1)]
    approve(bench, both, 0)
    done = reassign(bench.workspace, items, Handover(None, "dr-lee", FOUR, "x"))
    assert [one.why_not is None for one in done] == [False, True]
    assert change(bench, both, 1).assigned == "person:dr-lee"


async def test_only_who_holds_a_role_of_the_route_can_be_named(bench: Bench) -> None:
    id_ = await expired(bench)
    for handover in (Handover("nurse", None, FOUR, "x"), Handover(None, "nobody", FOUR, "x")):
        (left,) = reassign(bench.workspace, [item(bench, id_)], handover)
        assert left.expires is None and change(bench, id_).state == State.EXPIRED


@pytest.mark.parametrize(
    "handover",
    [Handover(None, None, FOUR, "x"), Handover("nurse", "dr-lee", FOUR, "x"),
     Handover("nurse", None, FOUR, " "), Handover("nurse", None, timedelta(0), "x")],
)  # fmt: skip
async def test_bad_input_names_the_field(bench: Bench, handover: Handover) -> None:
    id_ = await expired(bench)
    before = bench.ledger.size
    with pytest.raises(BadInput) as caught:
        reassign(bench.workspace, [item(bench, id_)], handover)
    assert caught.value.field in ("to", "reason", "expires") and bench.ledger.size == before


@pytest.mark.parametrize("allowed", [("supervisor",), ("wizard",)])
async def test_only_whom_the_route_lets_reassign(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, allowed: tuple[str, ...]
) -> None:
    id_ = await expired(bench)
    monkeypatch.setattr(asking, "reassigners", lambda _change: allowed)
    if "supervisor" in allowed:
        assert reassign(bench.workspace, [item(bench, id_)], TO_ROLE)[0].expires
    else:
        with pytest.raises(Refused):
            reassign(bench.workspace, [item(bench, id_)], TO_ROLE)


async def test_it_is_signed_and_its_reason_stands_in_the_body(bench: Bench) -> None:
    id_ = await expired(bench)
    reassign(bench.workspace, [item(bench, id_)], TO_ROLE)
    entry = bench.ledger.trail(id_)[-1]
    keys = {bench.ring.signer("reviewer").kid: bench.ring.public("reviewer")}
    payload = verify(entry.leaf["data"]["statement"], "reassignment", keys).payload
    assert payload["to"] == "role:coordinator" and entry.body == {"reason": "nobody was there"}


async def test_what_is_given_to_another_is_not_mine(bench: Bench) -> None:
    id_ = await expired(bench)
    reassign(bench.workspace, [item(bench, id_)], Handover(None, "dr-lee", FOUR, "x"))
    now = bench.clock.now()
    for voter, count in (("dr-lee", 1), ("dr-other", 0)):
        page = bench.ledger.queue_page(View(voter=voter), now, bench.ledger.size)
        assert len(page.rows) == count


async def test_the_load_by_route_role_and_person(bench: Bench) -> None:
    await expired(bench)
    await staged(bench, phone_change(), problem_change(), correlation_id="c-2", evidence=[])
    now, roster = bench.clock.now(), roster_in_force(bench.ledger)
    by_route = {one.name: one for one in carried(bench.ledger, roster, "route", now).groups}
    assert (by_route["coordinator"].waiting, by_route["coordinator"].expired) == (1, 1)
    assert by_route["clinician"].waiting == 1
    by_role = {one.name: one for one in carried(bench.ledger, roster, "role", now).groups}
    assert set(by_role) == {"coordinator", "nurse", "physician"}
    (person,) = carried(bench.ledger, roster, "person", now).groups
    assert (person.name, person.waiting, person.expired) == ("dr-lee", 2, 1)
    later = now + timedelta(hours=7, minutes=30)
    soon = {one.name: one.soon for one in carried(bench.ledger, roster, "route", later).groups}
    assert soon["coordinator"] == 1
    found = carried(bench.ledger, roster, "route", now, only="coordinator")
    assert [one.state for one in found.changes] == [State.EXPIRED, State.PENDING]
