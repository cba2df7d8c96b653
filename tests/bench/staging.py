"""How many proposals a second are staged: one update and one create with a quote each."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from core.intake.stage import stage
from tests.builders import Bench, document, proposal

COUNT = 200


def rate() -> float:
    """Return proposals a second over COUNT of them, with a fake EHR that answers at once."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        bench = Bench(Path(folder))
        found = [document(proposal(correlation_id=f"c-{number}")) for number in range(COUNT)]

        async def all_of_them() -> None:
            for item in found:
                await stage(bench.workspace, item)

        begun = time.perf_counter()
        asyncio.run(all_of_them())
        return COUNT / (time.perf_counter() - begun)
