"""One answer to a write, one row of the tables. Source: design §9.

The order: what no success status proves, then the vendor's own code, then the vendor's row for a
status, then the generic tables. A code never makes a 5xx certain. An answer that no row knows is
the unknown outcome, never a success.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.failure.classes import GUIDE, READS_FIRST
from core.failure.dialect import PLAIN, Dialect
from core.failure.table import FOUND, ISSUES, NOT_PROVEN, STATUSES, Row
from core.ports import Response

POST_RUNG = "if-none-exist"
"""The rung of a create by POST: its answer 200 says that one was there."""


def classify(answer: Response, dialect: Dialect = PLAIN, rung: str = "") -> Row | None:
    """Return the row of the tables that the answer falls under; None for a plain success.

    `rung` is how the write was sent. A success names where the resource is, or was a PUT, and says
    nowhere in its body that it failed.
    """
    if 200 <= answer.status < 300:
        return _success(answer, dialect, rung)
    own = dialect.by_code(codes_of(answer)) or _vendor(answer, dialect.rows)
    if own is not None and _bearable(own, answer.status):
        return own
    return _generic(answer)


def _success(answer: Response, dialect: Dialect, rung: str) -> Row | None:
    if answer.failing or (dialect.told_by_body and answer.body_status not in dialect.success):
        return dialect.by_code(codes_of(answer)) or NOT_PROVEN
    if answer.status == 202:
        return _generic(answer)
    if answer.status == 200 and rung == POST_RUNG:
        return FOUND
    placed = answer.location is not None or rung not in ("", POST_RUNG)
    return None if answer.status in (200, 201) and placed else NOT_PROVEN


def _bearable(row: Row, status: int) -> bool:
    """Tell whether a vendor's row may speak where the status alone says that nothing is known."""
    unknown = status == 408 or status >= 500
    return not unknown or GUIDE[row.failure].action in READS_FIRST


def _vendor(answer: Response, rows: Iterable[Row]) -> Row | None:
    """Return the vendor's row for a status or issue, the one with the most conditions."""
    found = [
        row
        for row in rows
        if not row.codes
        and row.covers(answer.status)
        and (not row.issues or row.issues & set(answer.issues))
        and (not row.retry_after or answer.retry_after is not None)
    ]
    return min(found, key=lambda row: (-_conditions(row), row.rank()), default=None)


def _conditions(row: Row) -> int:
    return bool(row.statuses) + bool(row.issues) + row.retry_after


def _generic(answer: Response) -> Row:
    """Return the row of one status with an issue, of one status, of an issue, or of a range."""
    status, said = answer.status, set(answer.issues)
    alone = [row for row in STATUSES if row.names(status)]
    both = [row for row in alone if row.issues & said]
    plain = [row for row in alone if not row.issues]
    issues = [row for row in ISSUES if row.covers(status) and row.issues & said]
    wide = [row for row in STATUSES if row.covers(status) and not row.issues]
    found = both or plain or issues or wide
    return min(found, key=Row.rank, default=NOT_PROVEN)


def codes_of(answer: Response) -> tuple[str, ...]:
    """Return the server's own numbers in the answer."""
    own = () if answer.body_status is None else (answer.body_status,)
    return (*answer.codes, *own)
