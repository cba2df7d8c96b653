"""Who works in the clinic, which agents it knows, and by which rules. All of them are synthetic."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from core.ports import Keys

STAFF: dict[str, tuple[str, ...]] = {
    "demo-physician": ("physician",),
    "demo-physician-2": ("physician",),
    "demo-nurse": ("nurse",),
    "demo-coordinator": ("coordinator",),
    "demo-supervisor": ("supervisor",),
    "demo-on-call": ("on-call",),
    "demo-compliance": ("compliance",),
}
"""Everybody but the one who sits at the terminal, with their roles."""

AGENTS = ("front-desk-1", "scribe-1", "coding-1", "meds-1", "message-1", "insurance-1", "lab-1")


def clinic_policy(ehr: str) -> str:
    """Return the clinic's policy for an EHR of that name."""
    text = resources.files("sync.clinic").joinpath("policy.toml").read_text("utf-8")
    return text.replace("EHR-NAME", ehr)


def clinic_roster(
    reviewer: str,
    roles: tuple[str, ...],
    keys: Keys,
    colleagues: Mapping[str, tuple[str, str]],
    agents: Mapping[str, tuple[str, str]],
) -> str:
    """Return the roster; keys are (kid, x) pairs by name of colleague or agent."""
    own, submitter, gateway = ((keys.signer(name).kid, keys.public(name)) for name in
                               ("reviewer", "submitter", "gateway"))  # fmt: skip
    parts = ["version = 1", _person(reviewer, roles, own)]
    parts += [_person(name, STAFF[name], key) for name, key in colleagues.items()]
    parts += [f'[[agents]]\nid = "{name}"\nkeys = [{_inline(key)}]' for name, key in agents.items()]
    parts.append(f"[[submitters]]\n{_lines(submitter)}\nagents = {_listed(AGENTS)}")
    parts.append(f"[[gateways]]\n{_lines(gateway)}")
    parts.append(f"[[admins]]\n{_lines(own)}")
    return "\n\n".join(parts) + "\n"


def _person(name: str, roles: tuple[str, ...], key: tuple[str, str]) -> str:
    return f'[[people]]\nid = "{name}"\nroles = {_listed(roles)}\nkeys = [{_inline(key)}]'


def _listed(names: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _inline(key: tuple[str, str]) -> str:
    return f'{{ kid = "{key[0]}", x = "{key[1]}" }}'


def _lines(key: tuple[str, str]) -> str:
    return f'kid = "{key[0]}"\nx = "{key[1]}"'
