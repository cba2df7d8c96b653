"""The order of a Task's versions decides, on a hub whose writes race, lag or rewrite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.hub import deciding
from core.hub.deciding import confirm, dispatch
from core.hub.trail import Trail
from core.ports_hub import Held
from tests.core.hub.steps import (
    EMPTY,
    HI,
    add,
    approved,
    id_of,
    kinds,
    overwrite,
    placed,
    pushes,
    state,
)
from tests.hub import FakeHub
from tests.team import Team


@pytest.fixture
def team() -> Team:
    return Team()


def raced(team: Team, hub: FakeHub) -> None:
    """Let two finals be stored by PUTs over one version, as a racy server lets them."""
    votes = [team.decision("dr-lee"), team.decision("dr-roy"), team.decision("dr-kim", "reject")]
    add(hub, ("decision", votes[0]))
    over = len(hub.tasks["Task/1"])
    ids = [id_of(text) for text in votes]
    add(hub, ("decision", votes[1]), ("final", team.final("dr-roy", "approve", *ids[:2])))
    overwrite(hub, over, ("decision", votes[2]),
              ("final", team.final("dr-kim", "reject", ids[0], ids[2])))  # fmt: skip


@pytest.mark.parametrize("hub", [FakeHub(), FakeHub(opaque=True), FakeHub(vreads=False)],
                         ids=["numbers", "opaque", "no vread"])  # fmt: skip
async def test_the_first_final_in_version_order_is_effective(team: Team, hub: FakeHub) -> None:
    placed(team, hub)
    raced(team, hub)
    done = await confirm(team.party(hub, "gateway"), team.slot, EMPTY)
    assert done.standing.final is not None and done.standing.final.outcome == "approve"
    assert done.status == "parked", "the rejection that was not in it holds it up"
    assert done.alarms == {"hub-rewrite", "two-finals"}
    assert sorted(kinds(hub)).count("final") == 2, "what was overwritten is put back"
    again = await confirm(team.party(hub, "dr-lee"), team.slot, EMPTY)
    assert again.standing.final == done.standing.final


async def test_control_going_by_the_newest_version_two_would_be_effective(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = placed(team)
    raced(team, hub)
    monkeypatch.setattr("core.hub.look.follow", newest_only)
    done = await confirm(team.party(hub, "gateway"), team.slot, EMPTY)
    assert done.status == "rejected"


class OneMoment(FakeHub):
    """Versions without numbers, all of one time, listed newest first."""

    async def history(self, reference: str) -> list[Held]:
        listed = list(reversed(await super().history(reference)))
        meta = {"lastUpdated": "2026-11-23T09:00:00Z"}
        return [replace(one, resource={**one.resource, "meta": meta}) for one in listed]


async def test_what_the_times_do_not_tell_the_growth_of_outputs_does(team: Team) -> None:
    hub = OneMoment(opaque=True)
    placed(team, hub)
    for who in ("dr-lee", "dr-roy"):
        await pushes(team, hub, who, team.decision(who))
    claim = await dispatch(team.party(hub, "gateway"), team.slot, team.dispatch(), EMPTY, HI)
    assert claim.status == "dispatched" and claim.alarms == frozenset()
    late = await deciding.recall(team.party(hub, "dr-lee"), team.slot, team.recall("dr-lee"), EMPTY)
    assert late.status == "too-late"


async def test_an_order_that_nothing_tells_is_none(team: Team) -> None:
    hub = OneMoment(opaque=True)
    placed(team, hub)
    raced(team, hub)
    done = await confirm(team.party(hub, "gateway"), team.slot, EMPTY)
    assert done.status == "pending"
    claim = dispatch(team.party(hub, "gateway"), team.slot, team.dispatch(), EMPTY, HI)
    assert (await claim).status == "pending"


async def newest_only(_hub: FakeHub, held: Held, _trail: Trail) -> Trail:
    return Trail().then(held)


async def test_a_history_that_lags_or_has_a_gap_leaves_it_open(team: Team) -> None:
    hub = placed(team, FakeHub(opaque=True, lags=1))
    assert (await pushes(team, hub, "dr-lee", team.decision("dr-lee"))).status == "pending"
    mine = team.decision("dr-roy")
    found = await pushes(team, hub, "dr-roy", mine)
    assert found.status == "pending" and kinds(hub)[-1] == "final"
    assert await state(team, hub) == "pending" and kinds(hub).count("final") == 1
    claim = dispatch(team.party(hub, "gateway"), team.slot, team.dispatch(), EMPTY, HI)
    assert (await claim).status == "pending"
    hub.lags = 0
    assert (await pushes(team, hub, "dr-roy", mine)).status == "effective"
    gone = placed(team, FakeHub())
    del gone.tasks["Task/1"][0]
    assert await state(team, gone) == "pending"


async def test_what_a_later_version_drops_or_alters_is_put_back(team: Team) -> None:
    hub = placed(team)
    await approved(team, hub)
    whole = hub.current("Task/1")
    hub.store("Task/1", {**whole, "output": whole["output"][:1], "note": [{"text": "x"}]})
    done = await confirm(team.party(hub, "dr-kim"), team.slot, EMPTY)
    assert (done.status, done.alarms) == ("approved", {"hub-rewrite"})
    now = hub.current("Task/1")
    assert sorted(kinds(hub)) == ["admission", "decision", "decision", "final"]
    assert now["note"] == [{"text": "x"}], "what others added stays"
    assert (await confirm(team.party(hub, "dr-kim"), team.slot, EMPTY)).alarms == frozenset()


async def test_control_without_looking_for_what_is_lost_it_stays_lost(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = placed(team)
    await approved(team, hub)
    whole = hub.current("Task/1")
    hub.store("Task/1", {**whole, "output": whole["output"][:1]})
    monkeypatch.setattr(deciding, "lost", lambda *_: [])
    await state(team, hub)
    assert kinds(hub) == ["admission"]
