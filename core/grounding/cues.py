"""Negation, history, family and similar cues in the sentence around a hit.

A display aid: the marked words make a reader look twice. No policy, badge or route rests on them.
Source: design §8 (negation, history and family cues marked); NegEx and ConText for the method.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.grounding.match import Hit
from core.grounding.triggers import (
    HEADING,
    HEADINGS,
    TERMINATORS,
    TRIGGER,
    CueKind,
    Side,
    sides_of,
)

# A full stop ends a sentence only before white space and not after the abbreviations of notes; a
# line break ends one where the next line starts something new, for notes are wrapped by column.
_SENTENCE_END = re.compile(
    r"(?<!\b[A-Za-z])(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bpt)(?<!\bvs)(?<!\bapprox)\."
    r"(?=\s)|[!?](?=\s)|\n\s*\n|\n(?=[ \t]*(?:[-*\u2022]|\d+[.)]|[A-Z]))"
)


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue: its words and their offsets into the segment's text, as `Hit` counts them."""

    kind: CueKind
    text: str
    start: int
    end: int


def cues(hit: Hit) -> tuple[Cue, ...]:
    """Return the cues that bear on `hit`, in text order.

    Looked at: the sentence that holds the quote, as far as the hit's context reaches, the quote
    itself, and the nearest section heading above it. A trigger outside the quote counts only on
    its own side and only when no terminator (but, however, ...) stands between it and the quote.
    """
    whole = hit.before + hit.text + hit.after
    quote_start, quote_end = len(hit.before), len(hit.before) + len(hit.text)
    origin = hit.start - len(hit.before)
    first, last = _sentence(whole, quote_start, quote_end)
    found = {
        (match.start(), match.end()): kind
        for match in TRIGGER.finditer(whole, first, last)
        for kind in _kinds(match, whole, quote_start, quote_end)
    }
    for kind, start, end in _heading(hit.before):
        found.setdefault((start, end), kind)
    return tuple(
        Cue(kind, whole[start:end], origin + start, origin + end)
        for (start, end), kind in sorted(found.items())
    )


def _sentence(whole: str, quote_start: int, quote_end: int) -> tuple[int, int]:
    first, last = 0, len(whole)
    for match in _SENTENCE_END.finditer(whole):
        if match.end() <= quote_start:
            first = match.end()
        elif match.start() >= quote_end:
            # A question mark is itself a cue, so the mark stays inside its sentence.
            last = match.end()
            break
    return first, last


def _kinds(match: re.Match[str], whole: str, quote_start: int, quote_end: int) -> Iterator[CueKind]:
    sides = sides_of(match.group())
    side: Side
    if match.end() <= quote_start:
        side, between = "before", whole[match.end() : quote_start]
    elif match.start() >= quote_end:
        side, between = "after", whole[quote_end : match.start()]
    else:
        yield from list(sides.values())[:1]
        return
    kind = sides.get(side) or sides.get("either")
    is_prefix = match.group().endswith("-")
    if kind and not TERMINATORS.search(between) and not (is_prefix and between):
        yield kind


def _heading(before: str) -> Iterator[tuple[CueKind, int, int]]:
    last = None
    for match in HEADING.finditer(before):
        last = match
    if last is None:
        return
    for kind, pattern in HEADINGS:
        if pattern.fullmatch(last.group(1)):
            yield kind, last.start(1), last.end(1)
