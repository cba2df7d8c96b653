"""The sandbox's URLs: which handler answers what, who may call it, and how errors leave.

FHIR stands under /fhir, the token endpoint at /token. Handlers run in worker threads, so that a
large answer never holds up the event loop, which may be that of a screen.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core.canonical import RESPONSE, JsonObject, encode
from sync.sandbox.assertion import TokenError
from sync.sandbox.bundle_requests import BundleRequests
from sync.sandbox.capability import capability_statement, smart_configuration
from sync.sandbox.exchange import Answer, Call, pairs
from sync.sandbox.interactions import Interactions
from sync.sandbox.manner import Manner
from sync.sandbox.media import check_accept
from sync.sandbox.outage import Outage
from sync.sandbox.outcome import OutcomeError, refusal
from sync.sandbox.routing import interactions_table
from sync.sandbox.tokens import Authority

FHIR_PATH = "/fhir"
TOKEN_PATH = "/token"  # noqa: S105 - a path
SMART_PATH = "/.well-known/smart-configuration"
MAX_BODY = RESPONSE.max_bytes
MAX_FORM = 32 * 1024
MAX_DRAINED = 4 * MAX_BODY
_FORM = "application/x-www-form-urlencoded"
# Another name would be a web page that reaches for this machine (DNS rebinding).
_LOOPBACK = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?")
_NO_STORE = {"Cache-Control": "no-store"}

Handler = Callable[[Call], Answer]
Endpoint = Callable[[Request], Awaitable[Answer]]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Front:
    """The HTTP side of one sandbox; `started` is the instant its CapabilityStatement bears."""

    interactions: Interactions
    authority: Authority
    no_auth: bool
    started: str
    outage: Outage

    @property
    def manner(self) -> Manner:
        """The ways of the server that it plays."""
        return self.interactions.manner

    def app(self) -> Starlette:
        """Return the ASGI application."""
        table = interactions_table(self.interactions)
        store = self.interactions.store
        bundles = BundleRequests(self.interactions, self._statement)
        fhir: dict[str, Mapping[str, Handler]] = {
            f"{FHIR_PATH}{path}": handlers for path, handlers in table.items()
        }
        for root in (FHIR_PATH, f"{FHIR_PATH}/"):
            carry_out = self.manner.around(store, "/", "POST", bundles.carry_out)
            fhir[root] = {"POST": carry_out}
        routes = [
            self._route(TOKEN_PATH, ["POST"], self._token),
            self._route(SMART_PATH, ["GET"], self._smart),
            self._route(FHIR_PATH + SMART_PATH, ["GET"], self._smart),
            self._route(f"{FHIR_PATH}/metadata", ["GET"], self._metadata),
            *(self._route(path, list(by), self._fhir(by)) for path, by in fhir.items()),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: self._unrouted})
        # A redirect to the path without its slash would be one the client must not follow.
        app.router.redirect_slashes = False
        return app

    def _fhir(self, by_method: Mapping[str, Handler]) -> Endpoint:
        async def answer(request: Request) -> Answer:
            self.outage.check()
            self.manner.admit(token=False)
            base = _origin(request) + FHIR_PATH
            authorization = request.headers.get("authorization")
            scopes = None if self.no_auth else self.authority.grant(authorization).scopes
            query = request.url.query
            formats = [value for name, value in pairs(query) if name == "_format"]
            check_accept(request.headers, formats)
            body = await _body(request, MAX_BODY)
            call = Call(base, request.path_params, request.headers, query, body, scopes)
            method = "GET" if request.method == "HEAD" else request.method
            return await run_sync(by_method[method], call)

        return answer

    async def _metadata(self, request: Request) -> Answer:
        self.manner.admit(token=False)
        base = _origin(request) + FHIR_PATH
        return await run_sync(self._statement, Call(base, {}, request.headers, request.url.query))

    def _statement(self, call: Call) -> Answer:
        formats = [value for name, value in pairs(call.query) if name == "_format"]
        check_accept(call.headers, formats)
        token_url = None if self.no_auth else call.base.removesuffix(FHIR_PATH) + TOKEN_PATH
        return Answer(200, _encoded_statement(call.base, token_url, self.started, self.manner))

    async def _smart(self, request: Request) -> Answer:
        return _json(200, smart_configuration(_origin(request) + TOKEN_PATH, self.manner))

    async def _token(self, request: Request) -> Answer:
        try:
            self.manner.admit(token=True)
        except OutcomeError as error:
            return _too_many(error)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media != _FORM:
            return _token_refused(TokenError("invalid_request", f"send {_FORM}"))
        try:
            form = pairs((await _body(request, MAX_FORM)).decode("ascii"))
            audience = _origin(request) + TOKEN_PATH
            shown = request.headers.get("authorization")
            return _json(200, await run_sync(self.authority.issue, form, audience, shown))
        except TokenError as error:
            return _token_refused(error)
        except OutcomeError as error:
            if error.status != 429:
                return _token_refused(TokenError("invalid_request", "the form cannot be read"))
            return _too_many(error)
        except UnicodeDecodeError:
            return _token_refused(TokenError("invalid_request", "the form cannot be read"))

    def _route(self, path: str, methods: list[str], endpoint: Endpoint) -> Route:
        async def respond(request: Request) -> Response:
            try:
                answer = await endpoint(request)
            except OutcomeError as error:
                answer = self.manner.refused(error)
            except ClientDisconnect:
                answer = Answer(400)
            except Exception as error:  # noqa: BLE001 - its text or traceback may hold chart content
                logger.error("sandbox: %s at %s", type(error).__name__, _place(error))  # noqa: TRY400 - same reason
                answer = self.manner.refused(refusal(500, "exception", "the sandbox failed"))
            return _response(answer)

        return Route(path, respond, methods=methods)

    async def _unrouted(self, _request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        code = "not-supported" if status == 405 else "not-found"
        words = "this interaction is not supported" if status == 405 else "there is nothing here"
        return _response(self.manner.refused(refusal(status, code, words, headers=headers)))


@lru_cache(maxsize=8)
def _encoded_statement(base: str, token_url: str | None, date: str, manner: Manner) -> bytes:
    """Put it together once for each address that it is asked for at: it is long."""
    return encode(capability_statement(base, token_url, date, manner))


def _origin(request: Request) -> str:
    host = request.headers.get("host", "")
    if not _LOOPBACK.fullmatch(host):
        raise refusal(400, "invalid", "the Host header does not name this machine's loopback")
    return f"http://{host}"


async def _body(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    # Reading on past the limit lets the client see the answer instead of a reset connection.
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        if size > MAX_DRAINED:
            break
    if size > limit:
        raise refusal(413, "too-long", f"the body is larger than {limit:,} bytes")
    return b"".join(chunks)


def _response(answer: Answer) -> Response:
    media_type = answer.media_type if answer.body else None
    return Response(
        answer.body, answer.status, headers={**_NO_STORE, **answer.headers}, media_type=media_type
    )


def _too_many(error: OutcomeError) -> Answer:
    """Return the token endpoint's answer to one request too many, with its status as it is."""
    code = TokenError("temporarily_unavailable", error.issues[0].diagnostics, error.status)
    return replace(_token_refused(code), headers=error.headers)


def _token_refused(error: TokenError) -> Answer:
    document: JsonObject = {"error": error.error, "error_description": error.description}
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    return _json(error.status, document, headers)


def _json(status: int, document: JsonObject, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(
        status, encode(document), {"Pragma": "no-cache", **(headers or {})}, "application/json"
    )


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else "unknown"
