"""One event and its leaf: what decides stands in the leaf, what is only shown in the body.

Source: hub-protocol §9. The leaf holds no free text, value, name, resource id or unsalted content
hash; the body is committed to by a salted HMAC and may be erased without breaking the tree.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from core.canonical import RESPONSE, Json, JsonObject, Number, parse_object
from core.canonical import Limits as JsonLimits
from core.errors import CountersignError

LEAF_VERSION = Number("1")
ERASED = "body.erased"
_LIMITS = JsonLimits(max_bytes=4 * 1024 * 1024, max_string=2 * 1024 * 1024)
_BODY_LIMITS = replace(RESPONSE, max_bytes=64 * 1024 * 1024, max_depth=2 * RESPONSE.max_depth)

ActorKind = Literal["reviewer", "agent", "submitter", "gateway", "admin", "system"]


class UnknownEvent(CountersignError):
    """An event type or version that this release does not know: the store is not opened."""

    code = "unknown-event"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an event; `kid` is the key that signed, where one did."""

    kind: ActorKind
    id: str
    kid: str | None = None

    def as_json(self) -> JsonObject:
        """Return the leaf's `actor` member."""
        found: JsonObject = {"kind": self.kind, "id": self.id}
        if self.kid is not None:
            found["kid"] = self.kid
        return found


@dataclass(frozen=True, slots=True)
class About:
    """What an event is about; every member is optional and PHI-free."""

    proposal: str | None = None
    index: int | None = None
    revision: int | None = None
    operation: str | None = None
    ehr: str | None = None
    patient: str | None = None
    """HMAC tag of the patient, never the reference."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event to append. `data` decides and stands in the leaf; `body` is only shown."""

    type: str
    actor: Actor
    about: About = field(default_factory=About)
    data: Mapping[str, Json] = field(default_factory=dict)
    before: str | None = None
    after: str | None = None
    refs: tuple[Mapping[str, Json], ...] = ()
    body: JsonObject | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """The time as far as it is known: between `lo` and `hi`, both UTC."""

    lo: datetime
    hi: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it stands in the ledger."""

    seq: int
    leaf: JsonObject
    body: JsonObject | None


@lru_cache(maxsize=32)
def instant(when: datetime) -> str:
    """Return a UTC time as `2026-11-23T09:05:10.123Z`."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Return the time that `instant` wrote."""
    return datetime.fromisoformat(text)


def make_leaf(
    event: Event, *, ledger: str, seq: int, clock: Interval, commitment: str | None
) -> JsonObject:
    """Return the leaf; its encoding is hashed and stored verbatim for ever."""
    about = event.about
    leaf: JsonObject = {
        "v": LEAF_VERSION,
        "ledger": ledger,
        "seq": Number(str(seq)),
        "type": event.type,
        "tv": Number(str(event.version)),
        "at": instant(clock.lo),
        "clock": {"lo": instant(clock.lo), "hi": instant(clock.hi)},
        "actor": event.actor.as_json(),
    }
    optional: JsonObject = {
        "proposal": about.proposal,
        "index": None if about.index is None else Number(str(about.index)),
        "revision": None if about.revision is None else Number(str(about.revision)),
        "operation": about.operation,
        "ehr": about.ehr,
        "patient": about.patient,
        "from": event.before,
        "to": event.after,
        "refs": [dict(ref) for ref in event.refs] or None,
        "data": dict(event.data) or None,
        "body": commitment,
    }
    leaf.update({key: value for key, value in optional.items() if value is not None})
    return leaf


def commitment(salt: bytes, body: bytes) -> str:
    """Return the hex HMAC-SHA-256 that a leaf carries for its body."""
    return hmac.new(salt, b"countersign/v1/body\x00" + body, hashlib.sha256).hexdigest()


def read_leaf(data: bytes) -> JsonObject:
    """Return a stored leaf as exact JSON."""
    return parse_object(data, _LIMITS)


def read_body(data: bytes) -> JsonObject:
    """Return a stored body as exact JSON."""
    return parse_object(data, _BODY_LIMITS)


def patient_tag(pepper: bytes, ehr: str, patient: str) -> str:
    """Return HMAC(workspace pepper, ehr ‖ id): counts survive erasure, dropping it unlinks."""
    return hmac.new(pepper, f"{ehr}\x00{patient}".encode(), hashlib.sha256).hexdigest()
