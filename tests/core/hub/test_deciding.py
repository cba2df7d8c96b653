"""The decision protocol on a hub, step by step, and what each guard is for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest

from core.errors import Unreachable
from core.hub import deciding, filing, fold, trail
from core.hub.deciding import Result, confirm, dispatch, push, recall, withdraw
from core.hub.filing import carried_in, file
from tests.core.hub.steps import (
    DONE,
    EMPTY,
    HI,
    add,
    approved,
    id_of,
    kinds,
    placed,
    pushes,
    state,
)
from tests.hub import FakeHub
from tests.team import Team


@pytest.fixture
def team() -> Team:
    return Team()


async def test_a_quorum_of_different_people_makes_a_final(team: Team) -> None:
    hub = placed(team)
    first = team.decision("dr-lee")
    assert (await pushes(team, hub, "dr-lee", first)).status == "pending"
    assert (await pushes(team, hub, "dr-lee", team.decision("dr-lee"))).status == "pending"
    assert await state(team, hub) == "open"
    last = await pushes(team, hub, "dr-roy", team.decision("dr-roy"))
    assert last.status == "effective" and last.standing.state == "approved"
    assert last.standing.final is not None and len(last.standing.final.decisions) == 3
    assert (await pushes(team, hub, "dr-lee", first)).status == "effective"
    assert kinds(hub) == ["admission", "decision", "decision", "decision", "final"]


async def test_control_without_counting_people_one_alone_would_do(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_vote(votes: list[fold.Said], slot: fold.Slot) -> bool:
        return sum(vote.outcome == "approve" for vote in votes) >= slot.quorum

    monkeypatch.setattr(fold, "has_quorum", by_vote)
    hub = placed(team)
    for _ in range(2):
        await pushes(team, hub, "dr-lee", team.decision("dr-lee"))
    assert await state(team, hub) == "approved"


async def test_any_reject_rejects_and_a_deferral_ends_nothing(team: Team) -> None:
    hub = placed(team)
    assert (await pushes(team, hub, "dr-kim", team.decision("dr-kim", "defer"))).status == "pending"
    await pushes(team, hub, "dr-lee", team.decision("dr-lee"))
    done = await pushes(team, hub, "dr-roy", team.decision("dr-roy", "reject"))
    assert (done.status, done.standing.state) == ("effective", "rejected")
    late = await pushes(team, hub, "dr-kim", team.decision("dr-kim"))
    assert late.status == "superseded"


async def test_what_does_not_count(team: Team) -> None:
    hub = placed(team)
    forged = {
        "bytes": {"bytes": "0" * 64}, "revision": {"revision": 1}, "task": {"task": "Task/2"},
        "team": {"team": "south"}, "role": {"role": "nurse"}, "person": {"reviewer": "dr-roy"},
        "outcome": {"outcome": "maybe"}, "verdict": {"verdict": "0" * 64},
    }  # fmt: skip
    for over in forged.values():
        by_other = Team.signed(
            team, "decision", "dr-lee",
            **{**fold_members(team), "reviewer": "dr-lee", "role": "physician", **over},
        )  # fmt: skip
        assert (await pushes(team, hub, "dr-lee", by_other)).status == "void"
    stranger = team.signed(
        "decision", "stranger", **{**fold_members(team), "reviewer": "dr-lee", "role": "physician"}
    )
    add(hub, ("decision", stranger), ("final", team.final("stranger", "approve")))
    hub.store("Task/1", {**hub.current("Task/1"), "status": "completed"})
    assert await state(team, hub) == "open"


def fold_members(team: Team) -> dict[str, object]:
    names = ("proposal", "operation", "ehr", "change", "bytes", "verdict", "index", "revision")
    return {name: getattr(team.slot, name) for name in names} | {"outcome": "approve"}


async def test_nothing_is_decided_before_the_gateway_admitted_just_that(team: Team) -> None:
    hub = FakeHub()
    hub.post(team.proposed())
    add(hub, ("admission", team.admission(bytes="0" * 64)), ("admission", team.admission("dr-lee")))
    assert (await pushes(team, hub, "dr-lee", team.decision("dr-lee"))).status == "not-admitted"
    assert await state(team, hub) == "not-admitted" and len(kinds(hub)) == 2


async def test_a_final_that_leaves_out_a_vote_beside_it_is_none(team: Team) -> None:
    hub = placed(team)
    texts = [team.decision("dr-lee"), team.decision("dr-roy"), team.decision("dr-kim", "reject")]
    ids = [id_of(text) for text in texts]
    add(hub, *(("decision", text) for text in texts),
        ("final", team.final("dr-lee", "approve", *ids[:2])),
        ("final", team.final("dr-lee", "approve", *ids)))  # fmt: skip
    done = await confirm(team.party(hub, "gateway"), team.slot, EMPTY)
    assert done.status == "rejected" and kinds(hub).count("final") == 3


async def test_a_closed_laptop_strands_nothing(team: Team) -> None:
    hub = placed(team)
    for name in ("dr-lee", "dr-roy"):
        await file(hub, "Task/1", "decision", [team.decision(name)], again=False)
    assert await state(team, hub) == "open"
    filed = carried_in(await hub.about("Task/1"))
    assert await state(team, hub, *filed) == "approved"


async def test_a_provenance_whose_answer_was_lost_is_not_posted_twice(team: Team) -> None:
    hub = placed(team, FakeHub(lose_answer=True))
    text = team.decision("dr-lee")
    with pytest.raises(Unreachable):
        await file(hub, "Task/1", "decision", [text], again=False)
    await file(hub, "Task/1", "decision", [text], again=True)
    assert len(hub.provenances) == 1
    assert filing.statements(hub.current("Provenance/1")) == [text]


async def test_a_late_objection_parks_until_the_dispatch(team: Team) -> None:
    hub = placed(team)
    await approved(team, hub)
    no = team.decision("dr-kim", "reject")
    assert (await pushes(team, hub, "dr-kim", no)).status == "parked"
    gateway = team.party(hub, "gateway")
    assert (await dispatch(gateway, team.slot, team.dispatch(), EMPTY, HI)).status == "parked"
    other = placed(team)
    await approved(team, other)
    gateway = team.party(other, "gateway")
    assert (await dispatch(gateway, team.slot, team.dispatch(), EMPTY, HI)).status == "dispatched"
    assert (await pushes(team, other, "dr-kim", no)).status == "too-late"


async def test_control_without_hearing_objections_it_would_be_sent(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = placed(team)
    await approved(team, hub)
    add(hub, ("decision", team.decision("dr-kim", "reject")))
    monkeypatch.setattr(trail, "_voted", lambda now, _vote: now)
    claim = dispatch(team.party(hub, "gateway"), team.slot, team.dispatch(), EMPTY, HI)
    assert (await claim).status == "dispatched"


Act = Callable[[Team, FakeHub], Awaitable[Result]]


def acts() -> dict[str, Act]:
    return {
        "recall": lambda team, hub: recall(
            team.party(hub, "dr-lee"), team.slot, team.recall("dr-lee"), EMPTY
        ),
        "withdraw": lambda team, hub: withdraw(
            team.party(hub, "gateway"), team.slot, team.withdrawal(), EMPTY
        ),
        "dispatch": lambda team, hub: dispatch(
            team.party(hub, "gateway"), team.slot, team.dispatch(), EMPTY, HI
        ),
    }


@pytest.mark.parametrize(("first", "second"), permutations(DONE, 2))
async def test_of_recall_withdrawal_and_dispatch_one_wins(
    team: Team, first: str, second: str
) -> None:
    """Also where the second read the Task before the first was stored."""
    hub = placed(team)
    await approved(team, hub)
    text = {"recall": team.recall("dr-lee"), "withdraw": team.withdrawal(),
            "dispatch": team.dispatch()}[first]  # fmt: skip

    def cut_in(_reference: str) -> None:
        hub.before_put = lambda _: None
        add(hub, (first, text))

    hub.before_put = cut_in
    told = await acts()[second](team, hub)
    assert told.standing.state == DONE[first] and told.status in ("too-late", DONE[first])
    assert told.status != DONE[second]


async def test_who_may_recall_and_what(team: Team) -> None:
    hub = placed(team)
    text = team.recall("dr-lee")
    party = team.party(hub, "dr-lee")
    assert (await recall(party, team.slot, text, EMPTY)).status == "nothing-to-recall"
    await approved(team, hub)
    other = await recall(party, team.slot, team.recall("dr-kim"), EMPTY)
    assert other.status == "nothing-to-recall" and await state(team, hub) == "approved"
    done = await recall(party, team.slot, team.recall("sup-1"), EMPTY)
    assert done.status == "recalled"


async def test_an_approval_that_ran_out_is_not_dispatched(team: Team) -> None:
    hub = placed(team)
    await approved(team, hub)
    late = datetime(2026, 11, 23, 13, tzinfo=UTC)
    claim = dispatch(team.party(hub, "gateway"), team.slot, team.dispatch(), EMPTY, late)
    assert (await claim).status == "expired" and "dispatch" not in kinds(hub)


async def test_only_a_gateway_dispatches_and_only_once(team: Team) -> None:
    hub = placed(team)
    await approved(team, hub)
    gateway = team.party(hub, "gateway")
    bad = dispatch(gateway, team.slot, team.dispatch("dr-lee"), EMPTY, HI)
    assert (await bad).status == "void"
    mine = team.dispatch()
    for _ in range(2):
        assert (await dispatch(gateway, team.slot, mine, EMPTY, HI)).status == "dispatched"
    other = await dispatch(gateway, team.slot, team.dispatch(), EMPTY, HI)
    assert other.status == "too-late"


async def test_revoking_a_key_never_allows_more(team: Team) -> None:
    hub = placed(team)
    await approved(team, hub)
    assert await state(team.on(revoked=("dr-roy",)), hub) == "open"
    assert await state(team.on(without_role=("dr-roy",)), hub) == "open"
    no = placed(team.on(quorum=1))
    await pushes(team, no, "dr-kim", team.decision("dr-kim", "reject"))
    fewer = team.on(quorum=1, revoked=("dr-kim",))
    await pushes(fewer, no, "dr-lee", team.decision("dr-lee"))
    assert await state(fewer, no) == "rejected"
    back = placed(team)
    await approved(team, back)
    await recall(team.party(back, "dr-roy"), team.slot, team.recall("dr-roy"), EMPTY)
    assert await state(team.on(quorum=1, revoked=("dr-roy",)), back) == "recalled"


async def test_authors_cannot_approve(team: Team) -> None:
    hub = placed(team)
    slot = replace(team.slot, authors=frozenset({"dr-lee"}))
    found = await push(team.party(hub, "dr-lee"), slot, team.decision("dr-lee"), EMPTY)
    assert found.status == "void"


async def test_votes_leave_room_for_what_ends_a_change(team: Team) -> None:
    hub = placed(team)
    room = deciding.MAX_OUTPUTS - deciding.RESERVED
    add(hub, *(("note", f"n{number}") for number in range(room - 2)))
    assert (await pushes(team, hub, "dr-lee", team.decision("dr-lee"))).status == "pending"
    extra = team.decision("dr-lee")
    assert (await pushes(team, hub, "dr-lee", extra)).status == "full"
    assert (await pushes(team, hub, "dr-roy", team.decision("dr-roy"))).status == "effective"
    large = placed(team)
    large.store("Task/1", {**large.current("Task/1"), "description": "x" * 899_000})
    assert (await pushes(team, large, "dr-lee", team.decision("dr-lee"))).status == "full"


async def test_a_task_that_vanished_and_one_that_never_rests(team: Team) -> None:
    hub = placed(team)

    def moves(_reference: str) -> None:
        add(hub, ("note", str(len(hub.tasks["Task/1"]))))

    hub.before_put = moves
    assert (await pushes(team, hub, "dr-lee", team.decision("dr-lee"))).status == "contended"
    hub.remove("Task/1")
    assert (await pushes(team, hub, "dr-lee", team.decision("dr-lee"))).status == "vanished"
