"""The embedded EHR: a FHIR R4 server of our own for the demo, for trying out and for tests."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.applications import Starlette

from core.canonical import JsonObject
from core.errors import BadInput
from core.fhir import structure_problems
from sync.sandbox.app import Front
from sync.sandbox.bodies import Validate
from sync.sandbox.clients import PLANES, IssuedClient, Jwk, issue, register
from sync.sandbox.faults.skew import skewed
from sync.sandbox.interactions import Interactions, Transform, unchanged
from sync.sandbox.load import load
from sync.sandbox.manner import PLAIN, Manner
from sync.sandbox.outage import Outage
from sync.sandbox.store import Store
from sync.sandbox.times import instant
from sync.sandbox.tokens import MAX_SECONDS, Authority

IN_MEMORY = ":memory:"


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def random_id() -> str:
    """Return a random UUID as a resource id."""
    return str(uuid.uuid4())


class Sandbox:
    """A store of resources, its registered clients and `app`, the ASGI application that serves it.

    `path` names a file that keeps the resources (clients and tokens live in memory only);
    `validate` judges what is written, by default with HL7's definitions; `no_auth` asks nobody
    for a token. `transform` is what this server makes of a resource that is written before it
    stores it, `manner` the server that it plays; `outage` lets it answer nothing but 503 for a
    while. Tokens live `token_seconds`, by default as long as those of `manner`.
    Close it, or use it as a context manager.
    """

    store: Store
    app: Starlette
    no_auth: bool

    def __init__(
        self,
        path: str = IN_MEMORY,
        *,
        clock: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = random_id,
        validate: Validate = structure_problems,
        no_auth: bool = False,
        token_seconds: int | None = None,
        transform: Transform = unchanged,
        manner: Manner = PLAIN,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        longest = manner.token_seconds or MAX_SECONDS
        self._authority = Authority(
            clock, longest if token_seconds is None else token_seconds, longest, manner
        )
        self._algorithms = manner.algorithms
        self._new_id = new_id
        self.no_auth = no_auth
        tells = skewed(clock)
        self.store = Store(path, tells)
        does = Interactions(self.store, validate, new_id, transform, manner)
        self.outage = Outage(monotonic)
        self.app = Front(does, self._authority, no_auth, instant(clock()), self.outage).app()
        self.app.state.clock = tells

    def add_client(
        self, client_id: str, public_jwk: Jwk, scopes: str, jwks_url: str | None = None
    ) -> None:
        """Register a client for private_key_jwt; BadInput for an unfit key or scope.

        `jwks_url` is where its key is said to stand; nothing is fetched from there.
        """
        client = register(client_id, public_jwk, scopes, jwks_url)
        if client.algorithm not in self._algorithms:
            raise BadInput(
                f"this server does not take {client.algorithm}", field="public_jwk",
                remedy=f"Use a key for {', '.join(self._algorithms)}",
            )  # fmt: skip
        self._authority.add(client)

    def issue_clients(self, algorithms: Sequence[str] = ()) -> list[IssuedClient]:
        """Make and register a throw-away client for each plane: read, propose, approve, write.

        Their keys are for `algorithms` alone, where some are named: one of RSA takes long to make.
        """
        issued: list[IssuedClient] = []
        for plane in PLANES:
            client, registration = issue(plane, algorithms or self._algorithms)
            self._authority.add(registration)
            issued.append(client)
        return issued

    def load(self, paths: Iterable[Path]) -> int:
        """Store the resources in these files and folders; see sync.sandbox.load.load."""
        return load(self.store, paths, self._new_id)

    def seed(self, resources: Iterable[JsonObject]) -> None:
        """Store resources that are in memory already; ids are kept, versions start at 1."""
        with self.store.transaction():
            for resource in resources:
                kind, id_ = str(resource["resourceType"]), str(resource["id"])
                self.store.put(kind, id_, resource, "PUT")

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
