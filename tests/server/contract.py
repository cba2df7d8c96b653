"""A FHIR R4 server under test: requests, what it claims, and what an answer must be."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Barrier
from typing import Any, Self
from urllib.parse import urljoin

import httpx
import pytest

Resource = dict[str, Any]
FHIR_JSON = "application/fhir+json"
JSON_PATCH = "application/json-patch+json"
FORM = "application/x-www-form-urlencoded"
GROUP = "urn:countersign:test:group"
"""The identifier system that holds together what one test made."""
PARALLEL = 16
MAX_PAGES = 300


class Server:
    """One server: `base` is its FHIR base; `own` says that it is the embedded sandbox.

    A feature that a foreign server does not claim is skipped; of the sandbox it is demanded.
    """

    def __init__(self, base: str, *, own: bool, token: str | None = None) -> None:
        self.base = base.rstrip("/")
        self.own = own
        self.made: list[str] = []
        self._kept: dict[Callable[..., Any], Any] = {}
        headers = {"Accept": FHIR_JSON}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.http = httpx.Client(
            headers=headers,
            timeout=60,
            trust_env=not own,
            # Some servers close a connection after a refusal without saying so in its answer.
            limits=httpx.Limits(
                max_connections=PARALLEL, max_keepalive_connections=PARALLEL if own else 0
            ),
        )
        self._pool = ThreadPoolExecutor(PARALLEL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self.http.close()

    def url(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.base}/{path}" if path else self.base

    def get(self, path: str, params: Any = None, **headers: str) -> httpx.Response:
        return self.http.get(self.url(path), params=params, headers=_named(headers))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a body (bytes as they are, anything else as JSON) as FHIR JSON unless told else."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"Content-Type": FHIR_JSON, **_named(headers)}
        sent = content if body is not None else None
        answer = self.http.request(method, self.url(path), content=sent, headers=named)
        if answer.status_code == 201 and "Location" in answer.headers:
            self.made.append(place(answer)[0])
        return answer

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.send("PUT", path, body, **headers)

    def patch(self, path: str, operations: Any, **headers: str) -> httpx.Response:
        return self.send("PATCH", path, operations, **{"Content_Type": JSON_PATCH, **headers})

    def delete(self, path: str, **headers: str) -> httpx.Response:
        return self.send("DELETE", path, **headers)

    def create(self, resource: Resource) -> Resource:
        """Create a resource and return it as the server now reads it."""
        made = expect(self.post(resource["resourceType"], resource), 201)
        return self.read(place(made)[0])

    def read(self, path: str) -> Resource:
        found: Resource = expect(self.get(path), 200).json()
        return found

    def find(self, path: str, params: Any = None, **headers: str) -> list[Resource]:
        """Return the matches of a search on all of its pages."""
        return [
            entry["resource"]
            for page in self.pages(path, params, **headers)
            for entry in page.get("entry", [])
            if entry.get("search", {}).get("mode", "match") == "match"
        ]

    def pages(
        self, path: str, params: Any = None, between: Callable[[], None] | None = None, **head: str
    ) -> Iterator[Resource]:
        """Yield a bundle and those that its next links lead to; call `between` before each."""
        answer = expect(self.get(path, params, **head), 200)
        for _ in range(MAX_PAGES):
            bundle: Resource = answer.json()
            assert bundle["resourceType"] == "Bundle"
            yield bundle
            following = links(bundle).get("next")
            if following is None:
                return
            if between:
                between()
            answer = expect(self.get(urljoin(self.base + "/", following), **head), 200)
        raise AssertionError(f"{path} has more than {MAX_PAGES} pages")

    def together(self, calls: Sequence[Callable[[], httpx.Response]]) -> list[httpx.Response]:
        """Let all calls start at once, each in a thread of its own; return the answers."""
        gate = Barrier(len(calls))

        def one(call: Callable[[], httpx.Response]) -> httpx.Response:
            gate.wait()
            return call()

        return list(self._pool.map(one, calls))

    def kept(self, make: Callable[[Server], Any]) -> Any:
        """Return what `make` made for this server, made when first asked for."""
        if make not in self._kept:
            self._kept[make] = make(self)
        return self._kept[make]

    @cached_property
    def claims(self) -> Claims:
        return Claims(expect(self.get("metadata"), 200).json())

    def needs(self, kind: str, *interactions: str) -> None:
        for name in interactions:
            self.demand(name in self.claims.interactions(kind), f"{kind} {name}")

    def needs_parameters(self, kind: str, *names: str) -> None:
        for name in names:
            self.demand(name in self.claims.parameters(kind), f"{kind}?{name}")

    def needs_system(self, interaction: str) -> None:
        self.demand(interaction in self.claims.system, interaction)

    def needs_flag(self, kind: str, name: str, *values: Any) -> None:
        self.demand(self.claims.of(kind).get(name) in values, f"{kind}.{name}")

    def demand(self, claimed: bool, what: str) -> None:
        if claimed:
            return
        if self.own:
            pytest.fail(f"the sandbox does not claim {what}")
        pytest.skip(f"skipped: not claimed ({what})")


class Claims:
    """A CapabilityStatement, asked by name."""

    def __init__(self, statement: Resource) -> None:
        self.statement = statement
        self.rest: Resource = next(one for one in statement["rest"] if one["mode"] == "server")
        self._by = {one["type"]: one for one in self.rest.get("resource", [])}

    @property
    def kinds(self) -> list[str]:
        return sorted(self._by)

    @property
    def system(self) -> set[str]:
        return {one["code"] for one in self.rest.get("interaction", [])}

    @property
    def patch_formats(self) -> set[str]:
        return set(self.statement.get("patchFormat", []))

    def of(self, kind: str) -> Resource:
        return self._by.get(kind, {})

    def interactions(self, kind: str) -> set[str]:
        return {one["code"] for one in self.of(kind).get("interaction", [])}

    def parameters(self, kind: str) -> dict[str, str]:
        """Return name → type, those of all resources included."""
        both = [*self.rest.get("searchParam", []), *self.of(kind).get("searchParam", [])]
        return {one["name"]: one["type"] for one in both}

    def operations(self, kind: str) -> set[str]:
        both = [*self.rest.get("operation", []), *self.of(kind).get("operation", [])]
        return {one["name"].removeprefix("$") for one in both}


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def fresh() -> str:
    """Return a name that nothing else has."""
    return str(uuid.uuid4())


def in_group(group: str, resource: Resource) -> Resource:
    """Return the resource with the group's identifier before its own."""
    others = resource.get("identifier", [])
    return {**resource, "identifier": [{"system": GROUP, "value": group}, *others]}


