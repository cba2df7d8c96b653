"""What works with which personality: every deed through the whole loop, one cell each."""

from __future__ import annotations

import asyncio
import functools
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import stamps
from core.lifecycle import State
from core.records import BY_HAND
from core.review.byhand import Entry, enter
from core.review.content import read_content
from sync.sandbox.personality import play
from sync.sandbox.personality.choose import PRODUCTS
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART, DEEDS
from tests.personalities.place import Place, opened

PLAYED = tuple(PRODUCTS)


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
        return Cell(f"denied: {', '.join(codes)}", State.DENIED)
    id_ = staged.proposal.id
    place.approve(id_)
    await place.run()
    row = place.change(id_)
    if row.rung != BY_HAND:
        return Cell(_said(place, id_), row.state)
    assert row.state == State.READY, "what is entered by hand waits for the person who does"
    typed_in(place, id_)
    await place.run()
    state = place.change(id_).state
    return Cell(f"by hand: {state}", state)


def typed_in(place: Place, id_: str) -> None:
    """Do what a person does: type the change into the EHR's own screens, then say so."""
    row = place.change(id_)
    content = read_content(place.ledger, row)
    bare = stamps.bare(content.resource, content.base, row.operation)
    known = content.resource["id"] if content.base is not None else "typed-in"
    place.sandbox.store.put(row.type, str(known), bare, "PUT")
    enter(place.workspace, id_, 0, Entry(row.change_digest or ""))


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
