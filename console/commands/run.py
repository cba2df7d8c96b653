"""`run [--once]`: send what is approved, resolve what is open, reconcile what was written."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict

from console.bootstrap import Opened, open_here
from console.commands.line import narrate
from console.commands.output import print_json, say
from core.gateway.run import Round, run_once

UNREACHABLE = 6
LEASE_WAIT_S = 60.0
PAUSE_S = 5.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--once", action="store_true", help="one round, then stop")


def run(args: argparse.Namespace) -> int:
    """Be the gateway for one round, or until interrupted."""
    with open_here(args) as opened:
        return asyncio.run(_rounds(opened, once=args.once, as_json=args.json))


async def _rounds(opened: Opened, *, once: bool, as_json: bool) -> int:
    with opened.lease(LEASE_WAIT_S) as epoch:
        while True:
            done = await one_round(opened, epoch)
            _print(done, as_json=as_json)
            if once:
                return UNREACHABLE if done.unreachable else 0
            await asyncio.sleep(PAUSE_S)


async def one_round(opened: Opened, epoch: int) -> Round:
    """Publish the ledger's head, do a round, publish again."""
    async with opened.connected() as workspace:
        published = await opened.publish(workspace)
        done = await run_once(workspace, epoch)
        published = await opened.publish(workspace) and published
    if not published:
        done.unreachable = True
        narrate("the ledger's head could not be published to the EHR; it will be tried again")
    return done


def _print(done: Round, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(done))
        return
    told = ", ".join(f"{value} {key}" for key, value in asdict(done).items() if value)
    say(told.replace("_", " ") or "nothing was due")
