"""What a policy is asked: one change with the facts that intake found about it.

Source: design §5 and §7, hub-protocol §8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args

Effect: TypeAlias = Literal["added", "changed", "removed"]
Operation: TypeAlias = Literal["create", "update"]
Badge: TypeAlias = Literal["verified", "weak", "not-found", "unavailable"]

URGENCIES = ("routine", "urgent", "stat")
"""How soon a change is needed, from the least to the most."""

EFFECTS: frozenset[Effect] = frozenset(get_args(Effect))
OPERATIONS: frozenset[Operation] = frozenset(get_args(Operation))
BADGES: frozenset[Badge] = frozenset(get_args(Badge))

NARRATIVE_KEPT = "narrative-kept"
"""The flag that forbids nothing but raises the tier by one."""

KEPT_FROM_AUTO = ("minor-contact", "proxy", "confidential-contact")
"""Flags that no rule needs to name and with which no rule approves without a person."""

DUPLICATE_POSSIBLE = "duplicate-possible"
"""The same fact may be charted or proposed, or could not be looked for: raises the tier by one."""

NOT_CORRECTABLE = "not-correctable"
"""The EHR's profile says that it cannot be undone through its API: raises the tier by one."""

OUTGOING_MESSAGE = "outgoing-message"
"""A message to a person, which nothing can call back: the highest tier and route, always."""

NOT_NAMED = frozenset(
    {
        NARRATIVE_KEPT,
        DUPLICATE_POSSIBLE,
        NOT_CORRECTABLE,
        OUTGOING_MESSAGE,
        "minor",
        *KEPT_FROM_AUTO,
    }
)
"""Flags that are facts for the verdict and no special content; they only tighten."""

_TOUCHED = re.compile(r"[A-Z][A-Za-z]*(\.[A-Za-z][A-Za-z0-9]*)+")


@dataclass(frozen=True, slots=True)
class Touched:
    """One element that a change touches, and how.

    `path` is an element path in JSON names and without indexes, such as `Patient.telecom.value`;
    the extension of a primitive (`_birthDate`) counts as the primitive. `effect` comes from
    comparing base and intended resource, never from the text of a patch.
    """

    path: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Source:
    """One quote that supports the change, with the facts of the source that it stands in.

    `kind` is the source's resource type, `date` its best clinical date as written (empty: none).
    A source of which nothing is known counts as written by an agent and by the patient.
    """

    reference: str
    quote: str
    badge: Badge
    kind: str = ""
    date: str = ""
    agent_written: bool = True
    patient_written: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """One change as a policy sees it.

    `confidence` is the agent's own claim, 0 to 1. `groundings` are the badges of the quotes that
    support this change. `flags` are facts that only an explicit rule may allow: `contained`,
    `modifier-extension`, `extension:<url>`, `absolute-reference`, `attachment-url`, `narrative`
    and `meta-profile:<url>`; and `narrative-kept` (a hand-written narrative stays beside the
    change), which raises the tier; `duplicate-possible`, `not-correctable` and `outgoing-message`,
    which raise it too;
    `label:<group>` (sensitive), which must be named and raises it; and `minor`, `minor-contact`,
    `proxy`, `confidential-contact`, with which a person decides. `values` are the string values of
    the intended resource's
    top-level code elements, such as `{"status": ("draft",)}`.

    What follows has defaults that meet no condition. `urgency` is one of `URGENCIES`. `intended` is
    the whole intended resource as exact JSON, `earlier` what stood before it: an update's base,
    for a create the newest of the same code in the chart; an empty tuple: surely none, None: not
    known. `sources` are the quotes behind `groundings`, `now` the time of asking.
    """

    agent: str
    model: str
    prompt: str
    ehr: str
    operation: Operation
    type: str
    touched: tuple[Touched, ...]
    purpose: str
    workflow: str
    confidence: Decimal
    has_encounter: bool
    groundings: tuple[Badge, ...]
    flags: frozenset[str]
    values: Mapping[str, tuple[str, ...]]
    urgency: str = ""
    intended: Mapping[str, Any] | None = None
    earlier: tuple[Mapping[str, Any], ...] | None = None
    sources: tuple[Source, ...] = ()
    now: datetime | None = None


def is_complete(request: Request) -> bool:
    """Return whether every fact is there and readable; an empty `touched` is readable.

    Rules are never asked about a request that is not: an absent value must not slip past a
    condition written for a present one.
    """
    names = (
        request.agent,
        request.model,
        request.prompt,
        request.ehr,
        request.type,
        request.purpose,
        request.workflow,
    )
    return (
        all(name.strip() for name in names)
        and request.operation in OPERATIONS
        and request.confidence.is_finite()
        and 0 <= request.confidence <= 1
        and BADGES.issuperset(request.groundings)
        and all(_is_readable(touched, request.type) for touched in request.touched)
    )


def _is_readable(touched: Touched, resource_type: str) -> bool:
    return (
        touched.effect in EFFECTS
        and _TOUCHED.fullmatch(touched.path) is not None
        and touched.path.startswith(f"{resource_type}.")
    )
