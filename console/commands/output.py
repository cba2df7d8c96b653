"""Printing: JSON with exact numbers for scripts, inert text for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from core.canonical import Number, encode, exact
from core.errors import Failed
from core.inert import inert


def write(text: str) -> None:
    """Write to stdout; raises BrokenPipeError where its reader went away, else Failed."""
    with _told():
        sys.stdout.write(text)


def flush() -> None:
    """Hand on at once what was written; raises as `write` does."""
    with _told():
        sys.stdout.flush()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failed(f"the output could not all be written: {error.strerror}") from None


def print_json(value: Any) -> None:
    """Print one JSON value on one line, number texts kept."""
    write(encode(_exact(value)).decode("utf-8") + "\n")


def say(text: str = "") -> None:
    """Print one line for people; foreign text is made inert."""
    write(inert(text) + "\n")


def value_text(value: Any) -> str:
    """Return a FHIR value on one line."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if isinstance(value, Number):
        return value.text
    return encode(value).decode("utf-8")


def table(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> None:
    """Print rows in aligned columns under their heads."""
    shown = [[inert(cell) for cell in row] for row in rows]
    widths = [
        max(len(heads[index]), *(len(row[index]) for row in shown)) if shown else len(heads[index])
        for index in range(len(heads))
    ]
    for row in ([list(heads)], *[[row] for row in shown]):
        cells = [cell.ljust(width) for cell, width in zip(row[0], widths, strict=True)]
        write("  ".join(cells).rstrip() + "\n")


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        raise TypeError("floats have no exact JSON form")
    if isinstance(value, Mapping):
        return {str(key): _exact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(item) for item in value]
    return exact(value)
