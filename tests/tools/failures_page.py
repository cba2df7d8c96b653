"""The reference page of what can go wrong with a write, from the tables themselves."""

from __future__ import annotations

from collections.abc import Iterable

from core.failure.classes import GUIDE
from core.failure.dialect import parse_dialect
from core.failure.table import ISSUES, STATUSES, Row, Span
from sync.profiles import NAMES, load_profile

_INTRO = """\
# When a write fails

What an EHR answers to a write falls under one class, and each class has one action. This page is
written from the tables in the code (`core/failure/`) and from the EHR profiles (`sync/profiles/`).
`countersign exceptions`, `show` and the console say the words and the remedy, and when something is
done about it; `--json` has the class under `failure`.

Where rows disagree, anything after the first byte without a clear answer is ambiguous (408 and
every 5xx, also with a Retry-After); then the row of a single code counts before the row of a
range; then the more cautious class. A vendor's own code counts before the status, but makes no 5xx
certain. An answer that no row knows is `outcome-unknown`, never a success.
"""
_WINDOWS = {"minute": "to the minute's end", "day": "to midnight UTC", "next-day": "for a day"}
_DEAD = """\
## Dead letters

A write that is not tried again by itself: its token was refused twice, its one retry or its five
attempts are used up, or the EHR asked for fewer requests for three days. What rests on it waits.

- `dead-letters show ID` (or the exceptions screen) shows every attempt and what waits for it.
- `dead-letters replay ID` (`R`) has it sent again as the same operation. The chart is read first;
  what came late is found and not written twice. It gets one more attempt, with every guard.
- `dead-letters review ID` (`B`) sends it, or a refused write, back to review; its approvals are
  void.
- `dead-letters close ID` (`C`) closes it: it is never written, its agent is told, and what rests on
  it goes back to review.
"""


def failures_page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRO, "## Classes", _classes(), "## Any FHIR R4 server", _rows((*STATUSES, *ISSUES))]
    for name in NAMES:
        dialect = parse_dialect(load_profile(name))
        if dialect.rows:
            parts += [f"## {name}", *_success(dialect.success), _rows(dialect.rows)]
    return "\n\n".join([*(part.strip() for part in parts), _DEAD.strip()]) + "\n"


def _success(numbers: frozenset[str]) -> Iterable[str]:
    if numbers:
        yield (
            "Success is told by a number in the body, not by the HTTP status: "
            f"{', '.join(sorted(numbers))}. Any other that no row names is `outcome-unknown`."
        )


def _classes() -> str:
    lines = ["| class | action | what a reviewer reads | remedy |", "|---|---|---|---|"]
    lines += [
        f"| `{failure}` | {str(one.action).replace('-', ' ')} | {one.words} | {one.remedy} |"
        for failure, one in GUIDE.items()
    ]
    return "\n".join(lines)


def _rows(rows: Iterable[Row]) -> str:
    lines = ["| when | class | words | source |", "|---|---|---|---|"]
    lines += [
        f"| {_when(row)} | `{row.failure}`{_limits(row)} | {row.words} | {row.source} |"
        for row in rows
    ]
    return "\n".join(lines)


def _when(row: Row) -> str:
    parts = []
    if row.codes:
        parts.append(f"code {_spans(row.codes)}")
    if row.statuses:
        parts.append(f"HTTP {_spans(row.statuses)}")
    if row.issues:
        parts.append(f"issue {', '.join(f'`{one}`' for one in sorted(row.issues))}")
    if row.retry_after:
        parts.append("with a Retry-After")
    return ", ".join(parts)


def _limits(row: Row) -> str:
    retries = "" if row.retries is None else f", at most {row.retries} retry"
    return retries if row.until is None else f"{retries}, {_WINDOWS[row.until]}"


def _spans(spans: Iterable[Span]) -> str:
    return ", ".join(str(one) if one == two else f"{one}-{two}" for one, two in spans)
