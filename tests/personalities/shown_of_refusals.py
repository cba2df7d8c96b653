"""What vendors say of their token endpoints and quotas, met by the loop: class, action, words."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from core.failure.say import Said, said
from core.gateway.run import Round, run_once
from core.ledger.event import moment
from core.lifecycle import State
from core.records_failure import FailureRow
from core.traffic.limits import Window
from sync.sandbox import BASE_URL, InProcessTransport
from sync.sandbox.clients import IssuedClient
from sync.sandbox.personality import play
from sync.sandbox.personality.product import Product
from tests.builders import CONDITION, problem_change
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART, DEEDS
from tests.personalities.place import TOKEN_URL, Place, connected, opened
from tests.personalities.registry import fact
from tests.personalities.table import typed_in

_QUESTIONS = "questionnaire (QuestionnaireResponse create)"
_A3 = "docs.athenahealth.com/api/guides/authentication-and-url-locations"
_W3 = "fhir.eclinicalworks.com/ecwopendev/documentation/getting-started/backend/authentication"
_O3 = "github.com/cerner/fhir.cerner.com content/authorization.md"


@asynccontextmanager
async def guarded_place(name: str, personality: str | None = None) -> AsyncIterator[Place]:
    """Open a workspace at a personality that wants tokens."""
    clock = FakeClock()
    manner = play(personality or name, clock.now)
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), name, manner, clock, CHART, tokens=True) as place:
            yield place


async def approved(place: Place, deed: str) -> str:
    staged = await place.propose(DEEDS[deed])
    assert staged.outcome == "review", staged.reasons
    place.approve(staged.proposal.id)
    return str(staged.proposal.id)


def refused(place: Place, id_: str) -> tuple[FailureRow, Said]:
    """Return the failure of a write that waits, as it is recorded and as people read it."""
    row = place.change(id_)
    found, words = place.ledger.failure(row.operation), said(place.ledger, row)
    assert found is not None and words is not None and found.ended is None
    assert row.state == State.READY and place.ledger.write(row.operation) is None, "nothing left"
    return found, words


async def once(place: Place) -> Round:
    return await run_once(place.workspace, place.epoch)


async def until_due(place: Place, id_: str, tries: int = 3) -> None:
    """Run whenever the write is due, until it is in the chart."""
    for _ in range(tries):
        found = place.ledger.failure(place.change(id_).operation)
        assert found is not None and found.due is not None
        place.clock.time = max(place.clock.time, moment(found.due))
        await once(place)
        if place.change(id_).state == State.VERIFIED:
            return
    raise AssertionError(place.change(id_).state)


@fact("athenahealth", "token_calls_per_minute_preview", _A3)
async def _in_preview_a_sixth_token_waits_for_the_minute() -> None:
    async with guarded_place("athenahealth", "athenahealth-preview") as place:
        id_ = await approved(place, _QUESTIONS)
        place.clock.advance(seconds=70)
        async with httpx.AsyncClient(transport=InProcessTransport(place.sandbox.app)) as http:
            codes = [(await http.post(TOKEN_URL, data={"a": "b"})).status_code for _ in range(6)]
        assert codes == [400] * 5 + [429]
        done = await once(place)
        assert done.sent == 0 and not place.current("QuestionnaireResponse")
        found, words = refused(place, id_)
        assert (found.failure, words.vendor[:20]) == ("throttled", "Too many token calls")
        edge = place.clock.time.replace(second=0) + timedelta(minutes=1)
        assert edge <= moment(str(found.due)) < edge + timedelta(seconds=6)
        asked = place.clock.time
        await once(place)
        assert place.ledger.failure(place.change(id_).operation) == found, "nobody asks before"
        assert place.clock.time == asked
        await until_due(place, id_)
        assert len(place.current("QuestionnaireResponse")) == 1


@fact("oracle-health", "failures: token renewed too soon", _O3)
async def _a_token_is_renewed_once_a_minute() -> None:
    """As by `run --once` twice in a minute: the second process has no write token."""
    async with guarded_place("oracle-health") as place:
        first = await approved(place, "problem (Condition create)")
        await once(place)
        assert place.change(first).state == State.VERIFIED
        second = await approved(place, "weight (Observation create)")
        place.clock.advance(seconds=10)
        anew(place)
        await once(place)
        assert place.change(second).state != State.READY, "of other scopes is another token"
        other = {"coding": [{"system": "http://snomed.info/sct", "code": "73211009"}]}
        staged = await place.propose(problem_change(resource={**CONDITION, "code": other}))
        third = str(staged.proposal.id)
        place.approve(third)
        await once(place)
        found, words = refused(place, third)
        assert (found.failure, found.code) == ("throttled", None)
        assert words.vendor == "A token was renewed more often than once a minute"
        await until_due(place, third)
        assert len(place.current("Condition")) == 3


def anew(place: Place) -> None:
    """Let a new process go on: what reads is cached for it, what writes is not."""
    old, place.client = place.client, connected(place.ehr, place.sandbox, place.clock, tokens=True)
    place.client._reading, place.client._capabilities = old._reading, old._capabilities


@fact("eclinicalworks", "failures: invalid_client", _W3)
async def _a_url_that_is_not_allowed_is_an_unknown_client() -> None:
    async with guarded_place("eclinicalworks") as place:
        id_ = await approved(place, _QUESTIONS)
        writer = _writer(place)
        place.sandbox.add_client(
            writer.client_id, _public(writer), "system/*.cu", "https://ours.example/jwks.json"
        )
        await once(place)
        found, words = refused(place, id_)
        assert (found.failure, found.code) == ("authentication", "invalid_client")
        assert words.vendor == (
            "The kid is not known there, or the vendor has not allowed the URL of the JWKS"
        )
        assert "key and registration mended" in words.remedy


@fact("advancedmd", "failures: QuotaViolation", "fhir.advancedmd.com/terms-of-service")
async def _a_violated_quota_shuts_it_for_a_minute() -> None:
    clock = FakeClock()
    manner = play("advancedmd", clock.now)
    assert isinstance(manner, Product)
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), "advancedmd", manner, clock, CHART) as place:
            id_ = await approved(place, "problem (Condition create)")
            typed_in(place, id_)
            clock.advance(seconds=50)
            manner.limit((Window("minute", 1),))
            async with httpx.AsyncClient(
                transport=InProcessTransport(place.sandbox.app), base_url=BASE_URL
            ) as http:
                codes = [(await http.get("/Patient/example")).status_code for _ in range(2)]
                told = (await http.get("/Patient/example")).json()["issue"][0]
            assert codes == [200, 429]
            assert (told["code"], told["diagnostics"]) == ("throttled", "QuotaViolation")
            manner.limit(())
            clock.advance(seconds=30)
            done = await once(place)
            assert done.unreachable and place.change(id_).state == State.MANUAL_ENTRY
            assert not place.ledger.exceptions(id_, 0), "what cannot be read is not missing"
            clock.advance(seconds=31)
            await once(place)
            assert place.change(id_).state == State.VERIFIED


def _writer(place: Place) -> IssuedClient:
    return next(one for one in place.sandbox.issue_clients() if one.plane == "write")


def _public(client: IssuedClient) -> dict[str, str]:
    return {key: client.private_jwk[key] for key in ("kty", "n", "e", "kid", "alg", "use")}
