"""Every fault over a real loopback socket, and how the gateway's client reports it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from core.canonical import JsonObject, encode, exact
from core.errors import Refused, Unreachable
from core.ports import OutcomeUnknown, Request, Response
from sync.fhir import Bounds, FhirClient, NoAuth, Throttled, TokenSource, Unreadable
from sync.sandbox import InProcessTransport, Sandbox, serving
from sync.sandbox.faults.faulty import Faulty
from sync.sandbox.faults.plan import AFTER_COMMIT, KINDS, STATUSES
from sync.sandbox.faults.text import parse_plan

PATIENT = {"resourceType": "Patient", "id": "p1", "active": True}
NEW = {**PATIENT, "active": False}
UPDATE = Request("PUT", "Patient", "p1", {"If-Match": 'W/"1"'}, encode(NEW))
NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
BOUNDS = Bounds(connect=5, read=5, write=5, pool=5, deadline=5)


@dataclass
class Place:
    sandbox: Sandbox
    faulty: Faulty
    base: str
    token_url: str
    slept: list[float] = field(default_factory=list)

    def stored(self) -> int:
        """Return how many versions of the patient the server has made."""
        found = self.sandbox.store.latest("Patient", "p1")
        return 0 if found is None else found.version

    def client(self, **bounds: float) -> FhirClient:
        limits = replace(BOUNDS, **bounds)
        return FhirClient("north-ehr", self.base, NoAuth(), NoAuth(), bounds=limits)

    async def send(self, request: Request = UPDATE, **bounds: float) -> Response:
        async with self.client(**bounds) as ehr:
            return await ehr.send(request, await ehr.grant("system/Patient.u"), lambda: None)


@contextmanager
def place(plan: str, *, no_auth: bool = True, sleep: Any = None) -> Iterator[Place]:
    slept: list[float] = []

    async def noted(seconds: float) -> None:
        slept.append(seconds)

    with Sandbox(no_auth=no_auth, clock=lambda: NOW) as sandbox:
        sandbox.seed(exact([PATIENT]))
        faulty = Faulty(sandbox.app, parse_plan(plan), sleep=sleep or noted)
        with serving(faulty) as served:
            yield Place(sandbox, faulty, served.base_url, served.token_url, slept)


@pytest.mark.parametrize(("kind", "stored"), [("lost-request", 1), ("lost-response", 2)])
async def test_a_lost_message_is_an_unknown_outcome(
    kind: str, stored: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with place(f"{kind}=1") as found:
        with pytest.raises(OutcomeUnknown):
            await found.send()
        assert found.stored() == stored
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("kind", "status"), [("duplicate", 200), ("duplicate-second-answer", 412)])
async def test_a_duplicate_is_delivered_twice_and_one_answer_arrives(
    kind: str, status: int
) -> None:
    with place(f"{kind}=1") as found:
        response = await found.send()
        assert (response.status, found.stored()) == (status, 2)


async def test_control_without_its_condition_a_duplicate_is_stored_twice() -> None:
    with place("duplicate=1") as found:
        await found.send(Request("PUT", "Patient", "p1", {}, encode(NEW)))
        assert found.stored() == 3


@pytest.mark.parametrize("status", STATUSES)
async def test_a_status_is_answered_and_nothing_done(status: str) -> None:
    with place(f"{status}=1") as found:
        response = await found.send()
        assert response.status == int(status)
        assert response.issues != ()
        assert (response.version, response.location) == (None, None)
        assert found.stored() == 1


@pytest.mark.parametrize("kind", AFTER_COMMIT)
async def test_a_status_after_the_commit_hides_what_was_done(kind: str) -> None:
    with place(f"{kind}=1") as found:
        assert (await found.send()).status == int(kind[:3])
        assert found.stored() == 2


@pytest.mark.parametrize("kind", ["reset", "truncated", "cut-json", "not-json", "wrong-type"])
async def test_a_spoilt_body_is_still_an_answer(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with place(f"{kind}=1") as found:
        assert await found.send() == Response(200, "2", None, None, ())
        assert found.stored() == 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["reset", "truncated"])
async def test_without_a_body_to_cut_there_is_no_answer(kind: str) -> None:
    headers = {**UPDATE.headers, "Prefer": "return=minimal"}
    minimal = Request("PUT", "Patient", "p1", headers, encode(NEW))
    with place(f"{kind}=1") as found:
        with pytest.raises(OutcomeUnknown):
            await found.send(minimal)
        assert found.stored() == 2


async def test_a_slow_answer_is_unknown_once_patience_ends() -> None:
    # The server runs in a loop of its own.
    released = threading.Event()

    async def until_released(_seconds: float) -> None:
        await asyncio.to_thread(released.wait)

    with place("slow=1@60s", sleep=until_released) as found:
        with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
            await found.send(read=0.1)
        released.set()
        assert found.stored() == 2


async def test_a_slow_answer_is_an_answer_to_the_patient() -> None:
    with place("slow=1@60s") as found:
        assert (await found.send()).status == 200
        assert found.slept == [60.0]


async def test_a_skewed_clock_shows_in_date_and_last_updated() -> None:
    with place("PUT: clock-skew=1@-90s") as found:
        response = await found.send()
        assert response.resource is not None
        assert response.resource["meta"]["lastUpdated"] == "2026-11-23T08:58:30.000Z"
        body: dict[str, Any] = {**NEW, "active": True}
        async with httpx.AsyncClient() as http:
            answer = await http.put(f"{found.base}/Patient/p1", json=body)
            assert answer.headers["Date"] == "Mon, 23 Nov 2026 08:58:30 GMT"
            right = await http.get(f"{found.base}/Patient/p1")
        assert right.headers["Date"] == "Mon, 23 Nov 2026 09:00:00 GMT"


READS = {
    "lost-request": Unreachable,
    "lost-response": Unreachable,
    "reset": Unreachable,
    "truncated": Unreachable,
    "cut-json": Unreadable,
    "not-json": Unreadable,
    "wrong-type": Unreadable,
    "expired-token": Refused,
    "429": Throttled,
    "503": Throttled,
    **{status: Unreachable for status in STATUSES if status not in ("429", "503")},
}


@pytest.mark.parametrize("kind", READS)
async def test_a_read_that_met_a_fault_is_unreachable_never_absent(kind: str) -> None:
    with place(f"GET Patient: {kind}=1") as found:
        async with found.client() as ehr:
            with pytest.raises(READS[kind]):
                await ehr.read("Patient/p1")
            with pytest.raises(READS[kind]):
                await ehr.search("Patient", {"_id": "p1"})


def test_every_kind_is_shown_for_a_write_and_where_it_can_be_for_a_read() -> None:
    shown = {"slow", "clock-skew", *READS}
    assert set(KINDS) == shown | {name for name, kind in KINDS.items() if kind.writes}


async def test_retry_after_is_said_where_the_plan_says_it() -> None:
    with place("GET: 503=1@30s") as found:
        async with found.client() as ehr:
            with pytest.raises(Throttled) as caught:
                await ehr.read("Patient/p1")
    assert caught.value.retry_after == 30


class Fixed:
    def now(self) -> datetime:
        return NOW


def tokened(found: Place) -> tuple[FhirClient, list[httpx.Response]]:
    """Return a client with tokens of its own; the answers of the token endpoint are counted."""
    issued = {one.plane: one for one in found.sandbox.issue_clients()}
    numbers = iter(range(100))
    answers: list[httpx.Response] = []

    class Counting(httpx.AsyncBaseTransport):
        def __init__(self) -> None:
            self.inner = httpx.AsyncHTTPTransport()

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answers.append(await self.inner.handle_async_request(request))
            return answers[-1]

        async def aclose(self) -> None:
            await self.inner.aclose()

    def source(plane: str) -> TokenSource:
        return TokenSource(
            issued[plane].client_id, issued[plane].private_jwk, found.token_url, clock=Fixed(),
            new_id=lambda: f"jti-{next(numbers)}", transport=Counting(),
        )  # fmt: skip

    ehr = FhirClient("north-ehr", found.base, source("read"), source("write"), bounds=BOUNDS)
    return ehr, answers


async def test_an_expired_token_refuses_the_write_and_the_next_one_gets_a_new_token() -> None:
    with place("PUT #1: expired-token", no_auth=False) as found:
        ehr, answers = tokened(found)
        async with ehr:
            response = await ehr.send(UPDATE, await ehr.grant("system/Patient.u"), lambda: None)
            assert (response.status, response.issues) == (401, ("expired",))
            assert (found.stored(), len(answers)) == (1, 1)
            response = await ehr.send(UPDATE, await ehr.grant("system/Patient.u"), lambda: None)
            assert (response.status, found.stored(), len(answers)) == (200, 2, 2)


async def test_an_expired_token_of_a_read_is_replaced_once() -> None:
    with place("GET #1: expired-token", no_auth=False) as found:
        ehr, answers = tokened(found)
        async with ehr:
            assert (await ehr.read("Patient/p1")) is not None
        assert len(answers) == 2


@pytest.mark.parametrize("kind", ["lost-request", "lost-response", "503", "not-json"])
async def test_a_token_endpoint_with_a_fault_lets_nothing_be_sent(kind: str) -> None:
    with place(f"token: {kind}=1", no_auth=False) as found:
        ehr, _ = tokened(found)
        async with ehr:
            with pytest.raises(Unreachable):
                await ehr.grant("system/Patient.u")
        assert found.stored() == 1


async def run(seed: int) -> list[str]:
    told: list[str] = []
    mix = "lost-request=0.2,lost-response=0.2,duplicate-second-answer=0.2,reset=0.1,500=0.1"
    with place(f"{mix};seed={seed}") as found:
        async with found.client() as ehr:
            grant = await ehr.grant("system/Patient.u")
            for number in range(30):
                body = encode(exact_object({**NEW, "id": f"q{number}"}))
                request = Request("PUT", "Patient", f"q{number}", {"If-None-Match": "*"}, body)
                try:
                    told.append(str((await ehr.send(request, grant, lambda: None)).status))
                except OutcomeUnknown:
                    told.append("unknown")
        told.append(str(sorted(found.faulty.struck.items())))
    return told


def exact_object(value: dict[str, Any]) -> JsonObject:
    (found,) = exact([value])
    assert isinstance(found, dict)
    return found


async def test_a_seeded_run_repeats_exactly() -> None:
    first = await run(5)
    assert set(first[:-1]) == {"201", "500", "412", "unknown"}
    assert await run(5) == first
    assert await run(6) != first


async def test_switched_off_nothing_interferes_and_nothing_is_counted() -> None:
    with place("PUT #1: 412") as found:
        found.faulty.on = False
        assert (await found.send()).status == 200
        found.faulty.on = True
        assert (await found.send()).status == 412
        assert found.faulty.struck == {"412": 1}


async def test_without_a_socket_a_connection_cannot_be_lost() -> None:
    with Sandbox(no_auth=True) as sandbox:
        faulty = Faulty(sandbox.app, parse_plan("lost-request=1"))
        ehr = FhirClient(
            "north-ehr", "http://127.0.0.1/fhir", NoAuth(), None,
            transport=InProcessTransport(faulty),
        )  # fmt: skip
        async with ehr:
            with pytest.raises(RuntimeError, match="on loopback"):
                await ehr.read("Patient/p1")
