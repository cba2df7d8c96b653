"""Every step of the decision protocol, with a failure at each call of the hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from core.errors import Unreachable
from core.hub.deciding import Result, dispatch, push, recall, withdraw
from core.hub.filing import file
from tests.core.hub.steps import (
    DONE,
    EMPTY,
    HI,
    add,
    approved,
    kinds,
    placed,
    pushes,
)
from tests.hub import FakeHub
from tests.team import Team


@pytest.fixture
def team() -> Team:
    return Team()


@pytest.mark.parametrize("act", DONE)
@pytest.mark.parametrize("fault", ["lost request", "lost response", "lost race"])
async def test_every_step_survives_a_failure_at_each_call(team: Team, act: str, fault: str) -> None:
    """One call fails, the same step is done again, and its effect is there once."""
    for nth in range(1, 40):
        hub = placed(team)
        await approved(team, hub)
        kept = {"recall": team.recall("dr-lee"), "withdraw": team.withdrawal(),
                "dispatch": team.dispatch()}[act]  # fmt: skip
        before = hub.calls
        broken = Breaking(hub, fault, nth)
        step = STEPS[act]
        try:
            found = await step(team, broken, kept)
        except Unreachable:
            found = await step(team, broken, kept)
        assert found.status == DONE[act], (nth, found.status)
        assert kinds(hub).count(act) == 1
        if not broken.broke:
            assert nth > 1 and hub.calls > before
            return
    raise AssertionError("never ran through")


@pytest.mark.parametrize("fault", ["lost request", "lost response", "lost race"])
async def test_a_decision_survives_a_failure_at_each_call(team: Team, fault: str) -> None:
    for nth in range(1, 40):
        hub = placed(team)
        await pushes(team, hub, "dr-lee", team.decision("dr-lee"))
        text = team.decision("dr-roy")
        broken = Breaking(hub, fault, nth)
        again = False
        while True:
            try:
                await file(broken, "Task/1", "decision", [text], again=again)
                found = await push(team.party(broken, "dr-roy"), team.slot, text, EMPTY)
                break
            except Unreachable:
                again = True
        assert found.status == "effective" and kinds(hub).count("final") == 1
        assert kinds(hub).count("decision") == 2 and len(hub.provenances) == 1
        if not broken.broke:
            return
    raise AssertionError("never ran through")


class Breaking:
    """A hub whose `nth` call fails in one way."""

    def __init__(self, hub: FakeHub, fault: str, nth: int):
        self._hub, self._fault, self._left = hub, fault, nth
        self.broke = False

    def __getattr__(self, name: str) -> object:
        true = getattr(self._hub, name)

        async def call(*args: object) -> object:
            self._left -= 1
            if self._left:
                return await true(*args)
            self.broke = True
            if self._fault == "lost race" and name == "replace":
                add(self._hub, ("note", "somebody else's"))
                return await true(*args)
            if self._fault != "lost request":
                await true(*args)
            raise Unreachable("lost")

        return call


STEPS: dict[str, Callable[[Team, object, str], Awaitable[Result]]] = {
    "recall": lambda team, hub, text: recall(team.party(hub, "dr-lee"), team.slot, text, EMPTY),
    "withdraw": lambda team, hub, text: withdraw(
        team.party(hub, "gateway"), team.slot, text, EMPTY
    ),
    "dispatch": lambda team, hub, text: dispatch(
        team.party(hub, "gateway"), team.slot, text, EMPTY, HI
    ),
}  # type: ignore[dict-item]
