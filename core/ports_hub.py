"""What a team's shared work needs from outside: the hub, as a Protocol that `sync` implements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Held:
    """A resource as the hub holds it; `size` is its length in bytes as it was sent."""

    resource: JsonObject
    reference: str
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of what changed; `at` is the server's time when it answered the first."""

    items: Sequence[Held]
    at: datetime


class Lost(Exception):
    """Another version was stored in between (409, 412): read again, and try again or give up."""


class Hub(Protocol):
    """The FHIR server that carries the team's shared work; authorship is never taken from it."""

    name: str

    def changed(self, type_: str, since: datetime | None) -> AsyncIterator[Page]:
        """Yield what changed at or after `since`, oldest first; Tasks: proposals only.

        The first page comes also when nothing changed. Raises Unreachable or Refused.
        """

    async def listed(self, type_: str) -> Mapping[str, str]:
        """Return reference → version of everything that `changed` would ever yield."""

    async def read(self, reference: str) -> Held | None:
        """Read it now; None when it is gone (404, 410). Raises Unreachable or Refused."""

    async def replace(self, held: Held, resource: JsonObject) -> None:
        """PUT the whole resource If-Match `held`'s version.

        Raises Lost, Refused (the server will never take it), or Unreachable, after which it may
        or may not be stored.
        """

    async def create(self, resource: JsonObject) -> str:
        """POST it and return its `Type/id`.

        Raises Refused, or Unreachable, after which it may or may not be stored.
        """

    async def about(self, reference: str) -> Sequence[Held]:
        """Return the Provenance whose target that is. May lag, so its silence proves nothing."""

    async def version(self, reference: str, version: str) -> Held | None:
        """Read one version; None where the server has none of that name, or reads no versions."""

    async def history(self, reference: str) -> Sequence[Held]:
        """Return every version that the server lists now, oldest first; it may lag.

        By their numbers where versions are numbers, whatever order the server lists them in.

        Raises Unreachable, or Refused where the server keeps no history.
        """
