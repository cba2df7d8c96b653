"""What works with which personality: every deed through the whole loop, one cell each."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.lifecycle import State
from sync.sandbox.personality import play
from sync.sandbox.personality.choose import PRODUCTS
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART, DEEDS
from tests.personalities.place import Place, opened

PLAYED = tuple(PRODUCTS)
NO_ROAD = "no-safe-write"


@dataclass(frozen=True)
class Cell:
    """What became of one deed: the words of the table, and the state behind them."""

    said: str
    state: str


@functools.cache
def table() -> dict[str, dict[str, Cell]]:
    """Return the outcome of every deed with every product, by deed and product."""
    return asyncio.run(_table())


async def _table() -> dict[str, dict[str, Cell]]:
    return {
        deed: {name: await cell(name, change) for name in PLAYED} for deed, change in DEEDS.items()
    }


async def cell(name: str, change: dict[str, Any]) -> Cell:
    """Carry one deed through the loop in a workspace of its own."""
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder:
        manner = play(name, clock.now)
        async with opened(Path(folder), name, manner, clock, CHART) as place:
            return await outcome(place, change)


async def outcome(place: Place, change: dict[str, Any]) -> Cell:
    """Propose, approve, send, reconcile; return what became of it."""
    staged = await place.propose(change)
    if staged.outcome != "review":
        codes = [reason["code"] for reason in staged.reasons]
        said = "manual entry" if NO_ROAD in codes else f"denied ({', '.join(codes)})"
        return Cell(said, State.DENIED)
    id_ = staged.proposal.id
    place.approve(id_)
    await place.run()
    row = place.change(id_)
    return Cell(_said(place, id_), row.state)


def _said(place: Place, id_: str) -> str:
    row = place.change(id_)
    fence = " (unfenced)" if row.rung == "search-around" else ""
    if row.state == State.VERIFIED:
        return f"verified: {_class(place, id_)}{fence}"
    if row.state == State.EXCEPTION:
        (first, *_) = place.ledger.exceptions(id_, 0)
        kind = "" if first.kind == "discrepancy" else f" ({first.kind})"
        return f"exception: {first.class_ or first.kind}{kind if first.class_ else ''}{fence}"
    failed = place.ledger.failure(row.operation)
    if failed is not None:
        code = "" if failed.code is None else f", code {failed.code}"
        return f"{row.state}: {failed.failure}{code}{fence}"
    return f"{row.state}{fence}"


def _class(place: Place, id_: str) -> str:
    trail = place.ledger.trail(id_)
    found = [one.leaf for one in trail if one.leaf["type"] == "reconciliation.recorded"]
    return str(found[-1]["data"]["class"])
