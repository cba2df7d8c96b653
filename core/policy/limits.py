"""What holds whichever rule allows: the registered agent and the workspace's adoption phase.

Source: design §5 (agents, urgency capped), §7 (adoption phases); ADR 0011.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from core.policy.request import URGENCIES, Request
from core.policy.rules import Agent

Phase: TypeAlias = Literal["1", "2", "3"]
FULL: Phase = "3"
"""The phase that takes away nothing of what rules allow."""

_ORDERS = (
    "MedicationRequest", "ServiceRequest", "DeviceRequest", "NutritionOrder", "SupplyRequest",
    "CommunicationRequest", "RequestGroup", "VisionPrescription", "CarePlan", "Task",
)  # fmt: skip

DRAFTS: dict[str, tuple[str, frozenset[str]]] = {
    **{name: ("status", frozenset({"draft"})) for name in _ORDERS},
    "Composition": ("status", frozenset({"preliminary"})),
    "DiagnosticReport": ("status", frozenset({"registered", "preliminary"})),
    "DocumentReference": ("docStatus", frozenset({"preliminary"})),
    "Observation": ("status", frozenset({"registered", "preliminary"})),
    "QuestionnaireResponse": ("status", frozenset({"in-progress"})),
    "Communication": ("status", frozenset({"preparation"})),
    "Appointment": ("status", frozenset({"proposed"})),
}
"""By type the element and its codes that mark a resource as a draft; other types have none."""


def is_draft(request: Request) -> bool:
    """Return whether the intended resource says of itself that it is a draft."""
    element, codes = DRAFTS.get(request.type, ("", frozenset()))
    values = request.values.get(element, ())
    return bool(values) and codes.issuperset(values)


def reached(phase: str, request: Request, *, auto: bool, lowest: bool) -> bool:
    """Return whether an adoption phase lets through what rules granted.

    `auto`: without a person; `lowest`: in the lowest tier. Phase 1 takes drafts, phase 2 reviewed
    creates and updates of the lowest tier, phase 3 all; any other phase takes nothing.
    """
    if phase == FULL:
        return True
    if auto or phase not in ("1", "2"):
        return False
    if request.operation == "create":
        return phase == "2" or is_draft(request)
    return phase == "2" and lowest


def unregistered(agent: Agent, request: Request) -> tuple[str, ...]:
    """Return the codes of what the agent claims to be and is not registered as."""
    found = []
    if agent.models is not None and request.model not in agent.models:
        found.append("model-not-registered")
    if agent.prompts is not None and request.prompt not in agent.prompts:
        found.append("prompt-not-registered")
    return tuple(found)


def capped_urgency(agent: Agent, urgency: str) -> str:
    """Return the urgency that counts: the claimed one, or the agent's highest where that is less.

    An unknown word is left as it is.
    """
    if urgency not in URGENCIES:
        return urgency
    return min(urgency, agent.max_urgency, key=URGENCIES.index)


def capped(agent: Agent, request: Request) -> Request:
    """Return the request with the urgency that counts."""
    urgency = capped_urgency(agent, request.urgency)
    return request if urgency == request.urgency else replace(request, urgency=urgency)
