"""The token endpoint: who gets a token."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey, import_key

from core.errors import BadInput
from sync.sandbox import TOKEN_URL, Sandbox, tokens
from sync.sandbox.tokens import JWT_BEARER

EC = ECKey.generate_key("P-384", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
RSA_1024 = {
    "kty": "RSA",
    "e": "AQAB",
    "n": base64.urlsafe_b64encode(((1 << 1023) + 1).to_bytes(128, "big")).decode().rstrip("="),
}
SCOPES = "system/Task.crus system/Patient.r"


@pytest.fixture
def guarded(clock: Any, new_id: Callable[[], str]) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, new_id=new_id) as made:
        made.add_client("ec", EC.as_dict(private=False), SCOPES)
        made.add_client("rsa", RSA.as_dict(private=False), SCOPES)
        yield made


@pytest.fixture
async def http(guarded: Sandbox, client: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with client(guarded) as made:
        yield made


@pytest.fixture
def claims(clock: Any) -> dict[str, Any]:
    """Return good claims of the client `ec`."""
    now = int(clock.now.timestamp())
    return {"iss": "ec", "sub": "ec", "aud": TOKEN_URL, "exp": now + 300, "jti": "one"}


def _signed(claims: dict[str, Any], key: Any = EC, alg: str = "ES384", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid, **header}, claims, key, algorithms=[alg])


async def _ask(
    http: httpx.AsyncClient, assertion: str, scope: str | None = "system/Task.r", **fields: str
) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": JWT_BEARER,
        "client_assertion": assertion,
        **fields,
    }
    return await http.post(TOKEN_URL, data=form if scope is None else {**form, "scope": scope})


@pytest.mark.parametrize(("name", "key", "alg"), [("ec", EC, "ES384"), ("rsa", RSA, "RS384")])
async def test_a_good_assertion_earns_a_short_token(
    http: httpx.AsyncClient, claims: dict[str, Any], name: str, key: Any, alg: str
) -> None:
    answer = await _ask(http, _signed({**claims, "iss": name, "sub": name}, key, alg))
    found = answer.json()
    assert answer.status_code == 200
    assert len(found.pop("access_token")) >= 43
    assert found == {"token_type": "bearer", "expires_in": 300, "scope": "system/Task.r"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "unknown", "sub": "unknown"},
        {"iss": None},
        {"sub": "rsa"},
        {"sub": None},
        {"aud": "http://127.0.0.1/fhir"},
        {"aud": "http://127.0.0.1/token/"},
        {"aud": None},
        {"aud": ["http://else.where/token"]},
        {"exp": 1_000_000_000},
        {"exp": "soon"},
        {"exp": True},
        {"exp": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 256},
        {"jti": None},
        {"nbf": 9_999_999_999},
        {"iat": 9_999_999_999},
    ],
)
async def test_wrong_claims_earn_nothing(
    http: httpx.AsyncClient, claims: dict[str, Any], change: dict[str, Any]
) -> None:
    wrong = {name: value for name, value in {**claims, **change}.items() if value is not None}
    answer = await _ask(http, _signed(wrong))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "access_token" not in answer.json()


@pytest.mark.parametrize(
    ("offset", "status"), [(-5, 401), (-4, 200), (300, 200), (305, 200), (306, 401), (3600, 401)]
)
async def test_exp_lies_within_five_minutes(
    http: httpx.AsyncClient, claims: dict[str, Any], clock: Any, offset: int, status: int
) -> None:
    clock.now = clock.now.replace(microsecond=0)
    answer = await _ask(http, _signed({**claims, "exp": clock.now.timestamp() + offset}))
    assert answer.status_code == status


async def test_an_assertion_serves_once(
    http: httpx.AsyncClient, claims: dict[str, Any], clock: Any
) -> None:
    assert (await _ask(http, _signed(claims))).status_code == 200
    for seconds in (0, 200, 104):
        clock.advance(seconds=seconds)
        answer = await _ask(http, _signed(claims))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    rsa = _signed({**claims, "iss": "rsa", "sub": "rsa", "exp": claims["exp"] + 300}, RSA, "RS384")
    assert (await _ask(http, rsa)).status_code == 200


async def test_without_the_memory_an_assertion_serves_again(
    http: httpx.AsyncClient, claims: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens.Authority, "_spend", lambda *_: True)
    for _ in range(2):
        assert (await _ask(http, _signed(claims))).status_code == 200


async def test_a_refused_assertion_is_not_spent(
    http: httpx.AsyncClient, claims: dict[str, Any]
) -> None:
    forged = _signed(claims, ECKey.generate_key("P-384", {"kid": "ec"}))
    assert (await _ask(http, forged)).status_code == 401
    assert (await _ask(http, _signed(claims))).status_code == 200


def _unsigned(claims: dict[str, Any]) -> str:
    parts = [json.dumps({"alg": "none"}), json.dumps(claims)]
    packed = [base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts]
    return f"{packed[0]}.{packed[1]}."


def _confused(claims: dict[str, Any]) -> str:
    from joserfc.jwk import OctKey

    public = import_key(EC.as_dict(private=False)).as_pem(private=False)
    return jwt.encode({"alg": "HS384"}, claims, OctKey.import_key(public.hex()), ["HS384"])


@pytest.mark.parametrize(
    "forge",
    [
        lambda claims: _signed(claims, ECKey.generate_key("P-384", {"kid": "ec"})),
        lambda claims: _signed(claims, RSA, "RS384"),
        lambda claims: _signed({**claims, "iss": "rsa", "sub": "rsa"}, RSA, "RS256"),
        lambda claims: _signed({**claims, "iss": "rsa", "sub": "rsa"}, RSA, "RS512"),
        lambda claims: _signed({**claims, "iss": "rsa", "sub": "rsa"}, EC, "ES384"),
        lambda claims: _signed(claims, kid="other"),
        _unsigned,
        _confused,
        lambda claims: _signed(claims)[:-4] + "AAAA",
        lambda _claims: "not.a.jwt",
        lambda _claims: "x",
        lambda claims: _signed({**claims, "pad": "x" * 9000}),
    ],
)
async def test_a_wrong_signature_earns_nothing(
    http: httpx.AsyncClient, claims: dict[str, Any], forge: Callable[[Any], str]
) -> None:
    answer = await _ask(http, forge(claims))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("fields", "error", "status"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", 400),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type", 400),
        ({"client_assertion_type": "x"}, "invalid_request", 400),
        ({"client_assertion": ""}, "invalid_request", 400),
        ({"client_id": "rsa"}, "invalid_client", 401),
    ],
)
async def test_a_wrong_request_is_named(
    http: httpx.AsyncClient,
    claims: dict[str, Any],
    fields: dict[str, str],
    error: str,
    status: int,
) -> None:
    answer = await _ask(http, _signed(claims), **fields)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_the_form_is_read_strictly(http: httpx.AsyncClient) -> None:
    form = "application/x-www-form-urlencoded"
    for content, media in (
        (b"{}", "application/json"),
        (b"grant_type=client_credentials&grant_type=client_credentials", form),
        (b"scope=x", form),
        (b"\xff", form),
        (b"grant_type=" + b"x" * 40_000, form),
    ):
        answer = await http.post(TOKEN_URL, content=content, headers={"Content-Type": media})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert (await http.get(TOKEN_URL)).status_code == 405


@pytest.mark.parametrize(
    ("jwk", "scopes"),
    [
        (EC.as_dict(private=True), "system/*.rs"),
        (ECKey.generate_key("P-256").as_dict(private=False), "system/*.rs"),
        (RSA_1024, "system/*.rs"),
        ({"kty": "EC"}, "system/*.rs"),
        ({"kty": "oct", "k": "c2VjcmV0"}, "system/*.rs"),
        ({}, "system/*.rs"),
        (EC.as_dict(private=False), "everything"),
        (EC.as_dict(private=False), ""),
    ],
)
def test_an_unfit_client_is_not_registered(sandbox: Sandbox, jwk: Any, scopes: str) -> None:
    with pytest.raises(BadInput):
        sandbox.add_client("x", jwk, scopes)


@pytest.mark.parametrize("seconds", [0, 301])
def test_tokens_live_five_minutes_at_most(seconds: int) -> None:
    with pytest.raises(BadInput, match="token_seconds"):
        Sandbox(token_seconds=seconds)


async def test_issued_clients_have_their_planes_scopes(
    guarded: Sandbox, http: httpx.AsyncClient, claims: dict[str, Any]
) -> None:
    found: dict[str, str] = {}
    issued = guarded.issue_clients()
    for item in issued:
        assert item.private_jwk["d"] not in repr(item)
        key = import_key(item.private_jwk)
        mine = {**claims, "iss": item.client_id, "sub": item.client_id}
        answer = await _ask(http, _signed(mine, key, item.algorithm), item.scopes)
        assert answer.status_code == 200, answer.text
        found[item.plane] = answer.json()["scope"]
    assert found == {
        "read": "system/*.rs",
        "propose": "system/Task.cr",
        "approve": "system/Task.rus system/Provenance.crs system/Library.r",
        "write": "system/*.cu",
    }
    assert {item.algorithm for item in issued} == {"RS384", "ES384"}
    assert len({item.private_jwk["kid"] for item in issued}) == 4
