"""`run [--once]`: sync with the hub, send what is approved, reconcile what was written."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

from console.bootstrap import Opened, open_here
from console.bootstrap.telling import tended
from console.commands.line import narrate
from console.commands.output import print_json, say
from console.heap import Heap
from core.errors import Conflict, Unreachable
from core.gateway.run import Round
from core.lifecycle import State
from core.records import BY_HAND

if TYPE_CHECKING:
    from console.session import SyncDone

UNREACHABLE = 6
LEASE_WAIT_S = 60.0
PAUSE_S = 5.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--once", action="store_true", help="one round, then stop")


def run(args: argparse.Namespace) -> int:
    """Be the gateway for one round, or until interrupted."""
    heap = Heap()
    with open_here(args) as opened:
        return asyncio.run(_rounds(opened, heap, once=args.once, as_json=args.json))


async def _rounds(opened: Opened, heap: Heap, *, once: bool, as_json: bool) -> int:
    with opened.lease(LEASE_WAIT_S) as epoch:
        while True:
            try:
                done, report = await one_round(opened, epoch)
            except (Unreachable, Conflict) as error:
                # A gateway that runs on must outlive a server that is away for a moment and another
                # process that holds the store: the next round begins with what this one left.
                if once:
                    raise
                narrate(f"{error}; it will be tried again")
            else:
                _print(done, report, as_json=as_json)
                if once:
                    _tell_by_hand(opened)
                    return UNREACHABLE if done.unreachable else 0
            heap.rest()
            await asyncio.sleep(PAUSE_S)


async def one_round(opened: Opened, epoch: int) -> tuple[Round, SyncDone | None]:
    """Do a round and say what could not be published."""
    async with tended(opened) as swept, opened.connected(gateway=True) as workspace:
        done, report = await opened.round(workspace, epoch)
        done.take(swept)
    if done.unpublished:
        narrate("the ledger's head could not be published to the EHR; it will be tried again")
    if report is not None and report.refused:
        narrate("the hub refuses this client; check its registration and scopes")
    return done, report


def _tell_by_hand(opened: Opened) -> None:
    """Say how much waits for a person and not for another round."""
    ready = opened.ledger.changes_in(State.READY)
    count = sum(change.rung == BY_HAND for change in ready)
    if count:
        narrate(f"{count} to be entered by hand: `countersign downtime list` says which")


def _print(done: Round, report: SyncDone | None, *, as_json: bool) -> None:
    synced = None if report is None else report.counts()
    if as_json:
        print_json({**asdict(done), "sync": synced})
        return
    counts = {**(synced or {}), **asdict(done)}
    told = ", ".join(f"{value} {key}" for key, value in counts.items() if value)
    say(told.replace("_", " ") or "nothing was due")
