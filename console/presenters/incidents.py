"""What the incident panel says of this moment, its freezes, and what one would stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

from textual.content import Content

from console.presenters.texts import foreign, hour, joined, lines, many, own, since
from console.widgets.rows import Column, Row
from core.incident.preview import Preview
from core.incident.summary import RATES, Frozen, Summary
from core.ledger.event import moment

FREEZE_COLUMNS = (
    Column("scope", "FROZEN", 20, share=1),
    Column("stops", "STOPS", 30),
    Column("by", "BY", 16),
    Column("age", "SINCE", 8),
)
_BARS = " ▁▂▃▄▅▆▇█"


def now_text(
    found: Summary, gateway: str, trouble: bool, now: datetime, zone: tzinfo | None
) -> Content:
    """Return the panel's first lines."""
    return lines(
        [
            *_wrong(found),
            *_incidents(found, now),
            *_health(found, gateway, now, zone, trouble=trouble),
            *_rates(found),
        ]
    )


def _wrong(found: Summary) -> Iterator[Content]:
    codes: dict[str, int] = {}
    for item in found.troubles:
        name = item.class_ if item.code == "discrepancy" and item.class_ else item.code
        codes[name] = codes.get(name, 0) + 1
    if not codes and found.incidents:
        yield joined(
            own(" NOW ", "bold reverse $error"),
            own(f"  {many(len(found.incidents), 'open incident')} on "
                f"{many(found.patients, 'patient')}", "bold"),
        )  # fmt: skip
        return
    if not codes:
        yield joined(own(" NOW ", "bold reverse"), "  nothing is wrong that this console knows of")
        return
    told = ", ".join(f"{count:,} {name}" for name, count in codes.items())
    yield joined(
        own(" NOW ", "bold reverse $error"), "  ", foreign(told, "bold"),
        own(f"  on {many(found.patients, 'patient')}"),
    )  # fmt: skip
    frozen = sum(item.stops.stopped for item in found.freezes)
    words = f"{many(len(found.freezes), 'freeze')} in force, {many(frozen, 'open change')} stopped"
    yield own(f"      {words if found.freezes else 'not contained: no freeze is in force'}")


MOST_INCIDENTS = 3
"""How many open incidents the panel lists; the rest is counted."""


def _incidents(found: Summary, now: datetime) -> Iterator[Content]:
    for row in found.incidents[:MOST_INCIDENTS]:
        patient = "1 patient" if row.patient_tag else "no one patient"
        yield joined(
            own("incident ", "bold $error"),
            foreign(row.category, "bold $error" if row.severity == "critical" else "bold"),
            own(f"  {row.severity}, {since(moment(row.at), now)} old, {patient}, "
                f"found by {row.source}"),
        )  # fmt: skip
    more = len(found.incidents) - MOST_INCIDENTS
    if more > 0:
        yield own(f"         and {many(more, 'more open incident')}: countersign incident list")


def _health(
    found: Summary, gateway: str, now: datetime, zone: tzinfo | None, *, trouble: bool
) -> Iterator[Content]:
    gateway = gateway.removeprefix("gateway: ")
    yield joined(own("gateway  ", "bold"), foreign(gateway, "bold $error" if trouble else ""))
    for name, (at, status) in found.receipts.items():
        answered = f"answered a write {since(moment(at), now)} ago ({hour(moment(at), zone)})"
        yield joined(
            own("EHR      ", "bold"), foreign(name), f"  {answered}, status {status or '—'}"
        )
    if found.failures:
        told = ", ".join(f"{name} {count:,}" for name, count in found.failures.items())
        yield joined(own("failures ", "bold"), foreign(told), own("  in the last hour"))
    unsent = found.states.get("ready-for-write", 0)
    waiting = found.states.get("pending-human-review", 0)
    yield joined(own("work     ", "bold"), own(f"{waiting:,} waiting, {unsent:,} not yet sent"))


def _rates(found: Summary) -> Iterator[Content]:
    windows = list(found.rates)
    yield own("         " + "".join(f"{name:>11}" for name in RATES), "dim")
    for name in windows:
        counts = "".join(f"{found.rates[name].get(rate, 0):>11,}" for rate in RATES)
        yield joined(own(f"{name:<9}", "bold"), own(counts))
    yield joined(
        own("proposed ", "bold"), own(bars(found.proposed)),
        own(f"  each 5 min, most {max(found.proposed, default=0):,}"),
    )  # fmt: skip


def bars(counts: Sequence[int]) -> str:
    """Return one character a count, as high as its share of the highest."""
    most = max(counts, default=0)
    if not most:
        return "." * len(counts)
    return "".join(
        _BARS[-(-count * (len(_BARS) - 1) // most)] if count else "." for count in counts
    )


def freeze_row(item: Frozen, now: datetime) -> Row[str]:
    """Return one line of the freezes in force."""
    return Row(
        item.row.id,
        {
            "scope": scope_words(item.scope),
            "stops": stops_words(item.stops),
            "by": item.row.by,
            "age": since(moment(item.row.at), now),
        },
        {"scope": "loud"},
    )


def scope_words(scope: Mapping[str, str]) -> str:
    """Return `agent scribe-1, type Condition`, or `everything`."""
    named = {key: value[:12] if key == "patient" else value for key, value in scope.items()}
    return ", ".join(f"{key} {value}" for key, value in named.items()) or "everything"


def stops_words(found: Preview) -> str:
    """Return what a scope matches, in words."""
    least = "" if found.whole else "at least "
    words = f"{least}{many(found.stopped, 'change')}, {many(found.patients, 'patient')}"
    return words + (f", {len(found.in_flight)} in flight" if found.in_flight else "")


def choice_text(scope: Mapping[str, str], found: Preview) -> Content:
    """Return one choice of the freeze dialog with what it would stop."""
    waiting = found.states.get("pending-human-review", 0)
    unsent = found.states.get("ready-for-write", 0)
    return joined(
        foreign(scope_words(scope), "bold"),
        own(f"  stops {stops_words(found)} ({waiting:,} waiting, {unsent:,} unsent)"),
    )
