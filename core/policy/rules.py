"""The rules of a policy in the form that evaluation reads.

Source: design §7.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from core.policy.conditions import Check, Demand
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
    `demands` are conditions on values and quotes. `independent` rules want a verified quote from a
    source that neither an agent nor the patient wrote.
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
    demands: tuple[Demand, ...] = ()
    independent: bool = False


@dataclass(frozen=True, slots=True)
class Forbid:
    """A rule that denies whatever any allow rule says; `reason` is its author's sentence.

    With checks in `unless` it denies wherever one of them is not met.
    """

    id: str
    match: Match
    reason: str
    unless: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Agent:
    """What the policy knows of one agent.

    `models` and `prompts` are those registered for it (None: any). `max_urgency` is the highest
    that its claims count for. The rest are its intake quotas: proposals open at a time, admitted
    in an hour, and of the same content in a day.
    """

    id: str
    models: frozenset[str] | None = None
    prompts: frozenset[str] | None = None
    max_urgency: str = "stat"
    max_open: int = 1_000
    max_per_hour: int = 2_000
    max_repeats: int = 1_000
