"""What answers set going takes turns: between two of them the loop looks at its connections."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import closing

import pytest

from sync.fhir.channel import Channel, Outgoing
from sync.fhir.quiet import ROUNDS, Quiet
from sync.wire import httpx

URL = httpx.URL("https://ehr.example/fhir/Patient/p1")


class Rounds:
    """Counts the rounds of the running loop for as long as somebody asks."""

    def __init__(self) -> None:
        self.count = 0
        self._going = True

    def tick(self) -> None:
        self.count += 1
        if self._going:
            asyncio.get_running_loop().call_soon(self.tick)

    def stop(self) -> None:
        self._going = False


async def began(channel: Channel, asking: int) -> list[int]:
    """Return in which round of the loop what followed each answer began."""
    rounds, found = Rounds(), []

    async def one() -> None:
        await channel.fetch(Outgoing("GET", URL))
        found.append(rounds.count)

    rounds.tick()
    await asyncio.gather(*(one() for _ in range(asking)))
    rounds.stop()
    return found


def answering() -> Channel:
    return Channel("ehr", transport=httpx.MockTransport(lambda _: httpx.Response(200, json={})))


async def test_answers_that_came_together_are_worked_on_one_at_a_time() -> None:
    found = await began(answering(), 5)
    assert [later - sooner for sooner, later in itertools.pairwise(found)] == [ROUNDS + 1] * 4


async def test_control_without_turns_all_would_be_worked_on_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_wait(_self: Quiet) -> None:
        return

    monkeypatch.setattr(Quiet, "wait", no_wait)
    assert len(set(await began(answering(), 5))) == 1


async def test_who_gives_up_waiting_takes_no_turn() -> None:
    quiet, order = Quiet(), []

    async def one(name: str) -> None:
        await quiet.wait()
        order.append(name)

    tasks = [asyncio.create_task(one(name)) for name in "abc"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert order == ["a", "c"] and tasks[1].cancelled()
    # Nobody waits any more: the next one begins anew.
    await one("d")
    assert order == ["a", "c", "d"]


async def test_it_is_no_lock() -> None:
    quiet, never = Quiet(), asyncio.Event()

    async def stuck() -> None:
        await quiet.wait()
        await never.wait()

    held = asyncio.create_task(stuck())
    await asyncio.wait_for(quiet.wait(), 5)
    never.set()
    await held


def test_a_loop_that_ended_leaves_nobody_waiting_in_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sync.fhir.quiet.ROUNDS", 9)
    channel = answering()

    async def ask() -> int:
        return (await channel.fetch(Outgoing("GET", URL))).status

    def run_alone() -> int:
        """Run it in a loop that ends at once, before the round that would find nobody."""
        with closing(asyncio.new_event_loop()) as loop:
            asking = loop.create_task(ask())
            loop.call_later(5, asking.cancel)
            return loop.run_until_complete(asking)

    assert [run_alone() for _ in range(3)] == [200] * 3
