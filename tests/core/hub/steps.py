"""What the tests of the decision protocol share: a Task on a hub, and acting on it."""

from __future__ import annotations

from datetime import UTC, datetime

from core.hub.deciding import Result, confirm, push
from core.hub.task import Carried, outputs
from core.hub.trail import Trail
from core.statement import peek
from tests.hub import FakeHub
from tests.team import Team, bearing

HI = datetime(2026, 11, 23, 10, tzinfo=UTC)
EMPTY = Trail()
DONE = {"recall": "recalled", "withdraw": "withdrawn", "dispatch": "dispatched"}


def placed(team: Team, hub: FakeHub | None = None) -> FakeHub:
    """Return a hub with the team's Task, admitted."""
    hub = FakeHub() if hub is None else hub
    hub.post(team.proposed())
    add(hub, ("admission", team.admission()))
    return hub


def add(hub: FakeHub, *outputs_: tuple[str, str]) -> None:
    hub.store("Task/1", bearing(hub.current("Task/1"), *outputs_))


def overwrite(hub: FakeHub, over: int, *outputs_: tuple[str, str]) -> None:
    """Store what a racing PUT over version `over` would: it drops what came after that."""
    hub.store("Task/1", bearing(hub.tasks["Task/1"][over - 1], *outputs_))


async def pushes(team: Team, hub: FakeHub, by: str, text: str) -> Result:
    return await push(team.party(hub, by), team.slot, text, EMPTY)


async def state(team: Team, hub: FakeHub, *filed: Carried) -> str:
    return (await confirm(team.party(hub, "gateway"), team.slot, EMPTY, filed)).status


async def approved(team: Team, hub: FakeHub) -> None:
    for name in ("dr-lee", "dr-roy")[: team.quorum]:
        await pushes(team, hub, name, team.decision(name))
    assert await state(team, hub) == "approved"


def kinds(hub: FakeHub) -> list[str]:
    return [one.kind for one in outputs(hub.current("Task/1"))]


def id_of(text: str) -> str:
    return str(peek(text)["id"])
