"""Deciding on a team's hub: every step is read, judge, PUT If-Match, and read again.

Source: hub-protocol §6 steps 4 to 7 f. Nothing is concluded from an answer to a PUT: 409, 412 and a
lost answer lead back to the read, and a step is done when the versions in their order say so. Each
step may be repeated with the same statement as often as wanted. All raise Unreachable and Refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from core.canonical import JsonObject, encode, exact
from core.errors import Unreachable
from core.hub.fold import APPROVE, REJECT, Rules, Said, Slot, outcome_of, said
from core.hub.look import Look, look
from core.hub.task import MAX_OUTPUTS, MAX_TASK, Carried, carry, outputs
from core.hub.trail import (
    APPROVED,
    DISPATCHED,
    OPEN,
    PARKED,
    RECALLED,
    VOTES,
    WITHDRAWN,
    Standing,
    Trail,
    lost,
    settle,
)  # fmt: skip
from core.ledger.event import instant, moment
from core.ports import Clock, Ids
from core.ports_hub import Hub, Lost
from core.statement import MAX_STATEMENT, Signer, sign

ATTEMPTS = 8
"""How often a step reads and writes before it leaves the rest to a later one."""
RESERVED = 12
"""So many outputs are left to what ends a change; a vote alone may not take them."""
PENDING, EFFECTIVE, SUPERSEDED, TOO_LATE, VOID = (
    "pending",
    "effective",
    "superseded",
    "too-late",
    "void",
)
VANISHED, NOT_ADMITTED, FULL, CONTENDED = "vanished", "not-admitted", "full", "contended"
EXPIRED, NOTHING = "expired", "nothing-to-recall"
REWRITE, TWO_FINALS = "hub-rewrite", "two-finals"


@dataclass(frozen=True, slots=True)
class Party:
    """Who acts: the hub as they reach it, what they go by, and what they sign finals with."""

    hub: Hub
    rules: Rules
    signer: Signer
    ids: Ids
    clock: Clock


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended. `trail` is for the next one; `standing` is what it shows."""

    status: str
    standing: Standing
    trail: Trail
    alarms: frozenset[str] = frozenset()


Plan: TypeAlias = Callable[[Look, Standing], str | list[Carried]]
"""What to add, or the status in which the step has ended."""


async def push(party: Party, slot: Slot, decision: str, trail: Trail) -> Result:
    """Bring a decision, whose Provenance was filed, onto its Task, with a final where one is due.

    `effective`: the effective final names it. `superseded`: another final came first. `parked`:
    a rejection that holds an approval up. `too-late`: the change was withdrawn or dispatched.
    `pending`: it stands there and is not effective, or the history is not whole yet: ask again.
    """
    mine = Carried("decision", decision)
    vote = said(mine, slot, party.rules)

    def plan(seen: Look, now: Standing) -> str | list[Carried]:
        if vote is None:
            return VOID
        if not now.admitted:
            return NOT_ADMITTED if seen.conclusive else PENDING
        if now.state == OPEN:
            return _voting(party, slot, seen, now, [vote]) or PENDING
        if not seen.conclusive:
            return PENDING
        if any(vote.key == one.key for one in now.named):
            return EFFECTIVE
        if now.state in (APPROVED, PARKED) and vote.outcome == REJECT:
            return PARKED if vote.key in now.seen else [mine]
        if any(vote.key == one.key for one in now.objections):
            return PARKED
        return TOO_LATE if now.state in (DISPATCHED, WITHDRAWN) else SUPERSEDED

    return await _run(party, slot, trail, plan)


async def confirm(party: Party, slot: Slot, trail: Trail, filed: Iterable[Carried] = ()) -> Result:
    """Finalise what is ready, and return the state in which the change is for everybody.

    `filed` are the statements found in Provenance, whose reviewers may have closed their laptop
    before the Task bore them. `pending` while the versions do not tell.
    """
    heard = [one for carried in filed if (one := said(carried, slot, party.rules)) is not None]
    votes = [one for one in heard if one.kind == "decision" and one.outcome in VOTES]
    recalls = [one for one in heard if one.kind == "recall"]

    def plan(seen: Look, now: Standing) -> str | list[Carried]:
        if not now.admitted:
            return NOT_ADMITTED if seen.conclusive else PENDING
        if now.state == OPEN:
            more = _voting(party, slot, seen, now, votes)
        elif now.state in (APPROVED, PARKED):
            rejects = [one for one in votes if one.outcome == REJECT]
            more = _new([*rejects, *recalls], now)
        else:
            more = []
        return more or (now.state if seen.conclusive else PENDING)

    return await _run(party, slot, trail, plan)


async def recall(party: Party, slot: Slot, statement: str, trail: Trail) -> Result:
    """Take an effective approval back, unless its dispatch comes first.

    `recalled` only when no dispatch stands before it; `too-late` when one does.
    """
    return await _end(party, slot, Carried("recall", statement), trail, RECALLED)


async def withdraw(party: Party, slot: Slot, statement: str, trail: Trail) -> Result:
    """Apply an agent's withdrawal to its Task (gateway): `withdrawn`, or `too-late`."""
    return await _end(party, slot, Carried("withdraw", statement), trail, WITHDRAWN)


