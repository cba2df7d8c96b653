"""The scratch resources of a probe: what they look like, and how one write of them is sent.

They are `Basic` resources about nobody, each marked with the probe's identifier, and no change of
anybody's: nothing else that the gateway sends goes without an approval. Source: design §9.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from core.canonical import JsonObject, encode
from core.ports import Ehr, Fetched, NotSent, OutcomeUnknown, Request, Response

TYPE = "Basic"
SYSTEM = "urn:countersign:probe"
"""Identifier system of the mark; its value is the one that a round's requests share."""
ENTRY = "urn:countersign:probe:entry"
"""Identifier system of what tells one racer's content from another's."""
WORDS = "Countersign probe: scratch, about nobody, may be deleted"


class Scratch(Ehr, Protocol):
    """An EHR as a probe needs it."""

    async def software(self) -> str | None:
        """Return the server's name and version, as it states them. Raises Unreachable."""

    async def discard(self, reference: str) -> bool:
        """Delete a scratch resource; False where this client may not. Raises Unreachable."""


class Together(Protocol):
    """Starts calls at once and waits for all of them."""

    async def __call__(
        self, calls: Sequence[Callable[[], Awaitable[Response | None]]]
    ) -> Sequence[Response | None]:
        """Return what each call returned, in their order."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One racer's request, and the answer; None where nothing could be read."""

    entry: str
    request: Request
    response: Response | None

    @property
    def status(self) -> int | None:
        """The HTTP status."""
        return None if self.response is None else self.response.status


def body(tag: str, entry: str, id_: str | None = None) -> JsonObject:
    """Return a scratch resource; `tag` marks the round and `entry` the racer."""
    head: JsonObject = {"resourceType": TYPE} | ({} if id_ is None else {"id": id_})
    return {
        **head,
        "identifier": [{"system": SYSTEM, "value": tag}, {"system": ENTRY, "value": entry}],
        "code": {"text": WORDS},
    }


def update(tag: str, entry: str, id_: str, condition: tuple[str, str]) -> Request:
    """Return a PUT with one condition header."""
    return Request("PUT", TYPE, id_, dict([condition]), encode(body(tag, entry, id_)))


def create(tag: str, entry: str) -> Request:
    """Return a POST that creates only what no resource of that tag exists for."""
    headers = {"If-None-Exist": f"identifier={SYSTEM}|{tag}"}
    return Request("POST", TYPE, None, headers, encode(body(tag, entry)))


def add(tag: str, entry: str) -> Request:
    """Return a POST without a condition; only as the second half of a transaction."""
    return Request("POST", TYPE, None, {}, encode(body(tag, entry)))


def both(one: Request, other: Request) -> Request:
    """Return two writes as one transaction."""
    return replace(one, beside=other)


def entry_of(found: Fetched | None) -> str | None:
    """Return which racer's content is stored."""
    items = [] if found is None else found.resource.get("identifier") or []
    return next((str(one.get("value")) for one in items if one.get("system") == ENTRY), None)


async def found_by(ehr: Ehr, tag: str) -> Sequence[Fetched]:
    """Return every scratch resource of a tag."""
    return await ehr.search(TYPE, {"identifier": f"{SYSTEM}|{tag}"})


async def shoot(ehr: Ehr, request: Request) -> Response | None:
    """Send one write of a scratch resource; None when its outcome is unknown or it never left."""
    letters = {"c" if one.method == "POST" else "u" for one in (request, request.beside) if one}
    grant = await ehr.grant(f"system/{TYPE}.{''.join(sorted(letters))}")
    try:
        return await ehr.send(request, grant, lambda: None)
    except (NotSent, OutcomeUnknown):
        return None


async def race(
    ehr: Ehr, together: Together, requests: Sequence[tuple[str, Request]]
) -> Sequence[Shot]:
    """Let the requests race; each stands beside the entry that its content bears."""

    def call(request: Request) -> Callable[[], Awaitable[Response | None]]:
        return lambda: shoot(ehr, request)

    answers = await together([call(request) for _, request in requests])
    return [
        Shot(entry, request, answer)
        for (entry, request), answer in zip(requests, answers, strict=True)
    ]
