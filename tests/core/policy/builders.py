"""Small policy documents and requests for these tests; each test overrides what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.policy import Policy, Request, Touched, Verdict, engine
from core.policy.limits import FULL

HEAD = """
version = 1
name = "Test policy"
tiers = ["low", "medium", "high"]
highest_route = "pair"
{top}
[consent]
default = "permit"
[evidence]
not_found = "{not_found}"
{auto}
[[route]]
id = "desk"
roles = ["coordinator"]
quorum = 1
expires = "8h"
hold = "0s"
rebase = true
[[route]]
id = "clinic"
roles = ["physician", "nurse"]
quorum = 1
expires = "1d"
hold = "5m"
rebase = true
[[route]]
id = "pair"
roles = ["physician", "nurse"]
quorum = 2
expires = "4h"
hold = "0s"
rebase = false
reach_by = "30m"
"""

ALLOW: dict[str, str] = {
    "id": '"contact"',
    "agents": '["desk-1"]',
    "ehrs": '["north"]',
    "types": '["Patient"]',
    "operations": '["update"]',
    "paths": '["Patient.telecom"]',
    "purposes": '["TREAT"]',
    "workflows": '["intake"]',
    "models": '["m-1"]',
    "prompts": '["p-1"]',
    "tier": '"low"',
    "route": '"desk"',
}

PEOPLE = {
    "ann": frozenset({"coordinator"}),
    "ben": frozenset({"physician"}),
    "eve": frozenset({"nurse", "supervisor"}),
}


def document(*rules: str, top: str = "", auto: str = "", not_found: str = "deny") -> str:
    """Return a document with three routes and the given rules."""
    return HEAD.format(top=top, auto=auto, not_found=not_found) + "\n".join(rules)


def allow(**fields: str | None) -> str:
    """Return an `[[allow]]` table; values are TOML texts, None leaves a key out."""
    return _table("allow", {**ALLOW, **fields})


def forbid(**fields: str | None) -> str:
    """Return a `[[forbid]]` table."""
    return _table("forbid", {"id": '"stop"', "reason": '"Not here; ask the desk."', **fields})


def _table(name: str, fields: dict[str, str | None]) -> str:
    lines = [f"{key} = {value}" for key, value in fields.items() if value is not None]
    return "\n".join([f"[[{name}]]", *lines, ""])


def touched(*paths: str, effect: Any = "changed") -> tuple[Touched, ...]:
    """Return touched elements with one effect."""
    return tuple(Touched(path, effect) for path in paths)


def request(**fields: Any) -> Request:
    """Return a request that the default allow rule covers."""
    usual: dict[str, Any] = {
        "agent": "desk-1",
        "model": "m-1",
        "prompt": "p-1",
        "ehr": "north",
        "operation": "update",
        "type": "Patient",
        "touched": touched("Patient.telecom.value"),
        "purpose": "TREAT",
        "workflow": "intake",
        "confidence": Decimal("0.9"),
        "has_encounter": False,
        "groundings": ("verified",),
        "flags": frozenset(),
        "values": {},
    }
    return Request(**{**usual, **fields})


def create(resource_type: str, *elements: str, **fields: Any) -> Request:
    """Return a request to create a resource with the given elements."""
    paths = [f"{resource_type}.{element}" for element in elements or ("code",)]
    usual = {
        "operation": "create",
        "type": resource_type,
        "touched": touched(*paths, effect="added"),
    }
    return request(**{**usual, **fields})


def evaluate(
    policy: Policy, asked: Request, people: Mapping[str, frozenset[str]], phase: str = FULL
) -> Verdict:
    """Return the verdict in the phase that caps nothing, or in another."""
    return engine.evaluate(policy, asked, people, phase)
