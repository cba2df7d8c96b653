"""Where in a TOML text a field stands: `allow[2].paths[0]` → its line.

Only as much of TOML (v1.0.0) is read as keys and headers need; the text is one that `tomllib` took,
or the place that its error names is returned. A member of an array stands where its key stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_PART = re.compile(r"""\s*([A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')\s*""")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|\'\'\'(?:[^\']|\'{1,2}(?!\'))*\'{3,5}'
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.S,
)
_FIELD = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")
_PLACE = re.compile(r"at line (\d+)")


def line_of(text: str, field: str) -> int | None:
    """Return the line, counted from 1, of the key or header that is nearest to `field`.

    A key that is missing stands where its table begins; None where nothing of it is there.
    """
    wanted = _path(field)
    found: dict[Path, int] = {}
    for path, line in _places(text):
        found.setdefault(path, line)
    for length in range(len(wanted), 0, -1):
        if (place := found.get(wanted[:length])) is not None:
            return place
    return None


def line_of_error(problem: str) -> int | None:
    """Return the line that an error of `tomllib` names."""
    place = _PLACE.search(problem)
    return int(place.group(1)) if place else None


def _path(field: str) -> Path:
    return tuple(int(at) if at else name for at, name in _FIELD.findall(field))


def _places(text: str) -> Iterator[tuple[Path, int]]:
    """Yield each header and key with its line."""
    counts: dict[Path, int] = {}
    table: Path = ()
    at = 0
    while at < len(text):
        at = _blank(text, at)
        if at >= len(text):
            return
        line = text.count("\n", 0, at) + 1
        if text[at] == "[":
            array = text.startswith("[[", at)
            keys, at = _keys(text, at + (2 if array else 1))
            table = _entered(keys, counts, array=array)
            yield table, line
            at = _line_end(text, at)
            continue
        keys, at = _keys(text, at)
        if not keys or at >= len(text) or text[at] != "=":
            return
        for length in range(1, len(keys) + 1):
            yield (*table, *keys[:length]), line
        at = _value_end(text, at + 1)


def _entered(keys: Path, counts: dict[Path, int], *, array: bool) -> Path:
    """Return the table that a header opens, with the index of each array of tables on the way."""
    table: Path = ()
    for place, key in enumerate(keys):
        table = (*table, key)
        if array and place == len(keys) - 1:
            counts[table] = counts.get(table, -1) + 1
        if table in counts:
            table = (*table, counts[table])
    return table


def _keys(text: str, at: int) -> tuple[Path, int]:
    """Return the parts of a dotted key at `at`, and what comes after it."""
    keys: list[str | int] = []
    while (part := _PART.match(text, at)) is not None:
        keys.append(part.group(1).strip("\"'"))
        at = part.end()
        if not text.startswith(".", at):
            break
        at += 1
    return tuple(keys), at


def _blank(text: str, at: int) -> int:
    while at < len(text):
        if text[at] == "#":
            at = _line_end(text, at)
        elif text[at].isspace():
            at += 1
        else:
            break
    return at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _value_end(text: str, at: int) -> int:
    """Return where a value ends: its line, or the line where its last bracket closes."""
    depth = 0
    while at < len(text):
        letter = text[at]
        if letter in "\"'" and (string := _STRING.match(text, at)) is not None:
            at = string.end()
            continue
        if letter == "#":
            at = _line_end(text, at)
            continue
        if letter == "\n" and depth <= 0:
            return at
        depth += (letter in "[{") - (letter in "]}")
        at += 1
    return at
