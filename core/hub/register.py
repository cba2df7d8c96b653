"""A register: one Library per kind, changed by PUT If-Match, which carries one signed document.

Source: hub-protocol §3. It is read by its id, never searched for. Every document names the one that
it follows, so that the chain tells their order where the names of versions do not.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from core.canonical import JsonObject
from core.errors import Unreachable
from core.hub.task import JOSE
from core.ports_hub import Held, Hub


class _Document(Protocol):
    """One document of a chain."""

    @property
    def digest(self) -> str:
        """Its statement's digest, by which the next one names it."""


Document = TypeVar("Document", bound=_Document)


REGISTER_SYSTEM = "urn:countersign:register"
LIBRARY_TYPE = {
    "system": "http://terminology.hl7.org/CodeSystem/library-type",
    "code": "asset-collection",
}


def register(name: str, version: str, statement: str) -> JsonObject:
    """Return the Library; `name` is `<team>/head` or `<team>/gateway.<ehr>`."""
    return {
        "resourceType": "Library",
        "identifier": [{"system": REGISTER_SYSTEM, "value": name}],
        "status": "active",
        "version": version,
        "type": {"coding": [dict(LIBRARY_TYPE)]},
        "content": [
            {
                "contentType": JOSE,
                "data": base64.b64encode(statement.encode("ascii")).decode("ascii"),
            }
        ],
    }


def replaced(library: JsonObject, version: str, statement: str) -> JsonObject:
    """Return the stored Library with another document; what we do not know stays."""
    fresh = register("", version, statement)
    return {**library, "version": version, "content": fresh["content"]}


def statement_in(library: JsonObject) -> str | None:
    """Return the one statement that a register carries; None where that cannot be read."""
    content = library.get("content")
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], dict):
        return None
    data = content[0].get("data")
    try:
        return base64.b64decode(str(data), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


class Gap(Exception):
    """Versions between what was known and what is there are missing, or their order is not told."""


class Interrupted(Unreachable):
    """The hub went away between two versions; `found` are those before, oldest first."""

    def __init__(self, found: Sequence[Held], why: Unreachable):
        super().__init__(why.problem, remedy=why.remedy)
        self.found = found


def is_number(version: str) -> bool:
    """Tell whether a version is a whole number, written in the one way it is."""
    return version.isascii() and version.isdecimal() and str(int(version)) == version


async def since(hub: Hub, held: Held, at: str) -> Sequence[Held]:
    """Return the versions after `at`, `held` the last of them; from the first where `at` is empty.

    Oldest first where versions are numbers. Raises Gap where one of them is missing, as a history
    that lags or was cut leaves them out; Interrupted with what was read, Unreachable or Refused.
    """
    if held.version == at:
        return []
    counted = is_number(held.version) and (not at or is_number(at))
    if not counted:
        return _listed(await hub.history(held.reference), held, at)
    first = int(at or "0") + 1
    if int(held.version) < first:
        raise Gap
    found: list[Held] = []
    for number in range(first, int(held.version)):
        try:
            one = await hub.version(held.reference, str(number))
        except Unreachable as error:
            raise Interrupted(found, error) from None
        if one is None or one.version != str(number):
            # A server may read no versions and list them all the same.
            return _listed(await hub.history(held.reference), held, at)
        found.append(one)
    return [*found, held]


def along(
    known: Document,
    versions: Sequence[Held],
    read: Callable[[Held], Document | None],
    follows: Callable[[Document, Document], bool],
) -> Document:
    """Follow a chain of documents from `known`, and return the last of it.

    Of two that follow the same one the first version counts, where versions are numbers. Where they
    are not, a listing's order proves nothing: the chain tells it, and two of a kind raise Gap.
    """
    documents = [one for one in map(read, versions) if one is not None]
    now = known
    if all(is_number(one.version) for one in versions):
        for one in documents:
            if one.digest != now.digest and follows(now, one):
                now = one
        return now
    while following := {
        one.digest: one for one in documents if one.digest != now.digest and follows(now, one)
    }:
        if len(following) > 1:
            raise Gap
        now = next(iter(following.values()))
    return now


def _listed(history: Sequence[Held], held: Held, at: str) -> Sequence[Held]:
    names = [one.version for one in history]
    if held.version not in names or (at and at not in names) or len(set(names)) != len(names):
        raise Gap
    if not is_number(held.version):
        # Whatever place it has in the listing: the chain says what comes after what.
        return history
    upto = names.index(held.version) + 1
    if names[:upto] != [str(number) for number in range(1, upto + 1)]:
        raise Gap
    return history[names.index(at) + 1 if at else 0 : upto]
