"""What a strict token endpoint refuses: one request, plain words, no secret, and work goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest

import sync.fhir.tokens as tokens_module
from core.errors import CountersignError, Refused
from core.ports import NoToken
from sync.fhir.channel import Answer
from tests.oauth.provider import (
    WRITE,
    Clock,
    Connect,
    Jwk,
    Keys,
    Parts,
    StrictServer,
    secrets_of,
    shown,
)
from tests.sync.fhir.servers import ec_key

pytestmark = pytest.mark.heavy

FOREIGN = "client authentication failed"
UNPROVEN = ["does not accept this client's proof of its key (invalid_client)", "public half"]


@dataclass(frozen=True)
class Case:
    """A client that is wrong in one way, the server's reason, and what the person is told."""

    name: str
    why: str
    words: list[str] = field(default_factory=lambda: UNPROVEN)
    client_id: str = "writer"
    key: Callable[[Keys], Jwk] = lambda keys: keys.ec
    scope: str = WRITE
    token_url: str | None = None
    seconds: float = 0.0


CASES = [
    Case("slow clock", "jwt expired", [*UNPROVEN, "10 min behind", "Set this machine's clock"],
         seconds=-600.0),
    Case("fast clock", "jwt not active yet", [*UNPROVEN, "10 min ahead", "clocks differ"],
         seconds=625.0),
    Case("wrong audience", "audience (aud) must equal", [*UNPROVEN, "token_url"],
         token_url="https://elsewhere.example/token"),
    Case("unknown key", "signature verification failed",
         key=lambda keys: {**ec_key(), "kid": keys.ec["kid"]}),
    Case("unknown kid", "no applicable key found", key=lambda keys: {**keys.ec, "kid": "ec-9"}),
    Case("unknown client", "client not found", [*UNPROVEN, "client_id"], client_id="nobody"),
    Case("wrong algorithm", "alg mismatch", [*UNPROVEN, "algorithm"], client_id="rsa-only"),
    Case("scope not allowed", "requested scope is not allowed",
         ["does not allow this client the scope", "(invalid_scope)", "registered for this scope"],
         scope="system/Patient.d"),
]  # fmt: skip


@pytest.fixture(params=CASES, ids=lambda case: case.name.replace(" ", "-"))
def case(request: pytest.FixtureRequest) -> Case:
    return request.param  # type: ignore[no-any-return]


def _wrong(case: Case, connect: Connect, keys: Keys, server: StrictServer) -> tuple[Parts, Jwk]:
    jwk = case.key(keys)
    more = {} if case.token_url is None else {"token_url": case.token_url, "to": server.token_url}
    return connect(case.client_id, jwk, **more), jwk


async def test_a_refusal_is_told_and_not_tried_again(
    case: Case, server: StrictServer, clock: Clock, connect: Connect, keys: Keys
) -> None:
    before = server.seen()
    clock.seconds = case.seconds
    parts, jwk = _wrong(case, connect, keys, server)
    with pytest.raises(Refused) as caught:
        await parts.tokens.token(case.scope, exact=True)
    after = server.seen().since(before)
    assert after.requests == 1
    assert case.why in after.refused[0]["why"]
    for words in case.words:
        assert words in str(caught.value)
    _assert_nothing_leaks(caught.value, parts, jwk, server)
    clock.seconds = 0.0
    assert (await connect("writer", keys.ec).tokens.token(WRITE, exact=True)).alive()


async def test_all_who_waited_share_one_refusal(
    case: Case, server: StrictServer, clock: Clock, connect: Connect, keys: Keys
) -> None:
    before = server.seen()
    clock.seconds = case.seconds
    parts, jwk = _wrong(case, connect, keys, server)
    results = await asyncio.gather(
        *(parts.tokens.token(case.scope) for _ in range(8)), return_exceptions=True
    )
    assert [type(result) for result in results] == [NoToken] * 8
    assert len({id(result) for result in results}) == 8
    assert server.seen().since(before).requests == 1
    for result in results:
        assert isinstance(result, NoToken)
        _assert_nothing_leaks(result, parts, jwk, server)


async def test_a_proof_serves_once(server: StrictServer, connect: Connect, keys: Keys) -> None:
    jtis = iter(["replayed", "replayed", "fresh"])
    parts = connect("reader", keys.rsa, new_id=lambda: next(jtis))
    before = server.seen()
    token = await parts.tokens.token("system/*.rs")
    parts.tokens.drop(token)
    with pytest.raises(Refused) as caught:
        await parts.tokens.token("system/*.rs")
    first, second = (form["client_assertion"] for form in parts.recorder.forms)
    assert first == second
    after = server.seen().since(before)
    assert (after.requests, after.granted) == (2, 1)
    assert after.refused[0]["why"] == "client assertion tokens must only be used once"
    for words in UNPROVEN:
        assert words in str(caught.value)
    _assert_nothing_leaks(caught.value, parts, keys.rsa, server)
    assert (await parts.tokens.token("system/*.rs")).value != token.value


async def test_the_same_source_works_again_once_its_cause_is_gone(
    clock: Clock, connect: Connect, keys: Keys
) -> None:
    tokens = connect("writer", keys.ec).tokens
    clock.seconds = -600.0
    with pytest.raises(Refused, match="10 min behind"):
        await tokens.token(WRITE)
    clock.seconds = 0.0
    with pytest.raises(Refused, match="invalid_scope"):
        await tokens.token("system/Patient.d")
    assert (await tokens.token(WRITE)).alive()


async def test_clocks_that_agree_are_not_blamed(connect: Connect, keys: Keys) -> None:
    with pytest.raises(Refused) as caught:
        await connect("nobody", keys.ec).tokens.token(WRITE)
    assert "clock" not in str(caught.value)


async def test_control_a_careless_client_would_leak(
    server: StrictServer, connect: Connect, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = connect("nobody", keys.ec)

    def careless(name: str, answer: Answer, now: datetime) -> CountersignError:
        told = json.loads(answer.body)["error_description"]
        return Refused(f"{told}: {parts.recorder.forms[0]['client_assertion']}")

    monkeypatch.setattr(tokens_module, "refused", careless)
    with pytest.raises(Refused) as caught:
        await parts.tokens.token(WRITE)
    assert FOREIGN in shown(caught.value)
    with pytest.raises(AssertionError):
        _assert_nothing_leaks(caught.value, parts, keys.ec, server)


def _assert_nothing_leaks(
    error: BaseException, parts: Parts, jwk: Jwk, server: StrictServer
) -> None:
    text = shown(error)
    for secret in secrets_of(parts.recorder, jwk):
        assert secret not in text
    assert FOREIGN not in text
    assert server.issuer not in str(error) + repr(error)
