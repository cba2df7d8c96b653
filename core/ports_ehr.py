"""What the rules need of an EHR, as Protocols that `sync` implements and tests fake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from core.canonical import JsonObject
from core.errors import Refused, Unreachable

if TYPE_CHECKING:
    from core.consent.asked import Asked


@dataclass(frozen=True, slots=True)
class Fetched:
    """A resource as an EHR returned it."""

    resource: JsonObject
    version: str
    redacted: bool = False
    """Marked redacted or SUBSETTED: never the base of a PUT."""

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.resource.get('resourceType')}/{self.resource.get('id')}"


@dataclass(frozen=True, slots=True)
class Capability:
    """What the EHR's CapabilityStatement says of one type."""

    create: bool
    update: bool
    update_create: bool
    conditional_create: bool
    versioned: bool
    search: bool = False
    transaction: bool = False
    """The server, for all its types, takes a Bundle whose entries are stored all or not at all."""


@dataclass(frozen=True, slots=True)
class Request:
    """One FHIR write, complete: nothing is added to it on the way."""

    method: str
    type: str
    id: str | None
    headers: Mapping[str, str]
    body: bytes
    beside: Request | None = None
    """A second write, stored with this one in one transaction: both or neither."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the EHR answered to a write; of a transaction, what it says of the first of the two."""

    status: int
    version: str | None
    location: str | None
    """`Type/id` of the written resource, where the answer names one."""
    resource: JsonObject | None
    issues: tuple[str, ...] = ()
    """OperationOutcome issue codes."""
    codes: tuple[str, ...] = ()
    """The server's own numbers in the details of those issues; digits only."""
    failing: bool = False
    """An issue says `error` or `fatal`, whatever the status says."""
    body_status: str | None = None
    """The number in `status` of a body that is no FHIR resource."""
    retry_after: float | None = None
    """How many seconds the server asks to wait."""
    beside: int | None = None
    """The status of the second write of a transaction that was carried out."""


class NotSent(Exception):
    """No byte of the request left: it is safe to try again from the first guard."""


class OutcomeUnknown(Exception):
    """A byte may have left and no answer was read: never resent blindly."""


NO_SCOPE = "invalid_scope"
"""OAuth's code for a scope that the client may not have."""


class AskedLess(Unreachable):
    """A server asks for fewer requests; `retry_after` is in seconds, where it says."""

    retry_after: float | None = None


class NoToken(Refused):
    """The token endpoint gives no token; `oauth` is its error code (RFC 6749 §5.2), where known."""

    oauth: str = ""


class Grant(Protocol):
    """A write token, held in memory only."""

    @property
    def scope(self) -> str:
        """The SMART scope that it was granted."""

    def alive(self) -> bool:
        """Tell whether enough of its life is left to send with."""


class Ehr(Protocol):
    """One FHIR server that is written to."""

    name: str
    base_url: str

    async def read(self, reference: str, version: str | None = None) -> Fetched | None:
        """Read `Type/id`, or that version of it; None when there is none. Raises Unreachable."""

    async def deleted(self, reference: str) -> bool:
        """Tell whether `Type/id` stood there and was deleted, where the EHR knows (410).

        Raises as `read` does.
        """

    async def search(self, type_: str, parameters: Mapping[str, str]) -> Sequence[Fetched]:
        """Return all matches. Raises Unreachable."""

    async def capability(self, type_: str) -> Capability:
        """Return what the server says it can do. Raises Unreachable."""

    async def grant(self, scope: str) -> Grant:
        """Return a write token of exactly that scope. Raises Unreachable or Refused.

        AskedLess and NoToken are what the token endpoint itself said.
        """

    async def send(
        self, request: Request, grant: Grant, before_first_byte: Callable[[], None]
    ) -> Response:
        """Send a write; `before_first_byte` runs when all is connected and may raise to stop it.

        Raises NotSent when nothing left (or what `before_first_byte` raised), OutcomeUnknown when
        something may have.
        """


class ReadConsents(Protocol):
    """A patient's Consents as they were read at one moment."""

    @property
    def at(self) -> datetime:
        """When they were read."""

    def answer(self, asked: Asked) -> str:
        """Return one line about one change, as `core.consent.answer` explains it."""


class Consents(Protocol):
    """Where a patient's Consents are read."""

    async def read(self, ehr: Ehr, patient: str, *, fresh: bool = False) -> ReadConsents:
        """Return the Consents of `Patient/id`, read anew where `fresh`, else perhaps kept ones.

        Raises Unreachable or Refused.
        """
