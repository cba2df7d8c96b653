"""`diff --pairs`: many pairs in one process, a line in, a line out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from console.commands.output import flush, print_json
from core.canonical import RESPONSE, Json, JsonObject, Limits, parse_object
from core.discrepancy import Comparison
from core.errors import BadInput, CountersignError, NotFound

# A line holds two resources and their frame.
_LIMITS = Limits(
    max_bytes=2 * RESPONSE.max_bytes + 64 * 1024,
    max_depth=RESPONSE.max_depth + 1,
    max_string=RESPONSE.max_string,
    max_number=RESPONSE.max_number,
    max_exponent=RESPONSE.max_exponent,
)
_SHAPE = "is not {id, intended, persisted, base?, region?}"


class Compare(Protocol):
    """What compares one pair."""

    def __call__(
        self,
        intended: JsonObject,
        persisted: JsonObject,
        *,
        base_url: str | None,
        region: str | None,
    ) -> Comparison:
        """Return every difference."""


def pairs(name: str, compare: Compare, base: str | None, region: str | None) -> int:
    """Print one result for each line of a file or, for "-", of standard input, as it is read.

    A line that cannot be compared gets `{id, line, error}` in its place and the others go on; the
    exit code is 2 when there was one, 1 when a pair had nothing to examine, or there was none.
    `base` and `region` hold for lines that state none.
    """
    code, count = 0, 0
    for number, line in enumerate(_lines(name), 1):
        if line is not None and not line.strip():
            continue
        count += 1
        result = _answer(number, line, compare, base, region)
        if "error" in result:
            code = 2
        elif not result.pop("examined"):
            code = code or 1
        print_json(result)
        flush()
    return code if count else 1


def _answer(
    number: int, line: bytes | None, compare: Compare, base: str | None, region: str | None
) -> JsonObject:
    id_: Json = None
    try:
        if line is None:
            raise BadInput(f"is longer than {_LIMITS.max_bytes:,} bytes")
        pair = parse_object(line, _LIMITS)
        id_ = pair.get("id")
        ours, theirs = _resource(pair, "intended"), _resource(pair, "persisted")
        if "id" not in pair:
            raise BadInput(_SHAPE)
        found = compare(
            ours,
            theirs,
            base_url=_text(pair, "base", base),
            region=_text(pair, "region", region),
        )
    except CountersignError as error:
        found_id = id_ if line is None or id_ is not None else _stated_id(line)
        return {"id": found_id, "line": number, "error": error.problem}
    except (ArithmeticError, RecursionError, TypeError, ValueError, LookupError) as error:
        # Content that no chart holds; nothing is verified by it, and the lines after it are.
        kind = type(error).__name__
        return {"id": id_, "line": number, "error": f"cannot be compared ({kind})"}
    return {"id": id_, **as_json(found), "examined": found.examined}


def as_json(found: Comparison) -> JsonObject:
    """Return `{class, differences[] {path, class, reason, intended, persisted}}` (design §13).

    A side that has no such element is null, so that every key is always there.
    """
    sides: JsonObject = {"path": None, "class": None, "reason": None}
    sides |= {"intended": None, "persisted": None}
    return {
        "class": found.class_,
        "differences": [{**sides, **one.as_json()} for one in found.differences],
    }


def _stated_id(line: bytes) -> Json:
    """Return the id of a line that our parser refuses, where it can be told; None otherwise.

    It only says which pair was not compared; nothing else of such a line is used.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    id_ = found.get("id") if isinstance(found, dict) else None
    return id_ if isinstance(id_, str) and id_.isprintable() else None


def _resource(pair: JsonObject, name: str) -> JsonObject:
    found = pair.get(name)
    if not isinstance(found, dict):
        raise BadInput(_SHAPE)
    return found


def _text(pair: JsonObject, name: str, otherwise: str | None) -> str | None:
    found = pair.get(name)
    if found is not None and not isinstance(found, str):
        raise BadInput(_SHAPE)
    return otherwise if found is None else found


def _lines(name: str) -> Iterator[bytes | None]:
    """Yield line by line, None for one that is too long to be read."""
    if name == "-":
        yield from _bounded(sys.stdin.buffer)
        return
    path = Path(name)
    try:
        with path.open("rb") as file:
            yield from _bounded(file)
    except FileNotFoundError:
        raise NotFound("there is no such file", field=path.name) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", field=path.name) from None


def _bounded(file: BinaryIO) -> Iterator[bytes | None]:
    most = _LIMITS.max_bytes + 1
    while line := file.readline(most):
        if len(line) < most or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(most)
        yield None
