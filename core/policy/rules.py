"""A policy in the form that evaluation reads: rules, routes and the document's defaults.

Source: design §7.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from core.policy.paths import ElementPath
from core.policy.request import Effect
from core.policy.verdict import Route

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


@dataclass(frozen=True, slots=True)
class Policy:
    """One valid policy document.

    `tiers` run from the least to the most strict. `highest_route` is the route of the highest
    tier; no other wants more people.
    """

    name: str
    tiers: tuple[str, ...]
    highest_route: Route
    consent_default: Literal["permit", "deny"]
    consent_actors: frozenset[str]
    not_found: Literal["deny", "highest-tier"]
    routes: tuple[Route, ...]
    allows: tuple[Allow, ...]
    forbids: tuple[Forbid, ...]

    @property
    def highest_tier(self) -> str:
        """Return the most strict tier."""
        return self.tiers[-1]

    def route(self, name: str) -> Route | None:
        """Return the route of that id; None for `AUTO`. Raises KeyError for any other name."""
        if name == AUTO:
            return None
        for route in self.routes:
            if route.id == name:
                return route
        raise KeyError(name)
