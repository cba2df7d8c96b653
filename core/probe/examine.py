"""What is known of writing to one EHR without writing to it: claims, measurements, credentials.

Source: design §9 (write ladder by capability and probe), §13 (`doctor`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import CountersignError, Refused, Unreachable
from core.intake.basing import create_rung, update_rung
from core.policy import Policy
from core.ports import Reads
from core.probe.measured import Probed, measured, refused
from core.probe.scratch import Scratch
from core.workspace import Workspace, policy_in_force

OPERATIONS = ("create", "update")


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of write that policy allows, and how it would be done; `rung` None: not at all."""

    type: str
    operation: str
    rung: str | None
    granted: bool | None
    """Whether the write client gets the token for it; None where it was not asked."""
    refusal: str | None = None
    """Why it does not, and what to do."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One EHR; `problems` are sentences, each with what to do about it."""

    name: str
    base_url: str
    software: str | None
    uses: tuple[Use, ...]
    probed: Probed | None
    problems: tuple[str, ...]
    unreachable: bool = False


async def examine(workspace: Workspace, ehr: Scratch) -> Examined:
    """Ask one EHR what it claims, and for a token for each write that policy allows."""
    probed = measured(workspace.ledger, ehr.name)
    try:
        software = await ehr.software()
        uses = [
            await _use(workspace.ledger, ehr, type_, operation)
            for type_, operation in allowed(policy_in_force(workspace.ledger), ehr.name)
        ]
    except Unreachable as error:
        return Examined(ehr.name, ehr.base_url, None, (), probed, (str(error),), unreachable=True)
    problems = [*_lacking(ehr.name, uses), *_failed(ehr.name, probed)]
    return Examined(ehr.name, ehr.base_url, software, tuple(uses), probed, tuple(problems))


def allowed(policy: Policy, ehr: str) -> list[tuple[str, str]]:
    """Return each (resource type, operation) that some allow rule names for an EHR.

    A rule about any type names none: its writes are looked at when they are proposed.
    """
    found: set[tuple[str, str]] = set()
    for rule in policy.allows:
        words: Mapping[str, frozenset[str]] = {key: frozenset(of) for key, of in rule.match.words}
        if ehr in words.get("ehr", frozenset([ehr])):
            operations = words.get("operation", frozenset(OPERATIONS))
            found |= {(type_, one) for type_ in words.get("type", ()) for one in operations}
    return sorted(found)


async def _use(reads: Reads, ehr: Scratch, type_: str, operation: str) -> Use:
    failed = refused(reads, ehr.name)
    find = create_rung if operation == "create" else update_rung
    rung = await find(ehr, type_, failed)
    if rung is None:
        return Use(type_, operation, None, None)
    letter = "c" if rung == "if-none-exist" else "u"
    try:
        await ehr.grant(f"system/{type_}.{letter}")
    except Refused as error:
        return Use(type_, operation, rung, granted=False, refusal=str(error))
    return Use(type_, operation, rung, granted=True)


def _lacking(ehr: str, uses: list[Use]) -> list[str]:
    told = []
    for use in uses:
        what = f"{use.operation} {use.type}"
        if use.rung is None:
            told.append(f"{ehr} has no safe way to {what}; such proposals are denied")
        elif use.granted is False:
            told.append(f"no token to {what}: {use.refusal}")
    return told


def _failed(ehr: str, probed: Probed | None) -> list[str]:
    rungs = () if probed is None else probed.rungs.values()
    return [
        f"{ehr} claims {one.rung}, and a probe saw it fail ({one.why}); it is not used"
        for one in rungs
        if one.claimed and one.result == "unsafe"
    ]


def worst(found: list[Examined]) -> type[CountersignError] | None:
    """Return the kind of error that the exit code tells of; None where all is well."""
    if any(one.unreachable for one in found):
        return Unreachable
    return CountersignError if any(one.problems for one in found) else None
