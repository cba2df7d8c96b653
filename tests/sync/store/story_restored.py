"""The part of the story in which an older state of the store is in use again."""

from __future__ import annotations

from core.gateway.restored import LostHead, Searched, recover
from core.incident.freeze import lift
from core.incident.incidents import close_incident
from tests.builders import Bench, problem_of
from tests.core.gateway.scenario import run, staged


async def went_on_after_a_restore(bench: Bench) -> None:
    """Let an admin give up a head, and what it forgot go back to review."""
    await staged(bench, problem_of("3003"), evidence=[], correlation_id="before-the-restore")
    head = LostHead("the EHR's register", 9_999, "a head over events that are lost")
    done = recover(bench.workspace, [head], Searched((), ()), "the disk died")
    lift(bench.workspace, done.freeze, "compared")
    close_incident(bench.workspace, done.incident, "compared")
    bench.clock.advance(minutes=3)
    await run(bench)
