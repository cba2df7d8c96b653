"""A policy in the form that evaluation reads: rules, routes and the document's defaults.

Source: design §7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from core.policy.conditions import Check
from core.policy.index import Index
from core.policy.route import Route
from core.policy.rules import AUTO, Agent, Allow, Forbid
from core.policy.service import USUAL, Service


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
    rejected_again: Literal["deny", "show"] = "deny"
    agents: Mapping[str, Agent] = field(default_factory=dict)
    break_glass: frozenset[str] = frozenset()
    """Roles that may break the glass; none where the document does not say."""
    age_of_majority: int = 18
    streak: int = 15
    """How many quick approvals in a row ask for a pause; 0: none do."""
    quick_s: int = 4
    """An approval is quick that was looked at for less."""
    pause_s: int = 120
    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Group of sensitive labels → the roles that see it without asking, and no other role does."""
    service: Service = USUAL
    """By when people see to exceptions, and when what was verified is read again."""
    enforce_cases: bool = False
    """Whether the document may not be adopted while it lets through more than its cases say."""

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

    @cached_property
    def asks_urgency(self) -> bool:
        """Return whether any rule or agent names urgencies."""
        matches = [rule.match for rule in self.allows] + [rule.match for rule in self.forbids]
        named = any("urgency" in dict(match.words) for match in matches)
        return named or any(agent.max_urgency != "stat" for agent in self.agents.values())

    def agent(self, name: str) -> Agent:
        """Return what is known of an agent; an unlisted one has the defaults."""
        return self.agents.get(name) or Agent(name)

    def asks_earlier(self, resource_type: str) -> bool:
        """Return whether any rule about creating that type compares with an earlier value."""
        return resource_type in self._compared

    @cached_property
    def _compared(self) -> frozenset[str]:
        allowed = [(rule.match, rule.demands) for rule in self.allows]
        forbidden = [(rule.match, rule.unless) for rule in self.forbids]
        return frozenset(
            check.path.type
            for match, checks in (*allowed, *forbidden)
            if "create" in dict(match.words).get("operation", {"create"})
            for check in checks
            if isinstance(check, Check) and check.max_factor is not None
        )

    def route(self, name: str) -> Route | None:
        """Return the route of that id; None for `AUTO`. Raises KeyError for any other name."""
        if name == AUTO:
            return None
        for route in self.routes:
            if route.id == name:
                return route
        raise KeyError(name)
