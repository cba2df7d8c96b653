"""The scope axis: what the token endpoint said is kept, decides, and is asked anew by `doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.gateway import guards, send
from core.lifecycle import State
from core.ports import NO_SCOPE, Grant, NoToken
from core.probe.examine import examine
from core.profile.asked import answer_for
from core.profile.granted import granted_before
from core.review.byhand import sheet, why_not
from tests.builders import Bench, phone_change
from tests.core.gateway.failed import is_a
from tests.core.gateway.scenario import approved_phone, change, run, staged
from tests.core.gateway.test_together import probed
from tests.core.probe.servers import Sound
from tests.core.reconcile.again import told
from tests.fakes import FakeGrant


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def refusal(oauth: str = NO_SCOPE) -> NoToken:
    found = NoToken("the token endpoint does not allow this client the scope it asks for")
    found.oauth = oauth
    return found


def without(bench: Bench, oauth: str = NO_SCOPE) -> list[str]:
    """Let the token endpoint refuse every scope; return what is asked for."""
    asked: list[str] = []

    async def refuse(scope: str) -> Any:
        asked.append(scope)
        raise refusal(oauth)

    bench.ehr.grant = refuse
    return asked


class Asked(Sound):
    """A server for `doctor` whose token endpoint grants, or not."""

    def __init__(self, *, grants: bool) -> None:
        super().__init__()
        self.grants = grants

    async def grant(self, scope: str) -> FakeGrant:
        if not self.grants:
            raise refusal()
        return FakeGrant(scope)


async def test_a_scope_that_is_not_granted_is_asked_once_and_goes_by_hand(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    asked = without(bench)
    await run(bench)
    known = granted_before(bench.ledger, "sandbox", "Patient", "update")
    assert (known.says, known.basis.grade) == ("no", "measured")
    bench.clock.advance(hours=1)
    for _ in range(3):
        await run(bench)
    assert asked == ["system/Patient.u"] and not bench.ehr.sent
    row = change(bench, id_)
    assert row.state == State.READY and why_not(bench.ledger, row) is None
    assert "scope: no token is granted for it" in str(sheet(bench.ledger, id_, 0).no_api)


async def test_control_without_the_axis_it_would_be_asked_for_again_and_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "remember", lambda *_, **__: None)
    await approved_phone(bench)
    asked = without(bench)
    for _ in range(3):
        await run(bench)
        bench.clock.advance(hours=1)
    assert len(asked) == 3


async def test_the_next_one_is_proposed_for_a_person_to_enter(bench: Bench) -> None:
    await approved_phone(bench)
    without(bench)
    await run(bench)
    id_ = await staged(bench, phone_change(), correlation_id="c-next")
    row = change(bench, id_)
    assert row.rung == "by-hand"
    assert "scope: no token" in str(row.reason_list)


@pytest.mark.parametrize("oauth", ["invalid_client", "unauthorized_client", ""])
async def test_a_key_that_is_refused_says_nothing_of_scopes(bench: Bench, oauth: str) -> None:
    await approved_phone(bench)
    without(bench, oauth)
    await run(bench)
    assert granted_before(bench.ledger, "sandbox", "Patient", "update").says == "unknown"
    assert not told(bench, "scope.answered")


async def test_what_doctor_is_granted_opens_it_again(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    grant = bench.ehr.grant
    without(bench)
    await run(bench)
    refused = await examine(bench.workspace, Asked(grants=False))
    assert {use.granted for use in refused.uses} == {False}
    opened = await examine(bench.workspace, Asked(grants=True))
    assert {use.granted for use in opened.uses} == {True}
    assert answer_for(bench.ledger, "sandbox", "Patient", "update").refusing is None
    bench.ehr.grant = grant
    bench.clock.advance(hours=1)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    before = len(told(bench, "scope.answered"))
    await examine(bench.workspace, Asked(grants=True))
    assert len(told(bench, "scope.answered")) == before, "only news is kept"


async def test_a_profile_that_is_adopted_anew_makes_it_unknown(bench: Bench) -> None:
    await approved_phone(bench)
    without(bench)
    await run(bench)
    is_a(bench, "generic-r4")
    assert granted_before(bench.ledger, "sandbox", "Patient", "update").says == "unknown"


async def test_a_no_between_the_guards_and_the_first_byte_stops_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await approved_phone(bench)
    kid = bench.workspace.keys.signer("gateway").kid

    def lost() -> None:
        send.remember(
            bench.workspace, send.events.Actor("gateway", "gateway", kid), "sandbox", "Patient",
            "update", granted=False,
        )  # fmt: skip

    bench.ehr.before_bytes = lost
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == State.READY
    monkeypatch.setattr(guards, "refusal_now", lambda *_: None)
    await run(bench)
    assert bench.ehr.sent, "control: nothing else stops it"


async def test_no_scope_of_a_patient_and_no_token_is_kept(bench: Bench) -> None:
    await approved_phone(bench)
    without(bench)
    await run(bench)
    assert told(bench, "scope.answered")
    for one in told(bench, "scope.answered"):
        assert set(one) == {"type", "op", "granted", "number"}


async def test_a_scope_of_both_is_asked_apart(bench: Bench) -> None:
    """A token for a write and its Provenance that is refused does not hold up the write alone."""
    await probed(bench)
    id_ = await approved_phone(bench)
    grant, asked = bench.ehr.grant, []

    async def alone(scope: str) -> Grant:
        asked.append(scope)
        if " " in scope:
            raise refusal()
        return await grant(scope)

    bench.ehr.grant = alone
    await run(bench)
    assert asked[:2] == ["system/Patient.u system/Provenance.c", "system/Patient.u"]
    assert change(bench, id_).state == State.VERIFIED
    assert not told(bench, "scope.answered")
