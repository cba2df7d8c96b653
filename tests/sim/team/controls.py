"""The guards of the decision protocol, each switched off where it stands.

Without If-Match the order of versions still decides for everybody, and what is overwritten is put
back: that is what the racy server shows. What is then wrong on a fair server is the alarm.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Collection
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from core.hub import lease
from core.hub.fold import Said, Slot
from core.hub.trail import APPROVED, PARKED, RECALLED, WITHDRAWN, Standing, Trail
from core.ports_hub import Held
from tests.sim.invariants import Violation
from tests.sim.team.gateways import Gateway
from tests.sim.team.hub import TeamHub
from tests.sim.team.world import simulate_team

Off = Callable[[ExitStack], None]


def _replace(stack: ExitStack, name: str, value: Any) -> None:
    holder, _, attribute = name.rpartition(".")
    stack.enter_context(patch.object(pkgutil.resolve_name(holder), attribute, value))


def _newest_only(stack: ExitStack) -> None:
    async def newest(_hub: Any, held: Held, _trail: Trail) -> Trail:
        return Trail().then(held)

    _replace(stack, "core.hub.look.follow", newest)


def _no_if_match(stack: ExitStack) -> None:
    async def put(hub: TeamHub, held: Held, resource: Any, _racing: float) -> None:
        hub.store(held.reference, resource)

    _replace(stack, "tests.sim.team.hub.TeamHub.put", put)


def _votes_not_people(stack: ExitStack) -> None:
    def by_vote(votes: Collection[Said], slot: Slot) -> bool:
        return sum(vote.outcome == "approve" for vote in votes) >= slot.quorum

    _replace(stack, "core.hub.fold.has_quorum", by_vote)


def _sends_in(*states: str) -> Off:
    def sendable(now: Standing) -> bool:
        return now.state in states

    return lambda stack: _replace(stack, "core.hub.trail.Standing.sendable", property(sendable))


def _as_listed(stack: ExitStack) -> None:
    _replace(stack, "core.hub.look._ordered", lambda listed: listed)


def _nothing(name: str) -> Off:
    return lambda stack: _replace(stack, name, lambda *_: [])


CONTROLS: tuple[tuple[str, Off, str], ...] = (
    ("confirm-by-history", _newest_only, "racy"),
    ("If-Match of the finaliser", _no_if_match, "fair"),
    ("quorum of distinct people", _votes_not_people, "fair"),
    ("recall before dispatch", _sends_in(APPROVED, RECALLED, WITHDRAWN), "fair"),
    ("late objection", _sends_in(APPROVED, PARKED), "fair"),
    ("union of what was dropped", _nothing("core.hub.deciding.lost"), "rewriter"),
    ("finaliser of what was filed", _nothing("core.hub.filing.carried_in"), "fair"),
    ("an order that is proved", _as_listed, "opaque-ticks"),
)
"""Name, how to switch it off, and the server on which it shows."""


def _off(name: str, value: Any) -> Off:
    return lambda stack: _replace(stack, name, value)


def _says(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value


def _no_flights(stack: ExitStack) -> None:
    true = lease.heartbeat

    async def bare(*given: Any) -> Any:
        *kept, _flying, phase = given
        return await true(*kept, (), phase)

    _replace(stack, "core.hub.lease.heartbeat", bare)


def _counts_waking_only(gateway: Gateway) -> float:
    return gateway.world.loop.time() - gateway.wire.slept


GATEWAY_CONTROLS: tuple[tuple[str, Off, str], ...] = (
    ("age of the head", _off("core.hub.sending.head_is_old", _says(False)), "fair"),
    ("freezes of the head", _off("core.hub.sending.is_frozen", _says(False)), "fair"),
    ("age of the lease", _off("core.hub.sending.sends_until", _says(float("inf"))), "fair"),
    (
        "a counter that counts sleep",
        _off("tests.sim.team.gateways.Gateway.counter", _counts_waking_only), "fair",
    ),
    ("a taker waits", _off("core.hub.lease.may_take", _says(True)), "fair"),
    ("confirmed by the head it names", _off("core.hub.lease.confirms", _says(True)), "fair"),
    ("flights in the heartbeat", _no_flights, "fair"),
)  # fmt: skip
"""Those of freezes and the lease, which have a world of their own."""


def violations(seed: int, personality: str) -> list[Violation]:
    """Return what one run on a server breaks."""
    return simulate_team(seed, personality).violations
