"""How one EHR product speaks of failures: the `[failures]` part of its profile.

It names the vendor's own codes with their classes, each row with source, day and grade, and how its
success is told. It can make an answer a failure and never a failure a success, except where the
product tells success by a number in the body. Source: design §2 (profile), §9.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.errors import BadInput
from core.failure.classes import Failure
from core.failure.table import Row, Span, within
from core.ports import Reads

GRADES = ("measured", "documented", "assumed", "unknown")
WINDOWS = ("minute", "day", "next-day")
_KEYS = frozenset(
    {"codes", "statuses", "issues", "retry_after", "class", "retries", "until", "words", "source",
     "captured_on", "grade"}
)  # fmt: skip
_TOKEN_KEYS = frozenset(
    {"errors", "statuses", "class", "until", "words", "source", "captured_on", "grade"}
)
_OF_TOKENS = frozenset({Failure.AUTHENTICATION, Failure.AUTHORIZATION, Failure.THROTTLED})
"""What a token endpoint can say; nothing of a write was sent then."""
_SPAN = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
MAX_ROWS = 500


@dataclass(frozen=True, slots=True)
class Dialect:
    """The rows of one product."""

    rows: tuple[Row, ...] = ()
    success: frozenset[str] = frozenset()
    """The body numbers that mean success, where success is told so."""
    tokens: tuple[Row, ...] = ()
    """What its token endpoint's refusals mean; `issues` are OAuth error codes."""

    @property
    def told_by_body(self) -> bool:
        """Whether a success status by itself proves nothing."""
        return bool(self.success)

    def by_code(self, codes: Iterable[str]) -> Row | None:
        """Return the row of the server's own codes, None where it knows none of them.

        The row that names one code alone is taken before that of a range, then the more cautious.
        """
        numbers = [int(code) for code in codes if _SPAN.fullmatch(code) and code.isdigit()]
        found = [
            (not any((one, one) in row.codes for one in numbers), row.rank(), place)
            for place, row in enumerate(self.rows)
            if any(within(one, row.codes) for one in numbers)
        ]
        return self.rows[min(found)[2]] if found else None

    def known(self, codes: Iterable[str]) -> str | None:
        """Return the first of the codes that a row names; no other may stand in a leaf."""
        return next((one for one in codes if self.by_code((one,)) is not None), None)

    def by_token(self, error: str, status: int | None = None) -> Row | None:
        """Return the row of a refusal of the token endpoint, None where it knows none."""
        named = (one for one in self.tokens if error and error in one.issues)
        told = (one for one in self.tokens if status and one.statuses and one.covers(status))
        return next(named, None) or next(told, None)


PLAIN = Dialect()


def dialect_in_force(reads: Reads, ehr: str) -> Dialect:
    """Return the dialect of an EHR's adopted profile; PLAIN where it has none.

    Raises BadInput for a profile that cannot be read.
    """
    row = reads.config(f"profile.{ehr}")
    return PLAIN if row is None else parse_dialect(row.document)


@lru_cache(maxsize=16)
def parse_dialect(text: str) -> Dialect:
    """Return the dialect of a profile document; BadInput naming the row that is wrong."""
    try:
        found = tomllib.loads(text).get("failures", {})
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"not TOML: {error}", field="profile", remedy="Correct it there") from None
    if not isinstance(found, dict) or set(found) - {"rows", "success", "tokens"}:
        raise _bad("failures", "holds another key than rows, success and tokens")
    success = found.get("success", [])
    rows, tokens = (_listed(found, name) for name in ("rows", "tokens"))
    return Dialect(
        tuple(_row(f"failures.rows[{place}]", row) for place, row in enumerate(rows)),
        frozenset(str(first) for first, _ in _spans("failures.success", success)),
        tuple(_token_row(f"failures.tokens[{place}]", row) for place, row in enumerate(tokens)),
    )


def _listed(found: dict[str, Any], name: str) -> list[Any]:
    rows = found.get(name, [])
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        raise _bad(f"failures.{name}", f"is no list of at most {MAX_ROWS} rows")
    return rows


def _token_row(where: str, row: Any) -> Row:
    if not isinstance(row, dict) or set(row) - _TOKEN_KEYS:
        raise _bad(where, f"may hold {', '.join(sorted(_TOKEN_KEYS))} and nothing else")
    named = {key: value for key, value in row.items() if key != "errors"}
    found = _row(where, named | {"issues": row.get("errors", [])})
    if found.failure not in _OF_TOKENS:
        raise _bad(f"{where}.class", f"is none of {', '.join(sorted(_OF_TOKENS))}")
    return found


def _row(where: str, row: Any) -> Row:
    if not isinstance(row, dict) or set(row) - _KEYS:
        raise _bad(where, f"may hold {', '.join(sorted(_KEYS))} and nothing else")
    if not isinstance(row.get("source"), str) or row.get("grade") not in GRADES:
        raise _bad(where, f"needs a source, and a grade of {', '.join(GRADES)}")
    if "captured_on" not in row:
        raise _bad(where, "needs captured_on, the day it was taken down")
    until, retries = row.get("until"), row.get("retries")
    if until not in (None, *WINDOWS):
        raise _bad(f"{where}.until", f"is none of {', '.join(WINDOWS)}")
    if retries is not None and (type(retries) is not int or not 0 <= retries <= 5):
        raise _bad(f"{where}.retries", "is no number from 0 to 5")
    found = Row(
        failure=_failure(where, row.get("class")),
        source=row["source"],
        statuses=_spans(f"{where}.statuses", row.get("statuses", [])),
        issues=_issues(f"{where}.issues", row.get("issues", [])),
        codes=_spans(f"{where}.codes", row.get("codes", [])),
        retry_after=row.get("retry_after") is True,
        retries=retries,
        until=until,
        words=str(row.get("words", "")),
    )
    if not (found.statuses or found.issues or found.codes):
        raise _bad(where, "names no codes, statuses or issues")
    if any(first < 300 and last >= 200 for first, last in found.statuses):
        raise _bad(f"{where}.statuses", "names a success status; name codes instead")
    return found


def _failure(where: str, found: object) -> Failure:
    try:
        return Failure(str(found))
    except ValueError:
        raise _bad(f"{where}.class", f"is none of {', '.join(Failure)}") from None


def _spans(where: str, found: Any) -> tuple[Span, ...]:
    if not isinstance(found, list):
        raise _bad(where, "is no list")
    spans = []
    for item in found:
        match = _SPAN.fullmatch(str(item))
        if match is None or isinstance(item, bool):
            raise _bad(where, 'holds what is no number nor a range such as "100-168"')
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise _bad(where, "holds a range that ends before it begins")
        spans.append((first, last))
    return tuple(spans)


def _issues(where: str, found: Any) -> frozenset[str]:
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise _bad(where, "is no list of issue codes")
    return frozenset(found)


def _bad(field: str, problem: str) -> BadInput:
    return BadInput(problem, field=field, remedy="Correct the profile")