async def dispatch(party: Party, slot: Slot, statement: str, trail: Trail, hi: datetime) -> Result:
    """Claim an effective approval for sending (gateway): no first byte without `dispatched`.

    Hold time and the admission's own expiry are asked by the send step, as for every write. `hi` is
    the latest that it can be: what has expired by then is `expired`. Any other status is why not:
    the state in which the change is, `too-late` where another dispatch or a recall was first,
    `void` where the key that signs is not enrolled any more, or `pending`.
    """
    mine = Carried("dispatch", statement)
    claim = said(mine, slot, party.rules)

    def plan(seen: Look, now: Standing) -> str | list[Carried]:
        if claim is None or not claim.live:
            return VOID
        if not now.admitted:
            return NOT_ADMITTED if seen.conclusive else PENDING
        if not seen.conclusive:
            return PENDING
        if now.state == DISPATCHED:
            return DISPATCHED if _is(now.end, claim) else TOO_LATE
        if claim.key in now.seen:
            return TOO_LATE
        if now.sendable:
            return EXPIRED if _expired(now, hi) else [mine]
        return now.state

    return await _run(party, slot, trail, plan)


async def _end(party: Party, slot: Slot, mine: Carried, trail: Trail, state: str) -> Result:
    act = said(mine, slot, party.rules)
    # A recall may only follow an effective approval that its reviewer can have seen.
    from_states = (APPROVED, PARKED) if state == RECALLED else (OPEN, APPROVED, PARKED)

    def plan(seen: Look, now: Standing) -> str | list[Carried]:
        if act is None:
            return VOID
        if now.state in from_states:
            return [mine] if act.key not in now.seen else NOTHING
        if not seen.conclusive:
            return PENDING
        if now.state == state:
            return state
        return NOTHING if now.state == OPEN else TOO_LATE

    return await _run(party, slot, trail, plan)


async def _run(party: Party, slot: Slot, trail: Trail, plan: Plan) -> Result:
    """Read and write until the plan has ended, restoring on the way what a version dropped."""
    alarms: set[str] = set()
    now = Standing()
    for _ in range(ATTEMPTS):
        seen = await look(party.hub, slot.task, trail)
        trail = seen.trail
        if seen.held is None:
            return Result(VANISHED, now, trail, frozenset(alarms))
        now = settle(seen.view, slot, party.rules)
        dropped = lost(trail, seen.held, party.rules)
        alarms |= {REWRITE} if dropped else set()
        alarms |= {TWO_FINALS} if now.finals > 1 and seen.conclusive else set()
        step = plan(seen, now)
        added = [*dropped, *(() if isinstance(step, str) else step)]
        if isinstance(step, str) and not dropped:
            return Result(step, now, trail, frozenset(alarms))
        changed = _with(seen.held.resource, added)
        if changed is None:
            return Result(step if isinstance(step, str) else FULL, now, trail, frozenset(alarms))
        try:
            await party.hub.replace(seen.held, changed)
        except (Lost, Unreachable):
            # Whether it was stored, the next read says.
            continue
    return Result(CONTENDED, now, trail, frozenset(alarms))


def _voting(
    party: Party, slot: Slot, seen: Look, now: Standing, mine: Sequence[Said]
) -> list[Carried]:
    """Return the votes that are not there yet, with a final that names all where they suffice."""
    more = _new(mine, now)
    votes = {one.key: one for one in (*now.votes, *mine) if one.outcome in VOTES}
    named = sorted({one.id for one in votes.values()})
    outcome = outcome_of(votes.values(), slot) if len(named) == len(votes) else None
    if outcome is not None and not _may_be_final(seen, slot, party.rules):
        more.append(_final(party, slot, outcome, named))
    return more


def _may_be_final(seen: Look, slot: Slot, rules: Rules) -> bool:
    """Tell whether a final stands there that may have been valid in a version not read yet."""
    if seen.held is None or seen.conclusive:
        return False
    finals = (one for one in outputs(seen.held.resource) if one.kind == "final")
    return any(said(one, slot, rules) is not None for one in finals)


def _final(party: Party, slot: Slot, outcome: str, decisions: list[str]) -> Carried:
    payload: JsonObject = {
        "v": exact(1),
        "team": party.rules.team,
        "id": party.ids.uuid(),
        "at": instant(party.clock.now()),
        "task": slot.task,
        "index": exact(slot.index),
        "revision": exact(slot.revision),
        "outcome": outcome,
        "decisions": exact(decisions),
    }
    return Carried("final", sign("final", payload, party.signer).text)


def _new(found: Iterable[Said], now: Standing) -> list[Carried]:
    fresh = {one.key: Carried(one.kind, one.text) for one in found if one.key not in now.seen}
    return list(fresh.values())


def _expired(now: Standing, hi: datetime) -> bool:
    """Tell whether an approval has run out; one that does not say until when has."""
    for vote in now.named:
        if vote.outcome == APPROVE:
            try:
                if hi >= moment(str(vote.payload.get("expires"))):
                    return True
            except ValueError:
                return True
    return False


def _is(one: Said | None, other: Said) -> bool:
    return one is not None and one.key == other.key


def _with(task: JsonObject, added: Sequence[Carried]) -> JsonObject | None:
    """Return the Task with more outputs; None where that exceeds what a hub takes."""
    texts = [one.text or "" for one in added]
    if any(len(text) > MAX_STATEMENT for text in texts):
        return None
    there = task.get("output")
    kept = there if isinstance(there, list) else []
    grown = [*kept, *(carry(one.kind, one.text or "") for one in added)]
    only_votes = all(one.kind == "decision" for one in added)
    most = MAX_OUTPUTS - RESERVED if only_votes else MAX_OUTPUTS
    changed: JsonObject = {**task, "output": grown}
    return changed if len(grown) <= most and len(encode(changed)) <= MAX_TASK else None
