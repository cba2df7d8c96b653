"""Scopes: what a token opens, and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from sync.sandbox import TOKEN_URL, Sandbox
from sync.sandbox.exchange import Call
from sync.sandbox.tokens import JWT_BEARER

Send = Callable[..., dict[str, Any]]
Ask = Callable[[str | None], Awaitable[httpx.Response]]
KEY = ECKey.generate_key("P-384")
TASK = {"resourceType": "Task", "status": "requested", "intent": "proposal"}


@pytest.fixture
def guarded(clock: Any, new_id: Callable[[], str]) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, new_id=new_id) as made:
        made.add_client("agent", KEY.as_dict(private=False), "system/Task.crus system/Patient.r")
        yield made


@pytest.fixture
async def http(guarded: Sandbox, client: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client(guarded) as made:
        yield made


@pytest.fixture
def ask(http: httpx.AsyncClient, clock: Any) -> Ask:
    """Return a function that asks the token endpoint for a scope, each time with a new jti."""
    numbers = count()

    async def answer(scope: str | None) -> httpx.Response:
        claims = {"iss": "agent", "sub": "agent", "aud": TOKEN_URL, "jti": str(next(numbers))}
        claims |= {"exp": int(clock.now.timestamp()) + 60}
        assertion = jwt.encode({"alg": "ES384"}, claims, KEY, algorithms=["ES384"])
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": assertion,
        }
        return await http.post(TOKEN_URL, data=form if scope is None else {**form, "scope": scope})

    return answer


async def _token(ask: Ask, scope: str) -> dict[str, str]:
    answer = await ask(scope)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("system/Task.r", "system/Task.r"),
        ("system/Task.cruds", "system/Task.crus"),
        ("system/*.rs", "system/Task.rs system/Patient.r"),
        ("system/Patient.cruds system/Observation.r", "system/Patient.r"),
        ("system/Task.r system/Task.c", "system/Task.cr"),
        ("system/Observation.r", None),
        ("system/Task.d", None),
        ("system/Task.sr", None),
        ("system/Task.", None),
        ("system/Task.read", None),
        ("system/Task.r?status=requested", None),
        ("system/Nonsense.r", None),
        ("user/Task.r", None),
        ("patient/*.rs", None),
        ("openid", None),
        ("system/Task.r openid", None),
        ("", None),
        (None, None),
    ],
)
async def test_scopes_are_what_is_asked_and_allowed(
    ask: Ask, asked: str | None, granted: str | None
) -> None:
    answer = await ask(asked)
    if granted is None:
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    else:
        assert answer.json()["scope"] == granted


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (None, None),
        ("Basic ZWM6eA==", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer unknown", "invalid_token"),
    ],
)
async def test_without_a_token_nothing_is_told(
    http: httpx.AsyncClient, send: Send, header: str | None, error: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    for answer in (
        await http.get("/Task", headers=headers),
        await http.get("/Task/none", headers=headers),
        await http.get("/Nonsense", headers=headers),
        await http.post("/Task", **send(TASK, **headers)),
    ):
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (401, "login")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert ("invalid_token" in answer.headers["WWW-Authenticate"]) == (error is not None)


async def test_a_token_ends_after_five_minutes(
    http: httpx.AsyncClient, ask: Ask, clock: Any
) -> None:
    headers = await _token(ask, "system/Task.rs")
    clock.advance(seconds=299)
    assert (await http.get("/Task", headers=headers)).status_code == 200
    clock.advance(seconds=1)
    answer = await http.get("/Task", headers=headers)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (401, "expired")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


# Interaction → the one letter that it needs.
CALLS: dict[str, tuple[str, str, str]] = {
    "create": ("POST", "/Task", "c"),
    "conditional create": ("POST", "/Task", "c"),
    "read": ("GET", "/Task/t1", "r"),
    "vread": ("GET", "/Task/t1/_history/1", "r"),
    "history": ("GET", "/Task/t1/_history", "r"),
    "update": ("PUT", "/Task/t1", "u"),
    "update as create": ("PUT", "/Task/t2", "u"),
    "search": ("GET", "/Task", "s"),
    "search by form": ("POST", "/Task/_search", "s"),
}


async def _call(
    http: httpx.AsyncClient, send: Send, name: str, headers: dict[str, str]
) -> httpx.Response:
    method, path, _ = CALLS[name]
    if name == "search by form":
        return await http.post(path, data={"_id": "t1"}, headers=headers)
    if method == "GET":
        return await http.get(path, headers=headers)
    if name == "conditional create":
        headers = {**headers, "If-None-Exist": "identifier=none"}
    body = {**TASK, "id": path.rpartition("/")[2]}
    return await http.request(method, path, **send(body, **headers))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("letter", "crus")
async def test_each_interaction_needs_its_own_letter(
    http: httpx.AsyncClient, ask: Ask, send: Send, name: str, letter: str
) -> None:
    setup = await _token(ask, "system/Task.u")
    await http.put("/Task/t1", **send({**TASK, "id": "t1"}, **setup))
    headers = await _token(ask, f"system/Task.{letter}")
    answer = await _call(http, send, name, headers)
    if letter == CALLS[name][2]:
        assert answer.status_code in (200, 201)
    else:
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (403, "forbidden")
        assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


async def test_without_the_check_any_letter_opens(
    http: httpx.AsyncClient,
    ask: Ask,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Call, "require", lambda *_: None)
    headers = await _token(ask, "system/Task.c")
    assert (await http.get("/Task", headers=headers)).status_code == 200


async def test_a_scope_opens_its_own_type_only(http: httpx.AsyncClient, ask: Ask) -> None:
    headers = await _token(ask, "system/Task.rs")
    assert (await http.get("/Patient/p1", headers=headers)).status_code == 403


async def test_who_may_only_create_is_not_shown_what_is_there(
    http: httpx.AsyncClient, ask: Ask, send: Send
) -> None:
    first = await _token(ask, "system/Task.cr")
    task = {**TASK, "identifier": [{"value": "x"}], "description": "seen"}
    await http.post("/Task", **send(task, **first))
    again = send(TASK, If_None_Exist="identifier=x", **first)
    assert (await http.post("/Task", **again)).json()["description"] == "seen"
    second = await _token(ask, "system/Task.c")
    answer = await http.post("/Task", **send(TASK, If_None_Exist="identifier=x", **second))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Location"].endswith("/Task/made-1/_history/1")
