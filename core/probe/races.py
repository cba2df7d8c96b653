"""The races of each rung: sixteen at once, round after round, on scratch resources.

A wrong effect ends a rung's races at once; an answer that cannot be read lets them go on and is
remembered. Source: design §9.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from core.ports import Fetched, Ids, Request
from core.probe import scratch
from core.probe.judging import (
    Fault,
    judge_pair,
    judge_post_create,
    judge_put_create,
    judge_repeat,
    judge_rollback,
    judge_update,
)
from core.probe.measured import TRANSACTION, Measured, Result
from core.probe.scratch import Scratch, Shot, Together, race

RACERS = 16
ROUNDS = 50


@dataclass
class Course:
    """Where and how the races are run; `made` are the references of what they left."""

    ehr: Scratch
    together: Together
    ids: Ids
    rounds: int = ROUNDS
    racers: int = RACERS
    made: list[str] = field(default_factory=list)

    def entries(self, round_: int) -> list[str]:
        """Return the name of each racer of a round."""
        return [f"{round_}-{number}" for number in range(self.racers)]

    async def shoot(self, entry: str, request: Request) -> Shot:
        """Send one request alone."""
        return Shot(entry, request, await scratch.shoot(self.ehr, request))


Round = Callable[[Course, int], Awaitable[Fault | None]]


async def run_rung(course: Course, rung: str, *, claimed: bool) -> Measured:
    """Run a rung's races and return what they showed; raises Unreachable or Refused."""
    one_round = await _rounds_of(course, rung)
    if isinstance(one_round, Fault):
        return Measured(rung, claimed, one_round.result, 0, one_round.code)
    doubt: Fault | None = None
    for number in range(course.rounds):
        fault = await one_round(course, number)
        if fault is not None and fault.result != "unclear":
            return Measured(rung, claimed, fault.result, number + 1, fault.code)
        doubt = doubt or fault
    result: Result = "safe" if doubt is None else "unclear"
    return Measured(rung, claimed, result, course.rounds, None if doubt is None else doubt.code)


async def _rounds_of(course: Course, rung: str) -> Round | Fault:
    if rung == "if-none-match":
        return _put_create_round
    if rung == "if-none-exist":
        return _post_create_round
    if rung == TRANSACTION:
        return await _pairs(course)
    made = await course.shoot("start", scratch.create(course.ids.uuid(), "start"))
    reference = None if made.response is None else made.response.location
    if made.status != 201 or reference is None:
        return Fault("scratch-not-made", "unclear")
    course.made.append(reference)
    return lambda on, number: _update_round(on, number, reference)


async def _update_round(course: Course, number: int, reference: str) -> Fault | None:
    before = await course.ehr.read(reference)
    if before is None or not before.version:
        return Fault("no-version", "unclear")
    tag, id_ = course.ids.uuid(), reference.partition("/")[2]
    condition = ("If-Match", f'W/"{before.version}"')
    requests = [(one, scratch.update(tag, one, id_, condition)) for one in course.entries(number)]
    shots = await race(course.ehr, course.together, requests)
    after = await course.ehr.read(reference)
    fault = judge_update(before, shots, after)
    if fault is not None or after is None:
        return fault
    late = await course.shoot("late", scratch.update(tag, "late", id_, condition))
    return judge_repeat(late, after, await course.ehr.read(reference))


async def _put_create_round(course: Course, number: int) -> Fault | None:
    id_ = course.ids.uuid()
    reference, condition = f"{scratch.TYPE}/{id_}", ("If-None-Match", "*")
    requests = [(one, scratch.update(id_, one, id_, condition)) for one in course.entries(number)]
    shots = await race(course.ehr, course.together, requests)
    after = await course.ehr.read(reference)
    if after is not None:
        course.made.append(reference)
    fault = judge_put_create(shots, after)
    if fault is not None or after is None:
        return fault
    late = await course.shoot("late", scratch.update(id_, "late", id_, condition))
    return judge_repeat(late, after, await course.ehr.read(reference))


async def _post_create_round(course: Course, number: int) -> Fault | None:
    tag = course.ids.uuid()
    requests = [(one, scratch.create(tag, one)) for one in course.entries(number)]
    shots = await race(course.ehr, course.together, requests)
    found = await scratch.found_by(course.ehr, tag)
    course.made.extend(_references(shots, found))
    fault = judge_post_create(shots, found)
    if fault is not None:
        return fault
    late = await course.shoot("late", scratch.create(tag, "late"))
    if late.status == 201 and late.response is not None and late.response.location is not None:
        course.made.append(late.response.location)
    again = await scratch.found_by(course.ehr, tag)
    if len(again) > 1:
        return Fault("late-request-took-effect", "unsafe")
    return judge_repeat(late, found[0], again[0] if again else None)


async def _pairs(course: Course) -> Round | Fault:
    """Make the two resources that the transactions of every round are about."""
    made = [await course.shoot(entry, scratch.create(course.ids.uuid(), entry)) for entry in "ab"]
    found = [shot.response.location for shot in made if shot.response and shot.status == 201]
    places = [one for one in found if one is not None]
    course.made.extend(places)
    if len(places) != len(made):
        return Fault("scratch-not-made", "unclear")
    one, other = places
    return lambda on, number: _pair_round(on, number, one, other)


async def _pair_round(course: Course, number: int, one: str, other: str) -> Fault | None:
    """Let transactions race for one resource; then one whose second half must fail."""
    before, kept = await course.ehr.read(one), await course.ehr.read(other)
    if before is None or kept is None or not before.version or not kept.version:
        return Fault("no-version", "unclear")
    tag, beside = course.ids.uuid(), course.ids.uuid()

    def pair(entry: str, of: Fetched) -> Request:
        return scratch.both(_put(tag, entry, of), scratch.add(beside, entry))

    requests = [(entry, pair(entry, before)) for entry in course.entries(number)]
    shots = await race(course.ehr, course.together, requests)
    after = await course.ehr.read(one)
    found = await scratch.found_by(course.ehr, beside)
    course.made.extend(item.reference for item in found)
    fault = judge_update(before, shots, after) or judge_pair(shots, found)
    if fault is not None or after is None:
        return fault
    # The first half may go; the second names a version that is gone, so that both must not.
    broken = scratch.both(_put(tag, "half", kept), _put(tag, "stale", before))
    shot = await course.shoot("half", broken)
    return judge_rollback(shot, kept, await course.ehr.read(other))


def _put(tag: str, entry: str, of: Fetched) -> Request:
    id_ = of.reference.partition("/")[2]
    return scratch.update(tag, entry, id_, ("If-Match", f'W/"{of.version}"'))


def _references(shots: Sequence[Shot], found: Sequence[Fetched]) -> list[str]:
    """Return what a round created, by the answers and by the search, each once."""
    told = [
        shot.response.location
        for shot in shots
        if shot.response is not None and shot.status == 201 and shot.response.location
    ]
    return list(dict.fromkeys([*told, *(one.reference for one in found)]))
