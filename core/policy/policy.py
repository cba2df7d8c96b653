"""A policy in the form that evaluation reads: rules, routes and the document's defaults.

Source: design §7.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from core.policy.index import Index
from core.policy.route import Route
from core.policy.rules import AUTO, Allow, Forbid


@dataclass(frozen=True)
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
    age_of_majority: int = 18

    @property
    def highest_tier(self) -> str:
        """Return the most strict tier."""
        return self.tiers[-1]

    @cached_property
    def index(self) -> Index:
        """Return the rules by the words that they name."""
        return Index(self.allows, self.forbids)

    @cached_property
    def named(self) -> frozenset[str]:
        """Return the special content that at least one allow rule takes."""
        return frozenset(word for rule in self.allows for word in rule.named)

    def route(self, name: str) -> Route | None:
        """Return the route of that id; None for `AUTO`. Raises KeyError for any other name."""
        if name == AUTO:
            return None
        for route in self.routes:
            if route.id == name:
                return route
        raise KeyError(name)
