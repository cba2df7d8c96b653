"""The roster register: revoked, never dropped; an older one that the hub serves is noticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.canonical import exact
from core.hub import rosters
from core.hub.head import Head
from core.hub.lease import Lease
from core.hub.register import register, replaced
from core.hub.rosters import (
    Listed,
    RosterLost,
    dropped,
    follow_roster,
    follows,
    is_behind,
    read_listed,
    roster_payload,
)
from core.hub.sending import Clearance, stopped_by
from core.incident.freeze import Target
from core.roster import Key, Roster
from core.statement import sign
from tests.hub import FakeHub
from tests.team import SIGNERS, TEAM, roster, signer_of

ADMIN = signer_of("admin")
REGISTER = "Library/1"
AT = "2026-11-23T09:00:00.000Z"


def people(**over: Any) -> Roster:
    return roster(**over).model_copy(update={"admins": [Key(kid=ADMIN.kid, x=ADMIN.x)]})


def toml(found: Roster) -> str:
    """Return a roster as a document."""
    lines = ["version = 1", ""]
    for kind, items in (("people", found.people), ("agents", found.agents)):
        for one in items:
            lines += [f"[[{kind}]]", f'id = "{one.id}"']
            if kind == "people":
                lines.append(f"roles = {[str(role) for role in one.roles]}".replace("'", '"'))
            for key in one.keys:
                lines += [f"[[{kind}.keys]]", *_key(key)]
    for kind, keys in (("gateways", found.gateways), ("admins", found.admins)):
        for key in keys:
            lines += [f"[[{kind}]]", *_key(key)]
    return "\n".join(lines) + "\n"


def _key(key: Key) -> list[str]:
    revoked = ["revoked = true"] if key.revoked else []
    return [f'kid = "{key.kid}"', f'x = "{key.x}"', *revoked]


def signed(found: Roster, before: Listed | None, by: Any = ADMIN, **over: Any) -> str:
    payload = {**roster_payload(TEAM, "r1", AT, toml(found), before), **exact(over)}
    return sign("roster", payload, by).text


def listed(text: str) -> Listed:
    found = read_listed(text, TEAM)
    assert found is not None
    return found


def begun() -> tuple[FakeHub, Listed]:
    hub = FakeHub()
    text = signed(people(), None)
    hub.post(register(f"{TEAM}/roster", "0", text))
    return hub, listed(text)


def put(hub: FakeHub, text: str) -> Listed:
    hub.store(REGISTER, replaced(hub.current(REGISTER), "x", text))
    return listed(text)


async def test_a_key_is_revoked_and_the_next_roster_followed() -> None:
    hub, known = begun()
    after = put(hub, signed(people(revoked=("dr-lee",)), known))
    seen = await follow_roster(hub, REGISTER, known, TEAM)
    assert seen.whole and (seen.listed.seq, seen.listed.digest) == (1, after.digest)
    assert SIGNERS["dr-lee"].kid not in seen.listed.roster.keys_for("decision")


async def test_an_older_roster_that_is_served_again_changes_nothing() -> None:
    hub, first = begun()
    newer = put(hub, signed(people(revoked=("dr-lee",)), first))
    hub.store(REGISTER, hub.libraries[REGISTER][0])
    for known in (first, newer):
        seen = await follow_roster(hub, REGISTER, known, TEAM)
        assert not seen.whole and seen.listed.digest == newer.digest
    # Rolled back whole: what is known stands, and the head says that it must.
    del hub.libraries[REGISTER][1:]
    at = replace(newer, at="2")
    with pytest.raises(RosterLost):
        await follow_roster(hub, REGISTER, at, TEAM)


def without(found: Roster, kind: str) -> Roster:
    return found.model_copy(update={kind: getattr(found, kind)[1:]})


KEYLESS = people().people[0].model_copy(update={"keys": []})
FORGETFUL = {
    "person": without(people(), "people"),
    "agent": without(people(), "agents"),
    "gateway": without(people(), "gateways"),
    "key": people().model_copy(update={"people": [KEYLESS, *people().people[1:]]}),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGETFUL)
async def test_a_roster_that_drops_somebody_is_none(what: str) -> None:
    hub, known = begun()
    put(hub, signed(FORGETFUL[what], known))
    seen = await follow_roster(hub, REGISTER, known, TEAM)
    assert not seen.whole and seen.listed.digest == known.digest
    assert dropped(known.roster, FORGETFUL[what])


async def test_control_without_the_check_a_dropped_key_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rosters, "dropped", lambda *_: [])
    with pytest.raises(AssertionError):
        await test_a_roster_that_drops_somebody_is_none("person")


def test_what_was_revoked_stays_so_and_roles_may_go() -> None:
    gone, back = people(revoked=("dr-lee",)), people()
    assert dropped(back, gone) == []
    assert len(dropped(gone, back)) == 1 and "revocation" in dropped(gone, back)[0]
    assert dropped(back, people(without_role=("dr-lee",))) == []


@pytest.mark.parametrize(
    ("by", "over"),
    [
        (SIGNERS["dr-lee"], {}),
        (SIGNERS["stranger"], {}),
        (ADMIN, {"seq": 2}),
        (ADMIN, {"seq": 0}),
        (ADMIN, {"prev": "other"}),
        (ADMIN, {"team": "south"}),
        (ADMIN, {"v": 2}),
        (ADMIN, {"document": "people = 3"}),
        (ADMIN, {"document": None}),
    ],
)
def test_a_roster_that_does_not_follow_is_none(by: Any, over: dict[str, Any]) -> None:
    _, known = begun()
    found = read_listed(signed(people(), known, by, **over), TEAM)
    assert found is None or not follows(known, found)
    good = read_listed(signed(people(), known), TEAM)
    assert good is not None and follows(known, good)


def test_a_gateway_behind_the_roster_that_the_head_names_sends_nothing() -> None:
    _, known = begun()
    newer = listed(signed(people(revoked=("dr-lee",)), known))

    def why(pointer: Any, roster_: Listed | None) -> str | None:
        head = Head(3, "h", {"freezes": [], "roster": exact(pointer)})
        lease = Lease(1, "ledger-a", "kid-a", 3)
        clear = Clearance(head, lease, 100.0, 100.0, roster=roster_)
        return stopped_by(clear, Target({}, ()), 101.0, 20.0)

    to = {"seq": 1, "digest": newer.digest}
    assert why(to, newer) is None and why(None, None) is None
    assert why(to, known) == why(to, None) == "roster-behind"
    assert why({"seq": 1, "digest": "other"}, newer) == "roster-behind"
    assert why({"seq": "1"}, newer) == why("x", newer) == "roster-behind"
    assert why({"seq": 0, "digest": known.digest}, newer) is None
    assert is_behind(Head(1, "h", {"roster": exact(to)}), known)
