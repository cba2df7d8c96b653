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
    judge_post_create,
    judge_put_create,
    judge_repeat,
    judge_update,
)
from core.probe.measured import Measured, Result
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


def _references(shots: Sequence[Shot], found: Sequence[Fetched]) -> list[str]:
    """Return what a round created, by the answers and by the search, each once."""
    told = [
        shot.response.location
        for shot in shots
        if shot.response is not None and shot.status == 201 and shot.response.location
    ]
    return list(dict.fromkeys([*told, *(one.reference for one in found)]))
