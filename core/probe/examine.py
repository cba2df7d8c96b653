"""What is known of writing to one EHR without writing to it: claims, measurements, credentials.

Source: design §9 (write ladder by capability and probe), §13 (`doctor`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.errors import BadInput, CountersignError, Refused, Unreachable
from core.intake.basing import UNFENCED, create_rung, unfenced_rung, update_rung
from core.ledger.event import Actor
from core.policy import Policy
from core.ports import NO_SCOPE, NoToken
from core.prediction.seen import readable_profile
from core.probe.measured import Probed, measured, refused
from core.probe.scratch import Scratch
from core.profile.access import Remark, remarks
from core.profile.asked import advertised_now, answer_for, granted_now, observed_here
from core.profile.granted import UNASKED, remember
from core.profile.observed import Observed
from core.profile.writes import Answer
from core.reconcile.unconfirmed import unconfirmed_since
from core.records import BY_HAND
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
    may: Answer | None = None
    """What every axis says of it; None where the profile cannot be read."""


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
    observed: tuple[Observed, ...] = ()
    """What it was seen to do with our writes."""
    unconfirmed_since: str | None = None
    """Since when it is known not to confirm our Provenance."""
    access: tuple[Remark, ...] = ()
    """What its profile says of getting in, beside what is there."""


async def examine(
    workspace: Workspace, ehr: Scratch, methods: Sequence[str] | None = None
) -> Examined:
    """Ask one EHR what it claims, and for a token for each write that policy allows.

    `methods` is how clients may authenticate, as its SMART configuration lists them.
    """
    found = await _examine(workspace, ehr)
    found = replace(found, unconfirmed_since=unconfirmed_since(workspace.ledger, ehr.name))
    profile = readable_profile(workspace.ledger, ehr.name)
    if profile is None:
        return found
    return replace(found, access=remarks(profile, ehr.base_url, methods))


async def _examine(workspace: Workspace, ehr: Scratch) -> Examined:
    probed = measured(workspace.ledger, ehr.name)
    seen = observed_here(workspace.ledger, ehr.name)
    try:
        software = await ehr.software()
        uses = [
            await _use(workspace, ehr, type_, operation)
            for type_, operation in allowed(policy_in_force(workspace.ledger), ehr.name)
        ]
    except Unreachable as error:
        return Examined(ehr.name, ehr.base_url, None, (), probed, (str(error),), unreachable=True,
                        observed=seen)  # fmt: skip
    except BadInput as error:
        return Examined(ehr.name, ehr.base_url, None, (), probed, (str(error),), observed=seen)
    problems = [*_lacking(ehr.name, uses), *_failed(ehr.name, probed)]
    return Examined(
        ehr.name, ehr.base_url, software, tuple(uses), probed, tuple(problems), observed=seen
    )


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


async def _use(workspace: Workspace, ehr: Scratch, type_: str, operation: str) -> Use:
    reads, on = workspace.ledger, workspace.clock.now().date()
    failed = refused(reads, ehr.name)
    find = create_rung if operation == "create" else update_rung
    rung = await find(ehr, type_, failed)
    if rung is None and operation == "create" and _takes_unfenced(workspace, ehr.name, type_):
        rung = await unfenced_rung(ehr, type_)
    live = advertised_now(await ehr.capability(type_), operation, on)

    def may(granted: bool | None) -> Answer:
        asked = granted_now(granted, on)
        return answer_for(reads, ehr.name, type_, operation, live, asked)

    # What was granted or refused before is asked anew, so that a scope that was opened is seen.
    claims = answer_for(reads, ehr.name, type_, operation, live, UNASKED)
    if claims.refusing is not None:
        return Use(type_, operation, BY_HAND, None, may=claims)
    if rung is None:
        by_hand = BY_HAND if operation == "update" else None
        return Use(type_, operation, by_hand, None, may=may(None))
    letter = "c" if rung in ("if-none-exist", UNFENCED) else "u"
    try:
        await ehr.grant(f"system/{type_}.{letter}")
    except Refused as error:
        if isinstance(error, NoToken) and error.oauth == NO_SCOPE:
            _remember(workspace, ehr.name, type_, operation, granted=False)
        return Use(type_, operation, rung, granted=False, refusal=str(error), may=may(False))
    _remember(workspace, ehr.name, type_, operation, granted=True)
    return Use(type_, operation, rung, granted=True, may=may(True))


def _remember(workspace: Workspace, ehr: str, type_: str, op: str, *, granted: bool) -> None:
    kid = workspace.keys.signer("reviewer").kid
    actor = Actor("reviewer", workspace.reviewer, kid)
    remember(workspace, actor, ehr, type_, op, granted=granted)


def _takes_unfenced(workspace: Workspace, ehr: str, type_: str) -> bool:
    """Tell whether every route that such a create can get takes writes that nothing fences."""
    policy = policy_in_force(workspace.ledger)
    wanted = {"ehr": ehr, "type": type_, "operation": "create"}
    named = {
        rule.route
        for rule in policy.allows
        if all(wanted[key] in of for key, of in rule.match.words if key in wanted)
    }
    return bool(named) and all(one.unfenced for one in policy.routes if one.id in named)


def _lacking(ehr: str, uses: list[Use]) -> list[str]:
    told = []
    for use in uses:
        what = f"{use.operation} {use.type}"
        if use.rung is None:
            told.append(f"{ehr} has no safe way to {what}; such proposals are denied")
        elif use.rung == BY_HAND and use.may is not None and use.may.refusing is None:
            told.append(f"{ehr} has no safe way to {what}; such changes are entered by hand")
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
