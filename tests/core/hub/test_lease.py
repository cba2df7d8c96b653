"""The lease register: one holder, whatever races, and what a heartbeat confirms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from core.canonical import JsonObject, exact
from core.errors import Unreachable
from core.hub import lease as leases
from core.hub.lease import (
    MARGIN_S,
    TERM_S,
    Lease,
    Watched,
    confirms,
    follow_lease,
    heartbeat,
    may_take,
    read_lease,
    sends_until,
    take,
    watch,
)  # fmt: skip
from core.hub.register import register, replaced
from core.roster import Key
from core.statement import sign
from tests.core.hub.test_deciding_failures import Breaking
from tests.hub import FakeHub
from tests.team import SIGNERS, TEAM, Team, roster, signer_of

EHR = "north-ehr"
OTHER = signer_of("gateway-2")
REGISTER = "Library/1"
LONG = TERM_S + MARGIN_S


@pytest.fixture
def team() -> Team:
    SIGNERS["gateway-2"] = OTHER
    gateways = [Key(kid=one.kid, x=one.x) for one in (SIGNERS["gateway"], OTHER)]
    found = Team()
    rules = replace(found.rules, roster=roster().model_copy(update={"gateways": gateways}))
    return replace(found, rules=rules)


def first(team: Team) -> Lease:
    return Lease(1, "ledger-a", SIGNERS["gateway"].kid, 0)


def second() -> Lease:
    return Lease(0, "ledger-b", OTHER.kid, 0)


def begun(team: Team, hub: FakeHub | None = None) -> tuple[FakeHub, Lease]:
    hub = hub or FakeHub()
    text = leases._signed(team.party(hub, "gateway"), EHR, first(team))
    hub.post(register(f"{TEAM}/gateway.{EHR}", "1", text))
    return hub, first(team)


def stored(team: Team, hub: FakeHub, by: str, lease: Lease, prev: str) -> None:
    """Store a document of the register whatever stands there."""
    text = leases._signed(team.party(hub, by), EHR, replace(lease, prev=prev))
    hub.store(REGISTER, replaced(hub.current(REGISTER), "2", text))


async def in_force(team: Team, hub: Any, known: Lease) -> Lease:
    _, found = await follow_lease(hub, REGISTER, known, EHR, team.rules)
    return found


async def beats(
    team: Team, hub: Any, known: Lease, head: int = 0, *flying: str, phase: Any = "held"
) -> leases.Beat:
    party = team.party(hub, "gateway")
    return await heartbeat(party, REGISTER, EHR, known, head, flying, phase)


async def takes(team: Team, hub: Any, known: Lease, by: str = "gateway-2", waited: float = LONG,
                mine: Lease | None = None) -> leases.Beat:  # fmt: skip
    seen = await in_force(team, hub, known)
    wanted = mine or second()
    return await take(team.party(hub, by), REGISTER, EHR, known, wanted, Watched(seen.at, 0.0),
                      waited)  # fmt: skip


async def test_a_heartbeat_confirms_a_freeze_with_what_is_in_flight(team: Team) -> None:
    hub, mine = begun(team)
    assert not confirms(await in_force(team, hub, mine), 7)
    beat = await beats(team, hub, mine, 7, "op-1")
    assert beat.status == "held"
    seen = await in_force(team, hub, mine)
    assert confirms(seen, 7) and seen.in_flight == ("op-1",)
    assert not confirms(seen, 8)


async def test_a_holder_that_forgot_a_head_renews_nothing(team: Team) -> None:
    hub, mine = begun(team)
    await beats(team, hub, mine, 7)
    assert (await beats(team, hub, mine, 6)).status == "unsure"
    assert len(hub.libraries[REGISTER]) == 2


async def test_a_takeover_waits_for_term_and_margin_of_one_version(team: Team) -> None:
    hub, mine = begun(team)
    assert (await takes(team, hub, mine, waited=LONG - 1)).status == "too-early"
    await beats(team, hub, mine)
    early = await take(
        team.party(hub, "gateway-2"), REGISTER, EHR, mine, second(), Watched("1", 0.0), LONG * 9
    )
    assert early.status == "too-early", "what was watched is another version"
    taken = await takes(team, hub, mine)
    assert (taken.status, taken.lease.epoch, taken.lease.ledger) == ("held", 2, "ledger-b")
    assert (await beats(team, hub, mine)).status == "lost"


async def test_what_is_released_may_be_taken_at_once(team: Team) -> None:
    hub, mine = begun(team)
    assert (await beats(team, hub, mine, phase="released")).status == "released"
    assert (await beats(team, hub, mine)).status == "lost", "its holder does not come back to it"
    assert (await takes(team, hub, mine, waited=0.0)).status == "held"


async def test_a_taker_goes_by_no_older_head(team: Team) -> None:
    hub, mine = begun(team)
    await beats(team, hub, mine, 9)
    assert (await takes(team, hub, mine)).status == "unsure"
    taken = await takes(team, hub, mine, mine=replace(second(), head_seq=9))
    assert taken.lease.head_seq == 9


@pytest.mark.parametrize("opaque", [False, True])
async def test_of_two_takers_that_a_racing_server_lets_through_one_holds(
    team: Team, opaque: bool
) -> None:
    hub, mine = begun(team, FakeHub(opaque=opaque))
    seen = await in_force(team, hub, mine)
    third = replace(second(), ledger="ledger-c", kid=SIGNERS["gateway"].kid)
    third = replace(third, epoch=2, prev=seen.digest)
    claim = leases._signed(team.party(hub, "gateway"), EHR, third)

    class Racing(Both):
        async def replace(self, held: Any, resource: JsonObject) -> None:
            # The other one was let through first; ours overwrites it.
            hub.store(REGISTER, replaced(hub.current(REGISTER), "2", claim))
            hub.store(REGISTER, resource)

    ours = await take(
        team.party(Racing(hub), "gateway-2"), REGISTER, EHR, mine, second(),
        Watched(seen.at, 0.0), LONG,
    )  # fmt: skip
    if opaque:
        # Which came first no listing proves: neither sends.
        assert ours.status == "unsure"
        with pytest.raises(leases.Unfollowed):
            await in_force(team, hub, mine)
        return
    assert (ours.status, ours.lease.ledger) == ("lost", "ledger-c")
    assert (await in_force(team, hub, mine)).ledger == "ledger-c"


async def test_a_server_without_reads_of_versions_lists_them(team: Team) -> None:
    hub, mine = begun(team)
    hub.vreads = False
    for head in range(1, 4):
        await beats(team, hub, mine, head)
    assert (await in_force(team, hub, mine)).head_seq == 3
    hub.lags = 1
    with pytest.raises(leases.Unfollowed):
        await in_force(team, hub, mine)


class Both:
    """A hub with one method of its own."""

    def __init__(self, hub: FakeHub) -> None:
        self._hub = hub

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hub, name)


async def test_control_by_the_newest_version_both_would_hold(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def newest(hub: Any, held: Any, _at: str) -> list[Any]:
        return [held]

    monkeypatch.setattr(leases, "since", newest)
    hub, mine = begun(team)
    third = replace(second(), ledger="ledger-c", kid=SIGNERS["gateway"].kid, epoch=2)
    known = await in_force(team, hub, mine)
    stored(team, hub, "gateway", third, known.digest)
    assert (await in_force(team, hub, known)).ledger == "ledger-c"
    ours = replace(second(), epoch=2)
    stored(team, hub, "gateway-2", ours, known.digest)
    assert (await in_force(team, hub, known)).ledger == "ledger-b"


@pytest.mark.parametrize(
    "over",
    [{"team": "south"}, {"ehr": "south-ehr"}, {"kid": "another"}, {"state": "maybe"},
     {"in_flight": None}, {"epoch": "1"}, {"head_seq": None}],
)  # fmt: skip
def test_a_lease_that_says_it_otherwise_is_none(team: Team, over: Mapping[str, Any]) -> None:
    kid = SIGNERS["gateway"].kid
    good: dict[str, Any] = {
        "v": 1, "team": TEAM, "id": "l1", "at": "2026-11-23T09:00:00.000Z", "ehr": EHR,
        "epoch": 1, "ledger": "a", "kid": kid, "term_s": 900, "head_seq": 0, "in_flight": [],
        "state": "held",
    }  # fmt: skip

    def read(said: Mapping[str, Any], by: str = "gateway") -> Lease | None:
        return read_lease(sign("lease", exact(dict(said)), SIGNERS[by]).text, EHR, team.rules)

    assert read(good) is not None
    assert read({**good, **over}) is None
    assert read({**good, "kid": SIGNERS["stranger"].kid}, "stranger") is None


async def test_a_forged_or_backward_document_changes_nothing(team: Team) -> None:
    hub, mine = begun(team)
    await beats(team, hub, mine, 5)
    newest = (await in_force(team, hub, mine)).digest
    for wrong, prev in ((replace(mine, head_seq=4), newest), (replace(mine, head_seq=9), "else")):
        stored(team, hub, "gateway", wrong, prev)
        seen = await in_force(team, hub, mine)
        assert (seen.epoch, seen.head_seq) == (1, 5)
    hub.store(REGISTER, replaced(hub.current(REGISTER), "x", "not a statement"))
    assert (await in_force(team, hub, mine)).head_seq == 5
    assert (await beats(team, hub, mine, 6)).status == "held"


@pytest.mark.parametrize("fault", ["lost request", "lost response"])
async def test_a_failure_at_any_call_never_renews_what_is_not_known(team: Team, fault: str) -> None:
    for nth in range(1, 20):
        hub, mine = begun(team)
        broken = Breaking(hub, fault, nth)
        try:
            beat = await beats(team, broken, mine, 3)
        except Unreachable:
            beat = None
        seen = await in_force(team, hub, mine)
        if beat is not None and beat.status == "held":
            assert confirms(seen, 3)
        again = await beats(team, hub, mine, 3)
        assert again.status == "held" and confirms(await in_force(team, hub, mine), 3)
        if not broken.broke:
            assert nth > 2
            return
    raise AssertionError("never ran through")


async def test_a_take_that_did_not_see_the_last_heartbeat_takes_nothing(team: Team) -> None:
    hub, mine = begun(team)
    known = await in_force(team, hub, mine)
    await beats(team, hub, mine, 3)
    stored(team, hub, "gateway-2", replace(second(), epoch=2, head_seq=3), known.digest)
    assert (await in_force(team, hub, mine)).ledger == "ledger-a"
    assert (await beats(team, hub, mine, 4)).status == "held"


async def test_a_taker_keeps_what_was_in_flight_and_confirms_no_head_unseen(team: Team) -> None:
    hub, mine = begun(team)
    await beats(team, hub, mine, 8, "op-9")
    assert (await takes(team, hub, mine, mine=replace(second(), head_seq=7))).status == "unsure"
    taken = await takes(team, hub, mine, mine=replace(second(), head_seq=8, in_flight=("op-1",)))
    assert taken.status == "held" and set(taken.lease.in_flight) == {"op-9", "op-1"}


async def test_a_holder_that_slept_through_two_tenures_renews_nothing(team: Team) -> None:
    hub, mine = begun(team)
    known = await in_force(team, hub, mine)
    stored(team, hub, "gateway-2", replace(second(), epoch=3), "of one that cannot be read")
    with pytest.raises(leases.Unfollowed):
        await in_force(team, hub, known)
    assert (await beats(team, hub, known)).status == "unsure"


async def test_a_revoked_gateway_ends_a_tenure_and_renews_and_confirms_nothing(team: Team) -> None:
    hub, mine = begun(team)
    taken = await takes(team, hub, mine)
    gateways = [one.model_copy(update={"revoked": one.kid == OTHER.kid})
                for one in team.rules.roster.gateways]  # fmt: skip
    later = replace(
        team,
        rules=replace(
            team.rules, roster=team.rules.roster.model_copy(update={"gateways": gateways})
        ),
    )
    seen = await in_force(later, hub, mine)
    assert (seen.ledger, seen.live) == ("ledger-b", False) and not confirms(seen, 0)
    assert (await beats(later, hub, mine)).status == "lost"
    again = await heartbeat(later.party(hub, "gateway-2"), REGISTER, EHR, taken.lease, 9, ())
    assert again.status == "lost"


def test_what_is_watched_starts_anew_with_each_version() -> None:
    one = watch(None, "4", 10.0)
    assert watch(one, "4", 500.0) is one
    assert watch(one, "5", 500.0) == Watched("5", 500.0)
    assert watch(one, "4", 3.0) == Watched("4", 3.0), "a counter that went back proves nothing"
    seen = Lease(1, "a", "k", 0, at="4")
    assert not may_take(seen, one, 10.0 + LONG - 1) and may_take(seen, one, 10.0 + LONG)


def test_the_holder_stops_before_anybody_may_take() -> None:
    assert sends_until(100.0, TERM_S, 90.0) == 100.0 + TERM_S - 90.0 < 100.0 + LONG
