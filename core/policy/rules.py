"""The rules of a policy in the form that evaluation reads.

Source: design §7.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from core.policy.paths import ElementPath
from core.policy.request import Effect

AUTO: Final = "auto"
"""The route name that stands for approval without a person."""

Words: TypeAlias = tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """What allow and forbid rules share.

    `words` pairs a field of the request with the values it may have; a field that may have any
    is left out. No `paths` means any element (forbids only).
    """

    words: Words
    paths: tuple[ElementPath, ...]
    effects: frozenset[Effect]


@dataclass(frozen=True, slots=True)
class Allow:
    """A rule that lets a change go to review (or through, where the route is `AUTO`).

    `where` pairs a top-level code element with the values it may hold. `named` is the special
    content that the rule takes. `medication_orders` lifts the limit to drafts, proposals, plans.
    """

    id: str
    match: Match
    tier: str
    route: str
    where: Words
    needs: frozenset[Literal["encounter", "evidence"]]
    min_confidence: Decimal | None
    named: frozenset[str]
    medication_orders: bool


@dataclass(frozen=True, slots=True)
class Forbid:
    """A rule that denies whatever any allow rule says; `reason` is its author's sentence."""

    id: str
    match: Match
    reason: str
