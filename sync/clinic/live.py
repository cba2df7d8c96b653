"""The scripted agents at work: they sign what they propose and post it to the hub, case by case.

They hold the propose plane's client and keys of their own, and nothing else. The same seed proposes
the same in the same order. Source: hub-protocol §3, §6 step 1.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from core.canonical import JsonObject, Number, encode
from core.errors import Unreachable
from core.hub.task import PROPOSAL_SYSTEM, proposal_identifier, proposal_task
from core.ledger.event import instant
from core.ports import Clock, Ehr, Ids, OutcomeUnknown, Request
from core.statement import Signer, sign
from sync.clinic.cases import CASES, Case, variation
from sync.fhir import FhirClient, TokenSource
from sync.sandbox.clients import IssuedClient

SCOPE = "system/Task.cr"
MOST = 200
"""How many proposals come after the script."""
GAP_S = (15, 40)
AWAY_S = 5.0
PATIENCE = 30
"""How often an agent tries again, because its hub is away."""
ALTERED = "resubmission-altered"
Wait = Callable[[float], Awaitable[bool]]
"""Waits so many seconds; False when the clinic closes meanwhile."""


@dataclass
class Agents:
    """Every agent of the clinic, over one client of the propose plane."""

    hub: Ehr
    signers: Mapping[str, Signer]
    team: str
    clock: Clock
    ids: Ids
    posted: int = field(default=0, init=False)

    async def post(self, document: JsonObject, *, again: bool = False) -> None:
        """Sign a proposal and post its Task; with `again` also where that is there already.

        Raises Unreachable, OutcomeUnknown or Refused.
        """
        agent, correlation = str(document["agent"]["id"]), str(document["correlation_id"])
        now = instant(self.clock.now())
        payload: JsonObject = {
            "v": Number("1"), "team": self.team, "id": self.ids.uuid(), "at": now, **document,
        }  # fmt: skip
        statement = sign("proposal", payload, self.signers[agent])
        task = proposal_task(agent, correlation, statement.text, now)
        once = f"identifier={PROPOSAL_SYSTEM}|{proposal_identifier(agent, correlation)}"
        headers = {} if again else {"If-None-Exist": once}
        grant = await self.hub.grant(SCOPE)
        request = Request("POST", "Task", None, headers, encode(task))
        answer = await self.hub.send(request, grant, _nothing)
        if answer.status not in (200, 201):
            raise Unreachable(f"the hub answered a proposal with {answer.status}")
        self.posted += 1

    async def keep_posting(self, document: JsonObject, wait: Wait, *, again: bool = False) -> None:
        """Post, and try again while the hub is away; the condition makes that safe."""
        for _ in range(PATIENCE):
            try:
                await self.post(document, again=again)
            except (Unreachable, OutcomeUnknown):
                if not await wait(AWAY_S):
                    return
            else:
                return


@asynccontextmanager
async def at_work(
    base_url: str,
    token_url: str,
    client: IssuedClient,
    signers: Mapping[str, Signer],
    team: str,
    clock: Clock,
    ids: Ids,
) -> AsyncIterator[Agents]:
    """Yield the agents with their client of the propose plane; one event loop."""
    tokens = TokenSource(
        client.client_id, client.private_jwk, token_url, clock=clock, new_id=ids.uuid
    )
    async with FhirClient("hub", base_url, tokens, tokens) as hub:
        yield Agents(hub, signers, team, clock, ids)


def first_cases() -> list[Case]:
    """Return what is proposed before the first paint."""
    return [one for one in CASES if one.at == 0]


def later_cases() -> list[Case]:
    """Return what is proposed while the console is open, in order of time."""
    return sorted((one for one in CASES if one.at > 0), key=lambda one: one.at)


def stream(seed: int) -> Iterator[tuple[float, JsonObject]]:
    """Yield how long to wait and what to propose then, after the script; it ends by itself."""
    chance = random.Random(seed)  # noqa: S311  a script, not a secret
    for number in range(1, MOST + 1):
        yield chance.uniform(*GAP_S), variation(number, chance.randrange(10_000))


def _nothing() -> None:
    """Nothing guards the post of an agent."""
