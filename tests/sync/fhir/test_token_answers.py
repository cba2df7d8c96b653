"""What a token endpoint answers instead of a token that fits: told in plain words, never quoted."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from typing import Any

import pytest

from core.errors import CountersignError, Refused, Unreachable
from core.ports import NoToken
from sync.fhir import Redirected, Throttled, Token, TokenSource, Unreadable
from sync.wire import httpx
from tests.oauth.provider import shown
from tests.sync.fhir.servers import TOKEN_URL, Clock, Issuer, answer

WRITE = "system/Condition.c"


def _oauth(document: Any, status: int = 200) -> httpx.Response:
    return answer(document, status, media="application/json")


def _token(**more: Any) -> httpx.Response:
    base = {"access_token": "secret-x", "token_type": "bearer", "expires_in": 300, "scope": WRITE}
    document = {**base, **more}
    return _oauth({name: value for name, value in document.items() if value is not None})


async def test_an_exact_grant_never_comes_from_a_narrower_one(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.grant = lambda form: _token(scope="system/Patient.rs")
    source = issuer.source(ec, clock)
    await source.token("system/*.rs")
    with pytest.raises(Refused):
        await source.token("system/*.rs", exact=True)


@pytest.mark.parametrize(
    "scope", [None, "", "system/*.c", "system/Condition.cu", f"{WRITE} system/Condition.u", 7]
)
async def test_a_write_scope_that_is_not_exactly_granted_is_refused(
    scope: object, ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.grant = lambda form: _token(scope=scope)
    with pytest.raises(Refused) as caught:
        await issuer.source(ec, clock).token(WRITE, exact=True)
    assert "secret-x" not in str(caught.value)


async def test_a_read_token_that_can_write_is_refused(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.grant = lambda form: _token(scope="system/*.cruds")
    with pytest.raises(Refused):
        await issuer.source(ec, clock).token("system/*.rs")


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (_oauth({"error": "[@click=app.quit]\n"}, 400), Refused, "no error code"),
        (answer(b"<html>secret-y</html>", 403, "text/html"), Refused, "no error code"),
        (answer(b"", 302, Location="https://evil.example/secret-y"), Redirected, "302"),
        (answer(b"", 429, Retry_After="7"), Throttled, "429"),
        (answer(b"", 500), Unreachable, "500"),
        (_oauth({"error": "server_error"}, 500), Unreachable, "500"),
        (_oauth({"error": "server_error"}, 400), Unreachable, "server_error"),
        (_oauth({"error": "temporarily_unavailable"}, 400), Unreachable, "Try again later"),
        (answer(b"", 404), Unreachable, "Check token_url"),
        (answer(b"", 405), Unreachable, "Check token_url"),
        (answer(b"<html>secret-y</html>", 200, "text/html"), Unreadable, "content type"),
        (answer(b"<html>secret-y</html>", 400, "text/html"), Refused, "no error code"),
        (answer(b"<html>secret-y</html>", 502, "text/html"), Unreachable, "502"),
        (answer(b"", 503, Retry_After="secret-y"), Throttled, "503"),
        (answer(b"", 308, Location=f"{TOKEN_URL}/secret-y"), Redirected, "308"),
        (answer(b"secret-y", 200, "application/json"), Unreadable, "JSON"),
        (answer({"access_token": "secret-y"}, 200, "text/plain"), Unreadable, "content type"),
        (_token(expires_in=None), Unreadable, "how long"),
        (_token(expires_in=0), Unreadable, "how long"),
        (_token(expires_in="300"), Unreadable, "how long"),
        (_token(expires_in=True), Unreadable, "how long"),
        (_token(expires_in=-300), Unreadable, "how long"),
        (_token(expires_in=29), Refused, "less than 30"),
        (_token(token_type="mac"), Unreadable, "bearer"),
        (_token(token_type=None), Unreadable, "bearer"),
        (_token(scope="system/Condition.cud"), Refused, "exactly this scope"),
        (_token(scope="system/Patient.c"), Refused, "exactly this scope"),
        (_token(scope=f"{WRITE} secret-y"), Refused, "exactly this scope"),
        (_token(access_token=None), Unreadable, "no usable"),
        (_token(access_token="a\r\nX: secret-y"), Unreadable, "no usable"),
        (_token(filler="x" * 70_000), Unreadable, "bytes"),
    ],
)  # fmt: skip
async def test_an_answer_without_a_token(
    response: httpx.Response,
    error: type[Exception],
    words: str,
    ec: dict[str, Any],
    issuer: Issuer,
    clock: Clock,
) -> None:
    issuer.grant = lambda form: response
    with pytest.raises(error, match=words) as caught:
        await issuer.source(ec, clock).token(WRITE, exact=True)
    found = type(caught.value)
    assert (Refused if found is NoToken else found) is error
    assert "secret" not in shown(caught.value)
    assert caught.value.__context__ is None
    assert len(issuer.forms) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("invalid_client", ["proof of its key (invalid_client)", "public half of its key"]),
        ("invalid_grant", ["proof of its key (invalid_grant)", "public half of its key"]),
        ("invalid_request", ["request (invalid_request)", "private_key_jwt"]),
        ("invalid_scope", ["scope it asks for (invalid_scope)", "registered for this scope"]),
        ("unauthorized_client", ["(unauthorized_client)", "registered as a backend service"]),
        ("unsupported_grant_type", ["(unsupported_grant_type)", "Check that token_url"]),
        ("secret-code", ["no error code that is known", "administrator"]),
        (7, ["no error code that is known", "administrator"]),
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_refusal_says_what_to_do_and_quotes_nothing(
    status: int,
    code: object,
    words: list[str],
    ec: dict[str, Any],
    issuer: Issuer,
    clock: Clock,
) -> None:
    told = {"error_description": "secret-y [bold]call us", "error_uri": "https://secret.example"}
    issuer.grant = lambda form: _oauth({"error": code, **told}, status)
    with pytest.raises(Refused) as caught:
        await issuer.source(ec, clock).token(WRITE)
    for text in words:
        assert text in str(caught.value)
    text = shown(caught.value)
    assert "secret" not in text
    assert "call us" not in text
    assert issuer.forms[0]["client_assertion"] not in text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-4000, "this machine's is 67 min behind"),
        (-31, "this machine's is 31 s behind"),
        (-30, None),
        (30, None),
        (31, "this machine's is 31 s ahead"),
        (599, "this machine's is 599 s ahead"),
        (600, "this machine's is 10 min ahead"),
    ],
)
async def test_clocks_that_differ_are_named(
    seconds: float, words: str | None, ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    date = format_datetime(clock.now(), usegmt=True)
    issuer.grant = lambda form: answer(
        {"error": "invalid_client"}, 401, "application/json", Date=date
    )
    clock.seconds = seconds
    with pytest.raises(Refused) as caught:
        await issuer.source(ec, clock).token(WRITE)
    if words is None:
        assert "clock" not in str(caught.value)
    else:
        assert words in str(caught.value)
        assert "Set this machine's clock right" in str(caught.value)


@pytest.mark.parametrize(
    "date",
    ["", "soon", "Fri, 15 Jan 2027 08:00:00 -0000", "Mon, 99 Jan 2027 08:00:00 GMT",
     "Fri, 15 Jan 2027 08:00:00 +9999999999999999"],
)  # fmt: skip
async def test_a_date_that_says_nothing_blames_no_clock(
    date: str, ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    clock.seconds = -86_400
    issuer.grant = lambda form: answer(
        {"error": "invalid_client"}, 401, "application/json", Date=date
    )
    with pytest.raises(Refused) as caught:
        await issuer.source(ec, clock).token(WRITE)
    assert "clock" not in str(caught.value)


async def _eight_at_once(source: TokenSource, issuer: Issuer) -> list[BaseException | Token]:
    issuer.waiting = asyncio.Event()
    issuer.grant = lambda form: _oauth({"error": "invalid_client"}, 401)
    tasks = [asyncio.ensure_future(source.token(WRITE)) for _ in range(8)]
    await issuer.asked.acquire()
    issuer.waiting.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_those_who_waited_share_a_refusal_and_the_next_asks_anew(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    source = issuer.source(ec, clock)
    results = await _eight_at_once(source, issuer)
    assert [type(result) for result in results] == [NoToken] * 8
    assert len({str(result) for result in results}) == 1
    assert len({id(result) for result in results}) == 8
    assert len(issuer.forms) == 1
    issuer.grant = issuer.granted
    assert (await source.token(WRITE)).alive()
    assert len(issuer.forms) == 2


async def test_control_without_the_shared_failure_a_refusal_is_asked_for_eight_times(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    class Forgetful(dict[Any, Any]):
        def get(self, key: Any, default: Any = None) -> Any:
            return None

    source = issuer.source(ec, clock)
    source._failed = Forgetful()
    await _eight_at_once(source, issuer)
    assert len(issuer.forms) == 8


async def test_a_shared_failure_keeps_how_long_to_wait(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.waiting = asyncio.Event()
    issuer.grant = lambda form: answer(b"", 429, Retry_After="7")
    source = issuer.source(ec, clock)
    tasks = [asyncio.ensure_future(source.token(WRITE)) for _ in range(2)]
    await issuer.asked.acquire()
    issuer.waiting.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [getattr(result, "retry_after", None) for result in results] == [7.0, 7.0]
    assert len(issuer.forms) == 1


async def test_one_who_gives_up_takes_nobody_along(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    issuer.waiting = asyncio.Event()
    source = issuer.source(ec, clock)
    first, second = (asyncio.ensure_future(source.token(WRITE)) for _ in range(2))
    await issuer.asked.acquire()
    first.cancel()
    await issuer.asked.acquire()
    issuer.waiting.set()
    assert (await second).alive()
    assert first.cancelled()


async def test_a_failure_is_not_remembered(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    source = issuer.source(ec, clock)
    issuer.grant = lambda form: answer(b"", 500)
    with pytest.raises(Unreachable):
        await source.token(WRITE)
    issuer.grant = issuer.granted
    assert (await source.token(WRITE)).alive()


async def test_an_endpoint_that_cannot_be_reached(
    ec: dict[str, Any], issuer: Issuer, clock: Clock
) -> None:
    def fail(form: dict[str, str]) -> httpx.Response:
        raise httpx.ConnectError("https://auth.example/secret")

    issuer.grant = fail
    with pytest.raises(Unreachable, match="ConnectError") as caught:
        await issuer.source(ec, clock).token(WRITE)
    assert "auth.example" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_control_with_its_frames_an_error_would_show_the_token(
    ec: dict[str, Any], issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        CountersignError, "with_traceback", lambda error, traceback: error, raising=False
    )
    issuer.grant = lambda form: _token(token_type="mac")
    with pytest.raises(Unreadable) as caught:
        await issuer.source(ec, clock).token(WRITE)
    assert "secret-x" in shown(caught.value)
