"""Each guard switched off alone must turn the simulation red: the proof that it can see.

A guard is switched off where it stands, by replacing it for the time of the runs. Two rows need a
server or a store that makes the difference show. Those of the team's hub have runs of their own.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from core.digests import fingerprint
from core.gateway import events
from core.gateway.readback import Found
from core.lifecycle import State
from core.ports import Request
from core.review.approval import Holding
from tests.sim import recovered, scene
from tests.sim import store as sim_store
from tests.sim.invariants import Violation
from tests.sim.network import USUAL, Faults
from tests.sim.say import say
from tests.sim.store import StoreDurable
from tests.sim.team import controls as team
from tests.sim.team import gateways
from tests.sim.world import Durable, Setting, simulate

MOST = 60
"""How many seeds a control may need to turn red."""


@dataclass(frozen=True)
class Control:
    """One guard, how to switch it off, and the server on which that shows."""

    name: str
    off: Callable[[ExitStack], None]
    personality: str = "plain"
    durable: Callable[[str], Durable] | None = None
    faults: Faults = USUAL
    crash_rate: float | None = None
    stages: bool = False
    """The guard acts when a proposal is staged, so what was staged before does not count."""
    runs: Callable[[int, str], list[Violation]] | None = None
    """Runs one seed on a server, where that is not `simulate`."""


@dataclass(frozen=True)
class Shown:
    """What a control showed."""

    control: Control
    red: int
    seeds: int
    codes: tuple[str, ...]
    first: int | None
    green: bool
    """The same seeds with the guard on show nothing."""


def _replace(stack: ExitStack, name: str, value: Any) -> None:
    holder, _, attribute = name.rpartition(".")
    stack.enter_context(patch.object(pkgutil.resolve_name(holder), attribute, value))


def _without_header(stack: ExitStack, header: str) -> None:
    from core.gateway import send

    true = send.write_request

    def bare(*args: Any) -> Request:
        request = true(*args)
        kept = {name: value for name, value in request.headers.items() if name != header}
        return replace(request, headers=kept)

    _replace(stack, "core.gateway.send.write_request", bare)


def _no_operation_id(stack: ExitStack) -> None:
    _replace(stack, "core.stamps.identify", lambda resource, _operation: resource)


def _no_read_back(stack: ExitStack) -> None:
    async def blind(workspace: Any, change: Any) -> None:
        events.resolve(workspace, change, State.READY, "blind")

    _replace(stack, "core.gateway.run.resolve", blind)


def _no_fresh_consent(stack: ExitStack) -> None:
    async def kept(*_: Any) -> None:
        """Believe what intake read."""

    _replace(stack, "core.gateway.refresh._check_consent", kept)


def _no_immediate(stack: ExitStack) -> None:
    class Deferred:
        def __init__(self, connection: Any):
            self._connection = connection

        def execute(self, statement: str, *given: Any) -> Any:
            return self._connection.execute(statement.replace("BEGIN IMMEDIATE", "BEGIN"), *given)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

    true = sim_store.connect
    _replace(stack, "tests.sim.store.connect", lambda *args: Deferred(true(*args)))


def _off(name: str, value: Any) -> Callable[[ExitStack], None]:
    return lambda stack: _replace(stack, name, value)


def _says(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value


def _same_bytes(sent: Any, stored: Any, _base_url: str, _maps: Any) -> bool:
    return fingerprint(sent) == fingerprint(stored)


async def _not_applied(*_: Any) -> Found:
    return Found("not-applied")


CONTROLS = (
    Control(
        "If-Match", lambda stack: _without_header(stack, "If-Match"),
        faults=Faults(duplicate=0.6),
    ),
    Control(
        "operation id", _no_operation_id, "post-only", faults=Faults(duplicate=0.5), stages=True
    ),
    Control("read-back", _no_read_back),
    Control("completer", _off("core.gateway.run.recover", _says(None)), crash_rate=0.03),
    Control(
        "list of what left before a freeze", _off("core.incident.freeze.IN_FLIGHT", ()),
        faults=Faults(lost_request=0.2, lost_response=0.5),
    ),
    Control(
        "transactions only where measured", _off("core.gateway.together.proven", _says(True)),
        "half-transaction", faults=Faults(duplicate=0.5),
    ),
    Control("freeze check", _off("core.gateway.guards.frozen_by", _says(None))),
    Control(
        "signature check", _off("core.gateway.guards.approvals_hold", _says(Holding((), None)))
    ),
    Control("fresh consent", _no_fresh_consent),
    Control("BEGIN IMMEDIATE", _no_immediate, durable=StoreDurable),
    Control(
        "lease (fencing)", _off("tests.sim.ledger.MemoryTransaction.holds_lease", _says(True)),
        faults=Faults(suspend=0.06, lost_request=0.3),
    ),
    Control(
        "wait for what may still land",
        _off("core.gateway.readback.may_still_land", _says(False)),
        "late-commit",
    ),
    Control(
        "what was deleted stays so",
        _off("core.gateway.readback._nothing_there", _not_applied),
        "deleting", faults=Faults(lost_response=0.5),
    ),
    Control(
        "meaning, not bytes, in read-back",
        _off("core.gateway.readback.is_ours", _same_bytes),
        "normaliser",
    ),
    Control(
        "head outside the store", _off("sync.store.anchor.check_extends", _says(None)),
        runs=recovered.violations,
    ),
    Control(
        "a restored store doubts", _off("core.gateway.restored._doubt", _says(False)),
        runs=recovered.violations,
    ),
    Control(
        "a restored store is frozen", _off("core.gateway.restored._freeze", _says("none")),
        runs=recovered.violations,
    ),
    *(
        Control(name, off, personality, runs=team.violations)
        for name, off, personality in team.CONTROLS
    ),
    *(
        Control(name, off, personality, runs=gateways.violations)
        for name, off, personality in team.GATEWAY_CONTROLS
    ),
)  # fmt: skip


@contextmanager
def switched_off(control: Control) -> Iterator[None]:
    """Switch one guard off; what was staged with it is forgotten afterwards."""
    with ExitStack() as stack:
        control.off(stack)
        if control.stages:
            _forget()
        try:
            yield
        finally:
            if control.stages:
                _forget()


def try_control(control: Control, most: int = MOST, *, all_seeds: bool = False) -> Shown:
    """Run seeds with the guard off until one is red, then up to five of them with it on."""
    setting = Setting(
        personality=control.personality, faults=control.faults, crash_rate=control.crash_rate
    )

    def run(seed: int) -> list[Violation]:
        if control.runs is not None:
            return control.runs(seed, control.personality)
        return simulate(seed, setting, control.durable).violations

    red, codes, first, seeds = 0, set(), None, 0
    with switched_off(control):
        for seed in range(most):
            seeds += 1
            found = run(seed)
            codes |= {item.code for item in found}
            red += bool(found)
            first = seed if found and first is None else first
            if found and not all_seeds:
                break
    green = not any(run(seed) for seed in range(seeds if all_seeds else min(seeds, 5)))
    return Shown(control, red, seeds, tuple(sorted(codes)), first, green)


def print_table(most: int = MOST, *, all_seeds: bool = False) -> bool:
    """Print one line a control; tell whether every guard proved to be needed."""
    say(f"{'guard switched off':<34}{'server':<14}{'red':>9}  first seed  what showed")
    whole = True
    for control in CONTROLS:
        shown = try_control(control, most, all_seeds=all_seeds)
        whole &= bool(shown.red) and shown.green
        count = f"{shown.red}/{shown.seeds}"
        first = "none" if shown.first is None else str(shown.first)
        on = "" if shown.green else "  NOT GREEN WITH IT ON"
        say(
            f"{control.name:<34}{control.personality:<14}{count:>9}  {first:>10}  "
            f"{', '.join(shown.codes)}{on}"
        )
    return whole


def _forget() -> None:
    for cached in (scene.template, scene._template, sim_store._staged):
        cached.cache_clear()
