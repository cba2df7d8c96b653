"""Splitting what was handed in into proposals: one JSON object, or NDJSON, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.canonical import MAX_BYTES, parse_object
from core.errors import BadInput
from core.proposal import Proposal, read

MAX_INPUT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """One object of the input: the exact bytes, and the proposal or what is wrong with it."""

    line: int | None
    """The line number from 1 in NDJSON, None for a single object."""
    data: bytes
    proposal: Proposal | None
    error: BadInput | None


def documents(data: bytes) -> list[Document]:
    """Return every proposal in `data`, the unreadable ones with their error.

    More than one non-blank line of which one alone is a JSON object makes it NDJSON; so one bad
    line does not hide the good ones. A pretty-printed object is one document, also where it is
    broken: its inner objects are indented.
    """
    if len(data) > MAX_INPUT:
        raise BadInput(
            f"the input has {len(data):,} bytes; the limit is {MAX_INPUT:,}",
            remedy="Hand it in in parts",
        )
    if not data.strip():
        raise BadInput("the input is empty", remedy="Send one JSON object, or one a line")
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    if len(lines) > 1 and not _is_object(data) and _is_ndjson([line for _, line in lines]):
        return [_document(number, line) for number, line in lines]
    return [_document(None, data)]


def failures(found: list[Document]) -> Iterator[tuple[str, BadInput]]:
    """Yield where and what for every document that could not be read."""
    for document in found:
        if document.error is not None:
            yield f"line {document.line}" if document.line else "input", document.error


def _document(line: int | None, data: bytes) -> Document:
    try:
        return Document(line, data, read(parse_object(data)), None)
    except BadInput as error:
        placed = BadInput(error.problem, field=error.field or "proposal", remedy=error.remedy)
        return Document(line, data, None, placed)


def _is_ndjson(lines: list[bytes]) -> bool:
    return _is_object(lines[0]) or any(line[:1] == b"{" and _is_object(line) for line in lines)


def _is_object(data: bytes) -> bool:
    if not data.lstrip().startswith(b"{") or len(data) > MAX_BYTES:
        return False
    try:
        parse_object(data)
    except BadInput:
        return False
    return True
