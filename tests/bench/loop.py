"""How long the screen's event loop stands still while 10,000 Tasks sync beside it.

The console as a user runs it, headless: its own thread is the gateway and pulls from a sandbox in
a process of its own. A beat every few milliseconds on the loop tells how late the loop came.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.adoption import adopt
from tests.bench import ours
from tests.bench.tasks import AGENT, signer
from tests.fakes import FakeEhr

BEAT_S = 0.005
MOST_S = 0.05


def gaps() -> tuple[list[float], int]:
    """Return the seconds between two beats, sorted, and how many Tasks were taken in."""
    with _served() as base_url, tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "clinic"
        env = ours.make(place, base_url)
        with ours.opened(place) as opened:
            _enrol(opened)
        command = [sys.executable, "-m", "tests.bench.loop", str(place)]
        done = subprocess.run(
            command, env={**os.environ, **env}, check=True, stdout=subprocess.PIPE, text=True
        )
    found = json.loads(done.stdout)
    return sorted(found["gaps"]), found["tasks"]


@contextmanager
def _served() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.tasks"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def _enrol(opened: ours.Opened) -> None:
    key = signer()
    text = opened.folder.ledger.config("roster").document
    entry = f'[[agents]]\nid = "{AGENT}"\nkeys = [{{kid = "{key.kid}", x = "{key.x}"}}]\n'
    adopt(opened.with_ehr(FakeEhr()), "roster", f"{text}\n{entry}")


def run(place: str) -> None:
    """Run the console until its first round ended; print the gaps and the Tasks taken in."""
    from console.app import ConsoleApp
    from console.bootstrap import open_here
    from console.heap import Heap

    with open_here(argparse.Namespace(workspace=Path(place))) as found:
        app = ConsoleApp(found, rest=Heap().rest)
        found_gaps = asyncio.run(_beaten(app))
        count = found.folder.connection.execute("SELECT count(*) FROM seen_task").fetchone()[0]
        sys.stdout.write(json.dumps({"gaps": found_gaps, "tasks": count}))


async def _beaten(app: object) -> list[float]:
    from console.app import ConsoleApp

    assert isinstance(app, ConsoleApp)
    found: list[float] = []
    async with app.run_test(size=(120, 40)):
        app.start_round()
        last = time.perf_counter()
        while app.gateway.running:
            await asyncio.sleep(BEAT_S)
            now = time.perf_counter()
            found.append(now - last)
            last = now
    return found


if __name__ == "__main__":
    run(sys.argv[1])
