"""From the start of a process to the painted queue, against the plainest app of the same stack.

Both run as whole processes without a terminal, show the same number of rows, and end as soon as
they were painted. Ours opens an encrypted workspace with a passphrase of the usual cost.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core.intake.stage import stage
from tests.bench import bare, ours
from tests.builders import chart, document, phone_change, proposal
from tests.fakes import FakeEhr

ROWS = 20
PAIRS = 9


def ratios() -> list[float]:
    """Return our seconds over the baseline's, pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        workspace, database = Path(folder) / "clinic", Path(folder) / "bare.db"
        env = ours.make(workspace)
        with ours.opened(workspace) as opened:
            asyncio.run(fill(opened, ROWS))
        bare.fill(str(database), ROWS)
        _seconds("tests.bench.ours", str(workspace), env)
        _seconds("tests.bench.bare", str(database), env)
        return [
            _seconds("tests.bench.ours", str(workspace), env)
            / _seconds("tests.bench.bare", str(database), env)
            for _ in range(PAIRS)
        ]


async def fill(opened: ours.Opened, count: int) -> None:
    """Stage some changes as agents would."""
    workspace = opened.with_ehr(chart(FakeEhr()))
    for number in range(count):
        await stage(workspace, document(proposal(phone_change(), correlation_id=f"c-{number}")))


def _seconds(module: str, argument: str, env: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", module, argument], env={**os.environ, **env}, check=True)
    return time.perf_counter() - begun
