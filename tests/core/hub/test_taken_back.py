"""What is taken back later, or copied, allows nothing: keys, roles, ids, admissions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.canonical import exact
from core.hub.deciding import confirm, dispatch
from core.hub.fold import Rules
from core.hub.head import change_head, follow_head
from core.hub.register import replaced
from core.statement import peek, sign
from tests.core.hub import test_head
from tests.core.hub.steps import EMPTY, HI, add, approved, id_of, placed, pushes, state
from tests.team import SIGNERS, TEAM, Team, roster


@pytest.fixture
def team() -> Team:
    return Team()


async def sent(team: Team) -> tuple[Team, object]:
    hub = placed(team)
    await approved(team, hub)
    done = await dispatch(team.party(hub, "gateway"), team.slot, team.dispatch(), EMPTY, HI)
    assert done.status == "dispatched"
    return team, hub


@pytest.mark.parametrize("revoked", [("dr-lee",), ("dr-lee", "dr-roy")])
async def test_what_was_dispatched_stays_so_whoever_is_revoked(
    team: Team, revoked: tuple[str, ...]
) -> None:
    team, hub = await sent(team)
    later = team.on(revoked=revoked)
    assert await state(later, hub) == "dispatched"  # type: ignore[arg-type]
    again = await dispatch(
        later.party(hub, "gateway"), later.slot, later.dispatch(), EMPTY, HI  # type: ignore[arg-type]
    )  # fmt: skip
    assert again.status == "too-late"


async def test_a_revoked_gateway_claims_nothing_and_its_dispatch_still_counts(team: Team) -> None:
    team, hub = await sent(team)
    gone = roster().model_copy(
        update={"gateways": [one.model_copy(update={"revoked": True}) for one in roster().gateways]}
    )
    later = replace(team, rules=Rules(TEAM, gone))
    done = await confirm(later.party(hub, "dr-kim"), later.slot, EMPTY)  # type: ignore[arg-type]
    assert done.standing.state == "dispatched"
    fresh = placed(team)
    await approved(team, fresh)
    claim = await dispatch(later.party(fresh, "gateway"), later.slot, later.dispatch(), EMPTY, HI)
    assert claim.status == "void"


async def test_a_copied_id_silences_nobody(team: Team) -> None:
    """The id of a rejection that was filed is on the hub before the Task bears the rejection."""
    hub = placed(team)
    await approved(team, hub)
    reject = team.decision("dr-kim", "reject")
    copied = {**peek(team.final("dr-roy", "approve")), "id": id_of(reject)}
    add(hub, ("final", sign("final", copied, SIGNERS["dr-roy"]).text))
    await pushes(team, hub, "dr-kim", reject)
    assert await state(team, hub) == "parked"


async def test_a_vote_under_anothers_id_does_not_pass_for_it(team: Team) -> None:
    hub = placed(team)
    reject = team.decision("dr-kim", "reject")
    twin = {**peek(team.decision("dr-lee")), "id": id_of(reject)}
    add(hub, ("decision", sign("decision", twin, SIGNERS["dr-lee"]).text))
    await pushes(team, hub, "dr-roy", team.decision("dr-roy"))
    done = await pushes(team, hub, "dr-kim", reject)
    assert (done.status, await state(team, hub)) == ("parked", "parked")


async def test_two_votes_of_one_id_make_no_final(team: Team) -> None:
    hub = placed(team)
    first = team.decision("dr-roy")
    twin = {**peek(team.decision("dr-lee")), "id": id_of(first)}
    add(hub, ("decision", sign("decision", twin, SIGNERS["dr-lee"]).text))
    await pushes(team, hub, "dr-roy", first)
    assert await state(team, hub) == "open"


async def test_of_two_admissions_of_one_revision_only_the_first_counts(team: Team) -> None:
    hub = placed(team)
    add(hub, ("admission", team.admission(operation="another")))
    await approved(team, hub)
    other = placed(team, type(hub)())
    bare = other.tasks["Task/1"][0]
    other.tasks["Task/1"] = [bare]
    add(other, ("admission", team.admission(operation="another")), ("admission", team.admission()))
    done = await pushes(team, other, "dr-lee", team.decision("dr-lee"))
    assert done.status == "not-admitted" and done.standing.barred


async def test_a_later_revision_ends_the_one_before_it_unless_that_was_dispatched(
    team: Team,
) -> None:
    hub = placed(team)
    await approved(team, hub)
    add(hub, ("admission", team.admission(revision=1, operation="another")))
    assert await state(team, hub) == "readmitted"
    done = await dispatch(team.party(hub, "gateway"), team.slot, team.dispatch(), EMPTY, HI)
    assert done.status == "readmitted"
    team, dispatched = await sent(team)
    add(dispatched, ("admission", team.admission(revision=1)))  # type: ignore[arg-type]
    assert await state(team, dispatched) == "dispatched"  # type: ignore[arg-type]


async def test_another_version_of_a_statement_is_none_that_is_known(team: Team) -> None:
    hub = placed(team)
    newer = {**peek(team.decision("dr-lee", "reject")), "v": exact(2)}
    done = await pushes(team, hub, "dr-lee", sign("decision", newer, SIGNERS["dr-lee"]).text)
    assert done.status == "void"


async def test_a_freeze_outlives_the_key_that_set_it(team: Team) -> None:
    hub, known = test_head.begun(headed())
    people = headed()
    await test_head.freeze(people, hub, known, "dr-lee", "f1")
    gone = people.rules.roster.model_copy(
        update={
            "people": [
                one.model_copy(
                    update={"keys": [key.model_copy(update={"revoked": one.id == "dr-lee"})
                                     for key in one.keys]}
                )
                for one in people.rules.roster.people
            ]
        }
    )  # fmt: skip
    later = replace(people, rules=Rules(TEAM, gone))
    seen = await follow_head(hub, test_head.REGISTER, known, later.rules)
    assert seen.whole and set(seen.head.freezes) == {"f1"}
    both = await test_head.freeze(later, hub, known, "dr-roy", "f2")
    assert both.status == "stored" and set(both.head.freezes) == {"f1", "f2"}
    wish = test_head.Wish("t", "done", thaws=("f2",))
    thawed = await change_head(later.party(hub, "dr-lee"), test_head.REGISTER, known, wish)
    assert thawed.status == "refused", "a revoked key takes nothing away"


async def test_a_freeze_without_a_name_is_no_head() -> None:
    people = headed()
    hub, known = test_head.begun(people)
    payload = {**known.payload, "seq": exact(1), "prev": known.digest,
               "freezes": exact([{"scope": {}, "by": "dr-lee", "reason": "r"}])}  # fmt: skip
    text = sign("head", payload, SIGNERS["dr-lee"]).text
    hub.store(test_head.REGISTER, replaced(hub.current(test_head.REGISTER), "1", text))
    seen = await follow_head(hub, test_head.REGISTER, known, people.rules)
    assert not seen.whole and seen.head.seq == 0


def headed() -> Team:
    """Return a team with an admin."""
    people = roster().model_copy(
        update={"admins": [test_head.Key(kid=test_head.ADMIN.kid, x=test_head.ADMIN.x)]}
    )
    return Team(rules=Rules(TEAM, people))
