"""What a team needs of the hub's client: create, one version, the history, Provenance about it."""

from __future__ import annotations

import httpx
import pytest

from core.errors import Refused, Unreachable
from core.hub.filing import carried_in, provenance_of
from core.hub.task import Carried
from sync.hub.client import HubClient
from sync.sandbox import Sandbox
from tests.hub import HubAgent
from tests.sync.hub.test_client import BASE, answer, bundle, client, hub, place, task
from tests.team import Team

__all__ = ["hub", "place"]
DECISION = Team().decision("dr-lee")


async def test_what_a_team_needs_of_a_real_server(
    place: tuple[Sandbox, str], hub: HubClient
) -> None:
    reference = await hub.create(HubAgent().task())
    for status in ("received", "accepted"):
        held = await hub.read(reference)
        assert held is not None
        await hub.replace(held, {**held.resource, "status": status})
    found = await hub.history(reference)
    assert [(one.version, one.resource["status"]) for one in found] == [
        ("1", "requested"), ("2", "received"), ("3", "accepted"),
    ]  # fmt: skip
    second = await hub.version(reference, "2")
    assert second is not None and (second.version, second.resource) == ("2", found[1].resource)
    assert await hub.version(reference, "4") is None
    assert await hub.about(reference) == []
    made = await hub.create(provenance_of(reference, "decision", [DECISION]))
    assert [one.reference for one in await hub.about(reference)] == [made]
    assert carried_in(await hub.about(reference)) == [Carried("decision", DECISION)]


async def test_a_server_without_vread_and_one_that_does_not_say_where() -> None:
    async with client(lambda _: answer(405, {})) as hub:
        assert await hub.version("Task/a", "1") is None
    async with client(lambda _: answer(201, {})) as hub:
        with pytest.raises(Unreachable):
            await hub.create(task("a"))
    async with client(lambda _: answer(422, {"name": "Synthetic"})) as hub:
        with pytest.raises(Refused) as caught:
            await hub.create(task("a"))
    assert "Synthetic" not in str(caught.value)


async def test_a_history_of_several_pages() -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        if "page" in request.url.params:
            return bundle(task("a", "1"))
        return bundle(task("a", "3"), task("a", "2"), following=f"{BASE}/Task/a/_history?page=2")

    async with client(answers) as hub:
        assert [one.version for one in await hub.history("Task/a")] == ["1", "2", "3"]


async def test_a_history_is_in_the_order_of_its_versions_where_those_are_numbers() -> None:
    """A server lists by the time of each, and may number two at once the other way round."""
    async with client(lambda _: bundle(task("a", "9"), task("a", "10"), task("a", "8"))) as hub:
        assert [one.version for one in await hub.history("Task/a")] == ["8", "9", "10"]
    async with client(lambda _: bundle(task("a", "q"), task("a", "10"))) as hub:
        assert [one.version for one in await hub.history("Task/a")] == ["10", "q"]
