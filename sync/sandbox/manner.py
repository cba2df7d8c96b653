"""How one server behaves beside FHIR's book: the places where the sandbox asks its personality.

`Manner` itself adds nothing: the plain sandbox. Personalities (`sync.sandbox.personality`) override
what their product does otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.canonical import JsonObject, encode
from sync.sandbox.clients import ALGORITHMS
from sync.sandbox.exchange import Answer, Call
from sync.sandbox.outcome import OutcomeError, outcome
from sync.sandbox.store import Store

Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the CapabilityStatement says of one type; without interactions it is not listed."""

    interactions: tuple[str, ...]
    versioning: str | None = "versioned-update"
    read_history: bool = True
    update_create: bool = True
    conditional_create: bool = True
    conditional_update: bool = True


@dataclass(frozen=True, slots=True)
class Arrival:
    """A resource about to be stored: by which method, where, and what stands there now.

    `interaction` is create, update or patch.
    """

    base: str
    type: str
    id: str
    interaction: str
    version: int
    at: str
    store: Store


class Manner:
    """A server without ways of its own."""

    name = "sandbox"
    software = "Countersign sandbox"
    description = "An EHR for trying things out"
    system_interactions: tuple[str, ...] = ("transaction", "batch", "history-system")
    token_seconds: int | None = None
    """Life of its tokens; None for that of the sandbox."""
    algorithms: tuple[str, ...] = ALGORITHMS
    """How the assertions of its clients may be signed."""
    auth_methods: tuple[str, ...] = ("private_key_jwt",)
    """How a client may prove who it is; with `algorithms`, what its SMART configuration lists."""
    listed_methods: tuple[str, ...] | None = None
    """What it lists, where that is something else than what it takes."""

    def offer(self, kind: str) -> Offer | None:
        """Return what it offers of a type; None for all that the sandbox has."""
        del kind
        return None

    def admit(self, *, token: bool) -> None:
        """Count a request; raises OutcomeError where it is one too many."""

    def keys_unfit(self, jwks_url: str | None) -> str | None:
        """Return why it takes no key from there; None where it does. None is a key without URL."""
        del jwks_url
        return None

    def asked_for_token(self, client_id: str, scope: str) -> None:
        """Count a proven client's request; raises OutcomeError where it is one too many."""
        del client_id, scope

    def around(self, store: Store, path: str, method: str, handler: Handler) -> Handler:
        """Return what answers `method` at `path`, a template of the routing table."""
        del store, path, method
        return handler

    def stored(self, resource: JsonObject, arrival: Arrival) -> JsonObject:
        """Return what it makes of a resource before it stores it; raises OutcomeError."""
        del arrival
        return resource

    def refused(self, error: OutcomeError) -> Answer:
        """Return the answer that tells of an error."""
        return Answer(error.status, encode(outcome(error.issues)), error.headers)


PLAIN = Manner()
