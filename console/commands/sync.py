"""`sync`: bring in what agents proposed through the hub, and bring it what became of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from console.bootstrap import Opened, open_here
from console.commands.line import narrate
from console.commands.output import print_json, say
from console.watch import Watch
from core.errors import BadInput

if TYPE_CHECKING:
    from console.session import SyncDone

UNREACHABLE = 6
LEASE_WAIT_S = 60.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "--full", action="store_true", help="compare everything, not only what is newer"
    )


def run(args: argparse.Namespace) -> int:
    """Sync once; interrupting it is safe, and the next sync goes on where this one stopped."""
    with open_here(args) as opened:
        return asyncio.run(_sync(opened, full=args.full, as_json=args.json))


async def _sync(opened: Opened, *, full: bool, as_json: bool) -> int:
    with opened.lease(LEASE_WAIT_S):
        async with opened.connected() as workspace, opened.hub_sync(workspace, _Told()) as engine:
            if engine is None:
                raise BadInput(
                    "this workspace has no client to talk to the hub with",
                    field="ehr.clients.approve",
                    remedy="Make the workspace with `init --clients`, which names all four",
                )
            await engine.pull(full=full)
            await engine.push(all_waiting=True)
            report = engine.report
    print_report(report, as_json=as_json)
    return UNREACHABLE if report.unreachable else 0


def print_report(report: SyncDone, *, as_json: bool) -> None:
    """Print what a sync did."""
    if as_json:
        print_json(report.counts())
        return
    told = [f"{value} {name}" for name, value in report.counts().items() if type(value) is int]
    say(", ".join(item for item in told if not item.startswith("0 ")) or "nothing was new")
    if report.refused:
        narrate("the hub refuses this client; check its registration and scopes, then `login`")
    elif report.unrefreshed:
        narrate("the chart context could not be refreshed; what is shown of it may be older")
    if report.unreachable and not report.refused:
        narrate("not everything could be reached; what is due will be tried again")


class _Told(Watch):
    """Shows how far it is, where a person watches."""

    def tell(self, pulled: int, admitted: int, pushed: int) -> None:
        """Write it over the last line."""
        super().tell(pulled, admitted, pushed)
        if sys.stderr.isatty() and self.words:
            sys.stderr.write(f"\r\x1b[K{self.words}")
            sys.stderr.flush()
