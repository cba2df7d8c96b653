"""Probing one EHR: the races of every rung, what is recorded, and what is cleared away.

Source: design §9 ("write ladder by capability and probe"), §13 (`doctor --probe`).
"""

from __future__ import annotations

from dataclasses import dataclass

from core.canonical import digest, encode, exact
from core.errors import Refused, Unreachable
from core.incident.freeze import SCOPE_KEYS, Target, frozen_by
from core.ledger.event import About, Actor, Event
from core.ports import Capability, Reads
from core.probe.measured import KIND, RUNGS, TRANSACTION, Measured
from core.probe.races import ROUNDS, Course, run_rung
from core.probe.scratch import TYPE, Scratch, Together
from core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Done:
    """What a probe showed and left: `kept` scratch resources could not be deleted."""

    software: str | None
    rungs: tuple[Measured, ...]
    deleted: int
    kept: int


async def probe(
    workspace: Workspace, ehr: Scratch, together: Together, rounds: int = ROUNDS
) -> Done:
    """Race on every rung of one EHR, record the results, delete what may be deleted.

    Raises Refused under a freeze or without a write client, Unreachable; nothing is recorded then.
    """
    check_not_frozen(workspace.ledger, ehr.name)
    course = Course(ehr, together, workspace.ids, rounds)
    try:
        software = await ehr.software()
        capability = await ehr.capability(TYPE)
        found = tuple(
            [await run_rung(course, rung, claimed=_claims(capability, rung)) for rung in RUNGS]
        )
    except BaseException:
        await clear(ehr, course.made)
        raise
    deleted = await clear(ehr, course.made)
    record(workspace, ehr.name, found, rounds, software)
    return Done(software, found, deleted, len(set(course.made)) - deleted)


def check_not_frozen(reads: Reads, ehr: str) -> None:
    """Raise Refused while a freeze stops writes of scratch resources to this EHR."""
    nobody = dict.fromkeys(SCOPE_KEYS, "")
    for op in ("create", "update"):
        if (
            frozen_by(reads.freezes(), Target({**nobody, "ehr": ehr, "type": TYPE, "op": op}, ()))
            is not None
        ):
            raise Refused(
                f"writes to {ehr} are frozen", remedy="Lift the freeze, or probe when it is over"
            )


async def clear(ehr: Scratch, made: list[str]) -> int:
    """Delete the scratch resources as far as the client may; return how many are gone."""
    deleted = 0
    for reference in dict.fromkeys(made):
        try:
            gone = await ehr.discard(reference)
        except Unreachable:
            gone = False
        if not gone and deleted == 0:
            # A client that may not delete the first may not delete the others.
            return 0
        deleted += gone
    return deleted


def record(
    workspace: Workspace, ehr: str, found: tuple[Measured, ...], rounds: int, software: str | None
) -> None:
    """Append what was measured; from then on rungs that failed are refused on this EHR."""
    document = encode(
        {"type": TYPE, "rounds": exact(rounds), "rungs": [one.as_json() for one in found]}
    )
    before = workspace.ledger.config(KIND + ehr)
    kid = workspace.keys.signer("reviewer").kid
    with workspace.ledger.transaction() as transaction:
        transaction.append(
            Event(
                "ehr.probed",
                Actor("reviewer", workspace.reviewer, kid),
                About(ehr=ehr),
                data={
                    "number": exact(1 if before is None else before.number + 1),
                    "document": document.decode("utf-8"),
                    "digest": digest("probe", document),
                },
                body={"software": software},
            )
        )


def _claims(capability: Capability, rung: str) -> bool:
    if rung == "if-match":
        return capability.update and capability.versioned
    if rung == "if-none-match":
        return capability.update_create
    if rung == TRANSACTION:
        return capability.transaction
    return capability.create and capability.conditional_create
