"""Which rungs a probe finds safe, on servers that are sound or wrong in one way."""

from __future__ import annotations

import pytest

from core.probe import judging
from core.probe.measured import RUNGS, Measured
from core.probe.races import RACERS, Course, run_rung
from core.probe.scratch import SYSTEM, WORDS
from tests.core.probe.servers import (
    Answering,
    Careless,
    Forgetful,
    Lying,
    Overwriting,
    Partial,
    Racy,
    Sound,
    Throttling,
    together,
)
from tests.fakes import FakeIds

ROUNDS = 3


async def raced(ehr: Sound, rung: str) -> Measured:
    return await run_rung(Course(ehr, together, FakeIds(), ROUNDS), rung, claimed=True)


@pytest.mark.parametrize("rung", RUNGS)
async def test_a_sound_server_is_safe_on_every_rung(rung: str) -> None:
    ehr = Sound()
    assert await raced(ehr, rung) == Measured(rung, True, "safe", ROUNDS)
    # Every round: all racers and one that comes too late, or must be rolled back.
    made = {"if-match": 1, "transaction": 2}.get(rung, 0)
    assert len(ehr.sent) == ROUNDS * (RACERS + 1) + made


@pytest.mark.parametrize("ehr", [Partial(), Careless()])
async def test_a_transaction_that_is_stored_in_part_is_unsafe(ehr: Sound) -> None:
    found = await raced(ehr, "transaction")
    assert (found.result, found.why) == ("unsafe", "partly-applied")
    assert (await raced(ehr, "if-match")).result == "safe"


@pytest.mark.parametrize("rung", RUNGS)
async def test_a_racy_server_is_unsafe_on_every_rung(rung: str) -> None:
    found = await raced(Racy(), rung)
    assert (found.result, found.rounds) == ("unsafe", 1)
    assert found.why in ("several-won", "several-created")


async def test_ignoring_if_none_match_is_seen_where_it_overwrites() -> None:
    found = await raced(Overwriting(), "if-none-match")
    assert (found.result, found.why) == ("unsafe", "condition-ignored")
    assert (await raced(Overwriting(), "if-match")).result == "safe"


@pytest.mark.parametrize("rung", ["if-match", "if-none-match"])
async def test_answers_alone_are_not_believed(rung: str) -> None:
    found = await raced(Lying(), rung)
    assert (found.result, found.why) == ("unsafe", "another-content-stored")


async def test_control_believing_the_answers_calls_a_liar_safe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(judging, "judge_repeat", lambda *_: None)
    monkeypatch.setattr("core.probe.races.judge_repeat", lambda *_: None)
    monkeypatch.setattr(judging, "_versions_between", lambda *_: 1)
    monkeypatch.setattr(judging, "entry_of", lambda _: None)
    monkeypatch.setattr(judging, "won", _believing)
    assert (await raced(Lying(), "if-match")).result == "safe"


def _believing(shots: list[judging.Shot], *statuses: int) -> list[judging.Shot]:
    found = [shot for shot in shots if shot.status in statuses]
    return [judging.Shot(None, shot.request, shot.response) for shot in found]  # type: ignore[arg-type]


async def test_a_stale_version_that_is_taken_from_a_single_request_is_unsafe() -> None:
    found = await raced(Forgetful(), "if-match")
    assert (found.result, found.why) == ("unsafe", "late-request-took-effect")


@pytest.mark.parametrize("rung", ["if-none-match", "if-none-exist"])
@pytest.mark.parametrize("status", [404, 405, 501])
async def test_an_interaction_that_is_not_there_is_not_offered(rung: str, status: int) -> None:
    found = await raced(Answering(status=status), rung)
    assert (found.result, found.why) == ("not-offered", "not-supported")


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("status", [None, 500, 503])
async def test_answers_that_tell_nothing_make_it_unclear_never_safe(
    rung: str, status: int | None
) -> None:
    assert (await raced(Answering(status=status), rung)).result == "unclear"


async def test_a_throttled_racer_makes_it_unclear() -> None:
    found = await raced(Throttling(), "if-none-match")
    assert (found.result, found.why) == ("unclear", "throttled")


async def test_scratch_resources_are_marked_and_about_nobody() -> None:
    ehr = Sound()
    course = Course(ehr, together, FakeIds(), 1)
    await run_rung(course, "if-none-exist", claimed=True)
    [stored] = ehr.versions.values()
    assert stored[0]["resourceType"] == "Basic" and stored[0]["code"] == {"text": WORDS}
    assert stored[0]["identifier"][0]["system"] == SYSTEM and "subject" not in stored[0]
    assert course.made == list(ehr.versions)
