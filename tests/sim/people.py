"""Who else acts in a run: reviewers, on-call staff, patients, others at the EHR, an intruder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.canonical import JsonObject, Number
from core.errors import BadInput, Conflict, CountersignError, NotFound, Refused
from core.incident.awaited import awaited
from core.incident.freeze import declare, lift
from core.ledger.event import Actor, Event
from core.lifecycle import State
from core.records import ChangeRow
from core.review.content import read_content
from core.review.decide import Answer, about, decide
from core.review.recall import recall
from core.statement import sign
from core.workspace import Workspace
from tests.sim.invariants import acknowledged_freeze
from tests.sim.life import Killed
from tests.sim.scene import INTRUDER, PATIENTS, REVIEWERS, ring

if TYPE_CHECKING:
    from tests.sim.world import World

NO = (Conflict, Refused, BadInput, NotFound)
SCOPES: tuple[dict[str, str], ...] = (
    {}, {"agent": "scribe-1"}, {"type": "Patient"}, {"op": "create"}, {"model": "model-b@2"},
    {"ehr": "sandbox"}, {"agent": "front-desk-1", "type": "Patient"},
)  # fmt: skip


async def reviewers(world: World) -> None:
    """Let three people work at once, each at a terminal of their own."""
    await asyncio.gather(*(_reviewer(world, name) for name in REVIEWERS))


async def _reviewer(world: World, name: str) -> None:
    life, opened = world.process(name, person=name)
    chance = life.chance
    while not world.over:
        await asyncio.sleep(chance.between(20, 400))
        if life.dead:
            life, opened = world.process(name, person=name)
        try:
            await _look_through(world, opened, name, chance)
        except Killed:
            world.note(f"{name}'s terminal was killed")


async def _look_through(world: World, opened: Workspace, name: str, chance: Any) -> None:
    waiting = [
        row
        for row in opened.ledger.changes_in(State.PENDING, State.READY)
        if (row.proposal, row.idx) in world.active
    ]
    chance.rng.shuffle(waiting)
    for row in waiting[:2]:
        await asyncio.sleep(chance.between(3, 60))
        if world.over:
            return
        if row.state == State.PENDING:
            _answer(world, opened, name, row, chance.rng.random())
        elif chance.happens("recall", 0.12):
            take_back(world, opened, row)


def _answer(world: World, opened: Workspace, name: str, row: ChangeRow, dice: float) -> None:
    """Answer what was looked at, which may have moved since."""
    key = (row.proposal, row.idx)
    if dice < 0.84:
        say_yes(world, opened, name, row)
        return
    until = world.clock.now() + timedelta(minutes=10)
    answer = Answer("defer", seen=row.change_digest, until=until)
    if dice < 0.92:
        answer = Answer("reject", seen=row.change_digest, reason="not-supported", note="no")
    try:
        decide(opened, *key, answer)
        world.truth.acknowledged.add((key, row.revision, name))
    except NO as error:
        world.note(f"{name} is told {error.code}")


def say_yes(world: World, opened: Workspace, name: str, row: ChangeRow) -> bool:
    """Approve exactly what was looked at; tell whether that counted."""
    key, truth = (row.proposal, row.idx), world.truth
    before = list(truth.approvals[key])
    # Said before it is recorded: a terminal that dies after the commit leaves a true approval.
    truth.approve(name, row, read_content(opened.ledger, row), row.expires)
    try:
        decide(opened, *key, Answer("approve", seen=row.change_digest))
    except NO as error:
        truth.approvals[key] = before
        world.note(f"{name} is told {error.code}")
        return False
    truth.acknowledged.add((key, row.revision, name))
    return True


def take_back(world: World, opened: Workspace, row: ChangeRow) -> None:
    """Recall an approval; once the answer is there, it must not be sent."""
    try:
        recall(opened, row.proposal, row.idx)
    except NO as error:
        world.note(f"recall: {error.code}")
        return
    world.truth.unapprove((row.proposal, row.idx))


async def on_call(world: World) -> None:
    """Freeze something now and then, and lift it later."""
    life, opened = world.process("on-call", crashes=False)
    chance = life.chance
    while not world.over:
        await asyncio.sleep(chance.between(20, 900))
        if world.over or not chance.happens("freeze", 0.6):
            continue
        freeze(world, opened, chance.rng.choice(SCOPES))
        await asyncio.sleep(chance.between(60, 900))
        if not world.over:
            thaw(world, opened)


def freeze(world: World, opened: Workspace, scope: dict[str, str]) -> None:
    """Declare a freeze and remember what was acknowledged."""
    try:
        id_ = declare(opened, scope, "looks wrong")
    except NO as error:
        world.note(f"freeze: {error.code}")
        return
    row = next(one for one in opened.ledger.freezes() if one.id == id_)
    world.freezes.append(row)
    listed = {item.operation for item in awaited(opened.ledger, row)}
    acknowledged_freeze(world.truth, id_, scope, listed)


def thaw(world: World, opened: Workspace) -> None:
    for row in opened.ledger.freezes():
        # What may be lifted must not count as broken a moment too late.
        world.truth.frozen.pop(row.id, None)
        try:
            lift(opened, row.id, "was right")
        except NO as error:
            world.note(f"thaw: {error.code}")


async def interruptions(world: World) -> None:
    """Let people try something just while another process is inside a transaction."""
    life, opened = world.process("console", crashes=False)
    chance = life.chance

    def urge() -> None:
        rows = [
            row
            for row in opened.ledger.changes_in(State.READY)
            if (row.proposal, row.idx) in world.active
        ]
        if rows and chance.rng.random() < 0.5:
            take_back(world, opened, rows[0])
        else:
            freeze(world, opened, {"type": "Patient"})

    while not world.over:
        await asyncio.sleep(chance.between(200, 900))
        if not world.over and chance.happens("interruption", 0.5):
            world.urges.append(urge)
            await asyncio.sleep(chance.between(60, 300))
            if not world.over:
                thaw(world, opened)


async def patients(world: World) -> None:
    """Perhaps one of them takes consent back, or is merged into the other."""
    chance = world.process("patient", crashes=False)[0].chance
    await asyncio.sleep(chance.between(0, 500))
    if world.over:
        return
    patient = chance.rng.choice(PATIENTS)
    if chance.happens("consent-revoked", 0.3):
        world.note(f"{patient} takes consent back")
        world.server.put(_consent(patient))
        world.truth.revoked[patient] = world.loop.time()
    if world.server.personality.merges and chance.happens("merged", 0.8):
        world.note(f"{PATIENTS[1]} is merged")
        world.server.moved.add(PATIENTS[1])


def _consent(patient: str) -> JsonObject:
    from tests.core.consent.test_evaluate import DENY, consent

    return consent(DENY, patient={"reference": patient})


async def others(world: World) -> None:
    """Let somebody at the EHR edit the same charts by their own hand."""
    chance = world.process("other", crashes=False)[0].chance
    pace = chance.rng.choice(((10, 90), (100, 1500), (100, 2500)))
    while not world.over:
        await asyncio.sleep(chance.between(*pace))
        if world.over or not chance.happens("other-edit", 0.7):
            continue
        held = world.server.current(chance.rng.choice(PATIENTS))
        assert held is not None
        number = f"555 02{chance.rng.randrange(100):02}"
        if chance.rng.random() < 0.7:
            edited: JsonObject = {"maritalStatus": {"text": number}}
        else:
            telecom = [dict(item) for item in held.resource["telecom"]]
            telecom[0]["value"] = number
            edited = {"telecom": telecom}
        world.server.put({**held.resource, **edited})


async def intruder(world: World) -> None:
    """Let a process of the workspace append an approval that no enrolled key signed."""
    life, opened = world.process(INTRUDER, crashes=False)
    await asyncio.sleep(life.chance.between(20, 700))
    if world.over or not life.chance.happens("forgery", 0.5):
        return
    rows = opened.ledger.changes_in(State.PENDING)
    mine = [row for row in rows if (row.proposal, row.idx) in world.active]
    if mine:
        try:
            forge(opened, mine[0])
        except Conflict as error:
            world.note(f"{INTRUDER}: {error.problem}")


def forge(opened: Workspace, row: ChangeRow) -> None:
    """Append a decision in a reviewer's name, signed by a key that nobody enrolled."""
    found = opened.ledger.proposal(row.proposal)
    assert found is not None
    role = (row.route_json or {"roles": ["nurse"]})["roles"][0]
    payload: JsonObject = {
        "id": "forged", "outcome": "approve", "proposal": found.digest, "task": found.subject,
        "index": Number(str(row.idx)), "revision": Number(str(row.revision)),
        "operation": row.operation, "ehr": row.ehr, "verdict": row.verdict_digest,
        "change": row.change_digest, "bytes": row.bytes_digest, "reviewer": "dr-lee",
        "role": role, "expires": row.expires,
    }  # fmt: skip
    statement = sign("decision", payload, ring(INTRUDER).signer("reviewer"))
    copied = ("id", "outcome", "reviewer", "role", "expires", "change", "bytes")
    event = Event(
        "decision.recorded",
        Actor("reviewer", "dr-lee", statement.kid),
        about(row),
        data={**{key: payload[key] for key in copied}, "statement": statement.text},
        before=State.PENDING,
        after=State.READY,
        refs=({"kind": "decision", "digest": statement.digest},),
    )
    with opened.ledger.transaction() as transaction:
        transaction.append(event)


async def heal(world: World) -> None:
    """Lift every freeze, at a terminal that works."""
    thaw(world, world.watcher[1])


def decide_rest(world: World) -> None:
    """Let the reviewers answer what still waits: yes where they may, else no."""
    desks = {name: world.process(name, crashes=False, person=name)[1] for name in REVIEWERS}
    for key in sorted(world.active):
        for name, opened in desks.items():
            row = opened.ledger.change(*key)
            if row is None or row.state != State.PENDING:
                break
            if row.void is None or not row.void.startswith("consent"):
                say_yes(world, opened, name, row)
        else:
            _say_no(world, desks["dr-lee"], key)


def _say_no(world: World, opened: Workspace, key: tuple[str, int]) -> None:
    row = opened.ledger.change(*key)
    if row is None or row.state != State.PENDING:
        return
    try:
        decide(opened, *key, Answer("reject", reason="not-needed", note="too late"))
    except CountersignError as error:
        world.note(f"the last answer: {error.code}")


ACTORS: tuple[Callable[[World], Any], ...] = (
    reviewers, on_call, interruptions, patients, others, intruder,
)  # fmt: skip
