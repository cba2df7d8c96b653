"""The chart context: what open proposals rest on, as the EHR has it now, to be there offline.

No more than needed: the patients, targets and sources that open proposals name, and the chart
around their medicines; what none needs any more is deleted. It is a cache: bases and evidence that
were judged stand in the ledger, and a write reads everything afresh. Source: design §5, §11.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.beside import medication
from core.canonical import JsonObject, encode
from core.errors import Refused, Unreachable
from core.ledger.event import instant, moment, read_body
from core.lifecycle import OPEN
from core.ports import Ehr, Fetched, Reads
from core.records import ChangeRow
from sync.store.connection import Connection

BATCH = 500
"""How many resources one search asks for."""
OVERLAP = timedelta(hours=1)
"""The cursor is this machine's time, and the EHR's clock may be another."""


@dataclass(frozen=True, slots=True)
class ContextDone:
    """What a refresh did."""

    fetched: int = 0
    gone: int = 0
    dropped: int = 0
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class ContextRow:
    """A resource as it was last seen; `resource` is None when it is gone."""

    version: str
    fetched: str
    gone: bool
    resource: JsonObject | None


def context_of(connection: Connection, ehr: str, reference: str) -> ContextRow | None:
    """Return what is kept of a resource, or None."""
    found = connection.execute(
        "SELECT version, fetched, gone, body FROM context WHERE ehr = ? AND reference = ?",
        (ehr, reference),
    ).fetchone()
    if found is None:
        return None
    version, fetched, gone, body = found
    return ContextRow(version, fetched, bool(gone), None if body is None else read_body(body))


async def refresh_context(
    connection: Connection,
    reads: Reads,
    ehrs: Mapping[str, Ehr],
    now: datetime,
    full: bool,
) -> ContextDone:
    """Ask each EHR for what changed of what open proposals rest on, and forget the rest.

    With `full` everything is asked for again, and what is not found is read once more before it
    counts as gone. What an EHR withholds stays as it was.
    """
    wanted = _wanted(reads)
    total = ContextDone(dropped=_drop(connection, wanted))
    for name, ehr in ehrs.items():
        by_type: dict[str, list[str]] = defaultdict(list)
        for reference in sorted(wanted.get(name, ())):
            by_type[reference.partition("/")[0]].append(reference)
        for type_, references in by_type.items():
            try:
                done = await _refresh_type(connection, ehr, type_, references, now, full=full)
            except (Unreachable, Refused):
                return ContextDone(total.fetched, total.gone, total.dropped, unreachable=True)
            total = ContextDone(total.fetched + done.fetched, total.gone + done.gone, total.dropped)
    return total


async def _refresh_type(
    connection: Connection,
    ehr: Ehr,
    type_: str,
    references: Sequence[str],
    now: datetime,
    *,
    full: bool,
) -> ContextDone:
    place = f"context.{ehr.name}.{type_}"
    known = _known(connection, ehr.name)
    since = None if full else _cursor(connection, place)
    new = [reference for reference in references if reference not in known or since is None]
    old = [] if since is None else [reference for reference in references if reference in known]
    found: list[Fetched] = []
    for batch in _batches(new):
        found += await ehr.search(type_, {"_id": _ids(batch), "_count": str(BATCH)})
    for batch in _batches(old):
        assert since is not None  # noqa: S101  without a cursor everything is new
        newer = f"ge{instant(since - OVERLAP)}"
        found += await ehr.search(
            type_, {"_id": _ids(batch), "_lastUpdated": newer, "_count": str(BATCH)}
        )
    gone: list[str] = []
    for reference in sorted(set(new) - {item.reference for item in found}):
        # A search alone is never believed that something is not there.
        item = await ehr.read(reference)
        if item is None:
            gone.append(reference)
        else:
            found.append(item)
    # Without a version nothing tells whether it is the one that is kept.
    fresh = [one for one in found if not one.version or known.get(one.reference) != one.version]
    _store(connection, ehr.name, place, fresh, gone, now)
    return ContextDone(len(fresh), sum(known.get(one) != "" for one in gone))


def _store(
    connection: Connection,
    ehr: str,
    place: str,
    fresh: Sequence[Fetched],
    gone: Sequence[str],
    now: datetime,
) -> None:
    """Keep what came and move the cursor, in one transaction."""
    at = instant(now)
    rows: list[tuple[object, ...]] = [
        (ehr, item.reference, item.version, at, 0, encode(item.resource)) for item in fresh
    ]
    rows += [(ehr, reference, "", at, 1, None) for reference in gone]
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(
            "INSERT OR REPLACE INTO context (ehr, reference, version, fetched, gone, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
        connection.execute(
            "INSERT INTO cursor (place, since) VALUES (?, ?)"
            " ON CONFLICT (place) DO UPDATE SET since = excluded.since",
            (place, at),
        )
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _wanted(reads: Reads) -> dict[str, set[str]]:
    """Return EHR → references that the open proposals rest on."""
    found: dict[str, set[str]] = defaultdict(set)
    open_ones: dict[str, list[ChangeRow]] = defaultdict(list)
    for change in reads.changes_in(*sorted(OPEN)):
        open_ones[change.proposal].append(change)
    for id_, changes in open_ones.items():
        proposal = reads.proposal(id_)
        if proposal is None:
            continue
        references = found[proposal.ehr]
        references.update(change.target for change in changes if change.target)
        if proposal.patient:
            references.add(proposal.patient)
        references.update(_sources(reads, proposal.body_seq))
        for change in changes:
            references.update(_around(reads, change))
    return found


def _sources(reads: Reads, seq: int) -> Iterable[str]:
    entry = reads.entry(seq)
    evidence = [] if entry is None or entry.body is None else entry.body.get("evidence") or []
    return {str(item["source"]) for item in evidence}


def _around(reads: Reads, change: ChangeRow) -> Iterable[str]:
    """Return what the chart holds around a medicine, as it was found at intake."""
    if change.type not in medication.TYPES:
        return ()
    entry = reads.entry(change.body_seq)
    beside = None if entry is None or entry.body is None else entry.body.get("beside")
    return medication.references((beside or {}).get("medication"))


def _drop(connection: Connection, wanted: Mapping[str, set[str]]) -> int:
    """Delete what no open proposal needs; a chart is not kept longer than it is of use."""
    there = connection.execute("SELECT ehr, reference FROM context").fetchall()
    idle = [(ehr, one) for ehr, one in there if one not in wanted.get(ehr, ())]
    if idle:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany("DELETE FROM context WHERE ehr = ? AND reference = ?", idle)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    return len(idle)


def _known(connection: Connection, ehr: str) -> dict[str, str]:
    found = connection.execute("SELECT reference, version FROM context WHERE ehr = ?", (ehr,))
    return dict(found.fetchall())


def _cursor(connection: Connection, place: str) -> datetime | None:
    found = connection.execute("SELECT since FROM cursor WHERE place = ?", (place,)).fetchone()
    return None if found is None else moment(found[0])


def _batches(references: Sequence[str]) -> Iterable[Sequence[str]]:
    return (references[start : start + BATCH] for start in range(0, len(references), BATCH))


def _ids(references: Sequence[str]) -> str:
    return ",".join(reference.partition("/")[2] for reference in references)
