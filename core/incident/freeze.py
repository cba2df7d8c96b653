"""Freezes: containment rules that stop matching writes before their first byte.

Source: design §12, hub-protocol §3 (`head.freezes`). A scope names one or more facts of a write;
it matches when all that it names are true of it. An unreadable scope matches everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.canonical import Json, JsonObject, exact
from core.errors import BadInput, NotFound
from core.incident.awaited import IN_FLIGHT
from core.ledger.event import About, Actor, Event
from core.ports import Reads
from core.records import ChangeRow, FreezeRow, ProposalRow
from core.review.asking import check
from core.workspace import Workspace

SCOPE_KEYS = (
    "agent", "model", "prompt", "type", "op", "path", "route", "workflow", "ehr", "patient",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """The facts of one write that a freeze can name."""

    facts: Mapping[str, str]
    paths: tuple[str, ...]


def target_of(proposal: ProposalRow, change: ChangeRow) -> Target:
    """Return the facts of a change."""
    route = change.route_json
    return Target(
        {
            "agent": proposal.agent,
            "model": proposal.model,
            "prompt": proposal.prompt,
            "type": change.type,
            "op": change.op,
            "route": "" if route is None else str(route["id"]),
            "workflow": proposal.workflow,
            "ehr": change.ehr,
            "patient": change.patient_tag,
        },
        tuple(path for path, _ in change.touched),
    )


def matches(scope: Mapping[str, object], target: Target) -> bool:
    """Tell whether a freeze of this scope stops the write; unknown members match."""
    for key, wanted in scope.items():
        if key == "path":
            if not any(_covers(str(wanted), path) for path in target.paths):
                return False
        elif key in target.facts and target.facts[key] != wanted:
            return False
    return True


def frozen_by(freezes: Iterable[FreezeRow], target: Target) -> FreezeRow | None:
    """Return the first freeze in force that stops the write."""
    for freeze in freezes:
        try:
            scope = json.loads(freeze.scope)
        except ValueError:
            return freeze
        if not isinstance(scope, dict) or matches(scope, target):
            return freeze
    return None


def declare(workspace: Workspace, scope: Mapping[str, str], reason: str) -> str:
    """Put a freeze in force and return its id; once this returns, no matching intent commits.

    Writes that left before are listed with it (`core.incident.awaited`). An empty scope freezes
    everything. Raises BadInput for an unknown scope member, Refused when
    the reviewer may not freeze.
    """
    unknown = sorted(set(scope) - set(SCOPE_KEYS))
    if unknown:
        raise BadInput(
            "is not something a freeze can name",
            field=f"scope.{unknown[0][:40]}",
            remedy=f"Use {', '.join(SCOPE_KEYS)}",
        )
    freeze = workspace.ids.uuid()
    with workspace.ledger.transaction() as transaction:
        person = check(workspace, transaction, "freeze", None, transaction.clock.hi)
        transaction.append(
            Event(
                "freeze.set",
                Actor("reviewer", person.id, workspace.keys.signer("reviewer").kid),
                data={
                    "id": freeze,
                    "scope": exact(dict(scope)),
                    "awaited": in_flight(transaction, scope),
                },
                body={"reason": reason},
            )
        )
    return freeze


def in_flight(reads: Reads, scope: Mapping[str, object]) -> list[Json]:
    """Return the matching writes that have left, or may have: no freeze stops them."""
    found: list[Json] = []
    for change in reads.changes_in(*IN_FLIGHT):
        proposal = reads.proposal(change.proposal)
        if proposal is None or matches(scope, target_of(proposal, change)):
            own: JsonObject = {"proposal": change.proposal, "index": exact(change.idx)}
            found.append({**own, "operation": change.operation})
    return found


def lift(workspace: Workspace, freeze: str, reason: str) -> None:
    """Lift a freeze. Raises NotFound when none of that id is in force."""
    with workspace.ledger.transaction() as transaction:
        person = check(workspace, transaction, "thaw", None, transaction.clock.hi)
        if not any(found.id == freeze for found in transaction.freezes()):
            raise NotFound("no such freeze is in force", remedy="See `countersign incident list`")
        transaction.append(
            Event(
                "freeze.lifted",
                Actor("reviewer", person.id, workspace.keys.signer("reviewer").kid),
                About(),
                data={"id": freeze},
                body={"reason": reason},
            )
        )


def _covers(wanted: str, path: str) -> bool:
    return path == wanted or path.startswith(wanted + ".")
