"""Freezes in the head register: a chain that never goes back, and when a freeze is in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from core.canonical import exact
from core.errors import Unreachable
from core.hub import head as heads
from core.hub.fold import Rules
from core.hub.head import Head, Wish, change_head, first_head, follow_head, read_head
from core.hub.register import register, replaced, statement_in
from core.roster import Key
from core.statement import sign
from tests.core.hub.test_deciding_failures import Breaking
from tests.fakes import START
from tests.hub import FakeHub
from tests.team import SIGNERS, TEAM, Team, roster, signer_of

ADMIN = signer_of("admin")
REGISTER = "Library/1"
SCOPE = {"agent": "scribe-1"}


@pytest.fixture
def team() -> Team:
    people = roster().model_copy(update={"admins": [Key(kid=ADMIN.kid, x=ADMIN.x)]})
    return Team(rules=Rules(TEAM, people))


def begun(team: Team) -> tuple[FakeHub, Head]:
    hub = FakeHub()
    text = sign("head", first_head(TEAM, "h0", "2026-11-23T09:00:00.000Z"), ADMIN).text
    hub.post(register(f"{TEAM}/head", "0", text))
    found = read_head(text, team.rules)
    assert found is not None
    return hub, found[0]


async def freeze(team: Team, hub: Any, known: Head, by: str, id_: str) -> heads.Frozen:
    wish = Wish(id_, "wrong dose", SCOPE)
    return await change_head(team.party(hub, by), REGISTER, known, wish)


async def thaw(team: Team, hub: Any, known: Head, by: str, why: str = "done") -> heads.Frozen:
    wish = Wish("t", why, thaws=("f1",))
    return await change_head(team.party(hub, by), REGISTER, known, wish)


def put(hub: FakeHub, payload: Any, signer: Any) -> None:
    text = sign("head", payload, signer).text
    hub.store(REGISTER, replaced(hub.current(REGISTER), "x", text))


async def test_a_freeze_is_stored_and_in_force_after_everybodys_last_read(team: Team) -> None:
    hub, known = begun(team)
    done = await freeze(team, hub, known, "dr-lee", "f1")
    assert (done.status, done.head.seq) == ("stored", 1)
    assert done.in_force == START + timedelta(seconds=heads.L_S)
    assert done.head.freezes["f1"]["by"] == "dr-lee"
    again = await freeze(team, hub, known, "dr-lee", "f1")
    assert again.status == "stored" and again.head == done.head
    both = await freeze(team, hub, known, "dr-roy", "f2")
    assert both.head.seq == 2 and set(both.head.freezes) == {"f1", "f2"}
    seen = await follow_head(hub, REGISTER, known, team.rules)
    assert seen.whole and seen.head == both.head, "followed through every document between"


async def test_a_thaw_is_another_persons_with_a_reason(team: Team) -> None:
    hub, known = begun(team)
    await freeze(team, hub, known, "dr-lee", "f1")
    assert (await thaw(team, hub, known, "dr-lee")).status == "refused"
    assert (await thaw(team, hub, known, "dr-roy", "")).status == "refused"
    done = await thaw(team, hub, known, "dr-roy")
    assert done.status == "stored" and done.head.freezes == {}


def bad(known: Head) -> dict[str, tuple[dict[str, Any], Any]]:
    next_ = {**known.payload, "seq": exact(known.seq + 1), "prev": known.digest}
    frozen = [{"id": "x", "scope": {}, "by": "dr-roy", "reason": "r"}]
    lee = SIGNERS["dr-lee"]
    return {
        "drops a freeze": ({**next_, "freezes": []}, lee),
        "freezes in another's name": (
            {**next_, "freezes": [*known.payload["freezes"], *frozen]}, lee,
        ),
        "alters a freeze": (
            {**next_, "freezes": [{**known.payload["freezes"][0], "scope": {}}]}, lee,
        ),
        "moves a pointer": ({**next_, "roster": {"seq": exact(1), "digest": "x"}}, lee),
        "skips": ({**next_, "seq": exact(known.seq + 2)}, lee),
        "goes back": ({**next_, "seq": exact(known.seq)}, lee),
        "another chain": ({**next_, "prev": "0" * 64}, lee),
        "another team": ({**next_, "team": "south"}, lee),
        "a stranger": (next_, SIGNERS["stranger"]),
        "a gateway": (next_, SIGNERS["gateway"]),
    }  # fmt: skip


CASES = tuple(bad(Head(1, "", {"freezes": [{}]})))


@pytest.mark.parametrize("name", CASES)
async def test_what_does_not_follow_is_no_head(team: Team, name: str) -> None:
    hub, known = begun(team)
    good = (await freeze(team, hub, known, "dr-lee", "f1")).head
    put(hub, *bad(good)[name])
    if name == "skips":
        with pytest.raises(heads.Broken):
            await follow_head(hub, REGISTER, good, team.rules)
        return
    seen = await follow_head(hub, REGISTER, good, team.rules)
    assert (seen.whole, seen.head) == (False, good), "nothing is sent, and the last good one stands"
    on = await freeze(team, hub, good, "dr-kim", "f2")
    assert on.status == "stored" and set(on.head.freezes) == {"f1", "f2"}


async def test_control_without_the_rule_a_freezer_could_thaw(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, known = begun(team)
    good = (await freeze(team, hub, known, "dr-lee", "f1")).head
    put(hub, *bad(good)["drops a freeze"])
    monkeypatch.setattr(heads, "follows", lambda *_: True)
    assert (await follow_head(hub, REGISTER, good, team.rules)).head.freezes == {}


async def test_an_old_document_put_back_hides_no_freeze(team: Team) -> None:
    hub, known = begun(team)
    good = (await freeze(team, hub, known, "dr-lee", "f1")).head
    hub.store(REGISTER, hub.libraries[REGISTER][0])
    seen = await follow_head(hub, REGISTER, good, team.rules)
    assert (seen.whole, seen.head) == (False, good)
    # Who starts from the first document hears of it through the history.
    fresh = await follow_head(hub, REGISTER, known, team.rules)
    assert (fresh.whole, fresh.head) == (False, good)


async def test_control_going_by_the_newest_document_a_freeze_would_be_hidden(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, known = begun(team)
    await freeze(team, hub, known, "dr-lee", "f1")
    hub.store(REGISTER, hub.libraries[REGISTER][0])

    async def newest(_hub: Any, held: Any, _at: str) -> list[Any]:
        return [held]

    monkeypatch.setattr(heads, "since", newest)
    seen = await follow_head(hub, REGISTER, known, team.rules)
    assert seen.whole and seen.head.freezes == {}


async def test_a_version_that_a_history_leaves_out_is_not_passed_over(team: Team) -> None:
    """It may be the freeze that came first; what follows the same one would hide it."""
    hub, known = begun(team)
    rival = team.party(hub, "dr-roy")
    over = hub.current(REGISTER)
    await freeze(team, hub, known, "dr-lee", "f1")
    text = heads._next(rival, known, Wish("f2", "r", SCOPE))
    hub.store(REGISTER, replaced(over, "1", text))
    hub.vreads = False
    whole = hub.history

    async def cut(reference: str) -> list[Any]:
        return [one for one in await whole(reference) if one.version != "2"]

    hub.history = cut  # type: ignore[method-assign]
    with pytest.raises(heads.Broken):
        await follow_head(hub, REGISTER, known, team.rules)
    hub.history = whole  # type: ignore[method-assign]
    assert set((await follow_head(hub, REGISTER, known, team.rules)).head.freezes) == {"f1"}


@pytest.mark.parametrize("vreads", [True, False])
async def test_documents_are_followed_whatever_order_a_history_lists_them_in(
    team: Team, vreads: bool
) -> None:
    hub, known = begun(team)
    hub.opaque, hub.vreads = True, vreads
    good = known
    for number in range(4):
        good = (await freeze(team, hub, good, "dr-lee", f"f{number}")).head
    whole = hub.history

    async def turned(reference: str) -> list[Any]:
        return list(reversed(await whole(reference)))

    hub.history = turned  # type: ignore[method-assign]
    seen = await follow_head(hub, REGISTER, known, team.rules)
    assert seen.whole and seen.head == good and len(good.freezes) == 4


async def test_of_two_rivals_without_numbers_neither_counts(team: Team) -> None:
    hub, known = begun(team)
    hub.opaque = True
    rival = team.party(hub, "dr-roy")
    over = hub.current(REGISTER)
    await freeze(team, hub, known, "dr-lee", "f1")
    text = heads._next(rival, known, Wish("f2", "r", SCOPE))
    hub.store(REGISTER, replaced(over, "1", text))
    with pytest.raises(heads.Broken):
        await follow_head(hub, REGISTER, known, team.rules)


async def test_two_racing_freezes_are_both_in_force_in_the_end(team: Team) -> None:
    hub, known = begun(team)
    rival = team.party(hub, "dr-roy")
    over = hub.current(REGISTER)
    await freeze(team, hub, known, "dr-lee", "f1")
    text = heads._next(rival, known, Wish("f2", "r", SCOPE))
    hub.store(REGISTER, replaced(over, "1", text))
    done = await change_head(rival, REGISTER, known, Wish("f2", "r", SCOPE))
    assert done.status == "stored" and set(done.head.freezes) == {"f1", "f2"}


async def test_an_admin_moves_a_pointer(team: Team) -> None:
    hub, known = begun(team)
    put(hub, {**known.payload, "seq": exact(1), "prev": known.digest, "roster": {}}, ADMIN)
    seen = await follow_head(hub, REGISTER, known, team.rules)
    assert seen.whole and seen.head.seq == 1


async def test_a_history_that_lags_or_a_register_that_is_gone_stops_it(team: Team) -> None:
    hub, known = begun(team)
    for id_ in ("f1", "f2"):
        await freeze(team, hub, known, "dr-lee", id_)
    hub.lags, hub.vreads = 1, False
    with pytest.raises(heads.Broken):
        await follow_head(hub, REGISTER, known, team.rules)
    assert (await freeze(team, hub, known, "dr-lee", "f3")).status == "broken-chain"
    hub.remove(REGISTER)
    with pytest.raises(heads.Broken):
        await follow_head(hub, REGISTER, known, team.rules)


@pytest.mark.parametrize("fault", ["lost request", "lost response", "lost race"])
async def test_a_freeze_survives_a_failure_at_each_call(team: Team, fault: str) -> None:
    for nth in range(1, 20):
        hub, known = begun(team)
        broken = Breaking(hub, fault if fault != "lost race" else "lost response", nth)
        if fault == "lost race":
            hub.before_put = partial(rival_cuts_in, team, hub, known)
        try:
            done = await freeze(team, broken, known, "dr-lee", "f1")
        except Unreachable:
            done = await freeze(team, broken, known, "dr-lee", "f1")
        assert done.status == "stored"
        assert [one["id"] for one in done.head.payload["freezes"]].count("f1") == 1
        if not broken.broke:
            return
    raise AssertionError("never ran through")


def rival_cuts_in(team: Team, hub: FakeHub, known: Head, _reference: str) -> None:
    hub.before_put = lambda _: None
    text = heads._next(team.party(hub, "dr-kim"), known, Wish("f9", "r", SCOPE))
    hub.store(REGISTER, replaced(hub.current(REGISTER), "1", text))


async def test_people_without_a_key_that_counts_cannot_freeze(team: Team) -> None:
    hub, known = begun(team)
    people = team.rules.roster.model_copy(update={"people": roster(revoked=("dr-lee",)).people})
    other = replace(team, rules=Rules(TEAM, people))
    assert (await freeze(other, hub, known, "dr-lee", "f1")).status == "refused"
    assert statement_in({"content": []}) is None