def person(group: str, **more: Any) -> Resource:
    """Return a Patient of the group."""
    return in_group(group, {"resourceType": "Patient", **more})


def measured(group: str, **more: Any) -> Resource:
    """Return an Observation of the group."""
    plain = {"resourceType": "Observation", "status": "final", "code": {"text": "a test"}}
    return in_group(group, {**plain, **more})


def of_group(group: str) -> str:
    return f"{GROUP}|{group}"


def told(answer: httpx.Response) -> str:
    """Return a request and its answer, in a line for a failure."""
    request = answer.request
    return f"{request.method} {request.url} -> {answer.status_code} {answer.text[:400]}"


def expect(answer: httpx.Response, *statuses: int) -> httpx.Response:
    assert answer.status_code in statuses, f"wanted {statuses}: {told(answer)}"
    return answer


def refused(answer: httpx.Response, *statuses: int) -> Resource:
    """Assert a 4xx (one of `statuses`, if given) with an OperationOutcome; return that."""
    wanted: Iterable[int] = statuses or range(400, 500)
    assert answer.status_code in wanted, f"wanted {statuses or '4xx'}: {told(answer)}"
    assert answer.headers["Content-Type"].partition(";")[0] == FHIR_JSON, told(answer)
    outcome: Resource = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", told(answer)
    assert outcome["issue"], told(answer)
    assert all(one["severity"] and one["code"] for one in outcome["issue"]), told(answer)
    assert any(one["severity"] in ("error", "fatal") for one in outcome["issue"]), told(answer)
    return outcome


def place(answer: httpx.Response) -> tuple[str, str | None]:
    """Return `Type/id` and the version, if any, of a Location."""
    location = answer.headers["Location"]
    parts = location.rstrip("/").split("/")
    if len(parts) > 3 and parts[-2] == "_history":
        return "/".join(parts[-4:-2]), parts[-1]
    return "/".join(parts[-2:]), None


def path_of(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def etag(resource: Resource) -> str:
    return f'W/"{resource["meta"]["versionId"]}"'


def content(resource: Resource) -> Resource:
    """Return a resource without what a server keeps of it."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def links(bundle: Resource) -> dict[str, str]:
    return {one["relation"]: one["url"] for one in bundle.get("link", [])}


def resources(bundle: Resource, mode: str | None = None) -> list[Resource]:
    return [
        entry["resource"]
        for entry in bundle.get("entry", [])
        if mode is None or entry["search"]["mode"] == mode
    ]


def ids(found: Iterable[Resource]) -> list[str]:
    return [one["id"] for one in found]
