"""Find a quote in a source: folded comparison, original offsets, whole words and numbers only.

A hit may not begin or end inside a word or number: `5 mg` does not stand in `25 mg`, `2.5 mg`,
`1/2-5 mg` or `.5 mg`, and `can` does not stand in `can't`. A quote that cuts a number or a word
says something that the source does not say, so it counts as not found there.
Source: hub-protocol §8 (grounding); design §5.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.canonical import JsonObject
from core.grounding.fold import fold
from core.grounding.segments import Segment, Unreadable, segments, unreadable

Badge = Literal["verified", "weak", "not-found", "unavailable"]

MIN_CHARACTERS = 12
MIN_WORDS = 3
CONTEXT = 160

# Scripts written without spaces have no visible word ends: Thai, Lao, Myanmar, Khmer, kana, Han.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
_NUMBER_JOINERS = ".,/:^-"


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where the quote stands, in the source's own words.

    `start` and `end` are offsets into the text of the segment at `path`; `before` and `after` are
    up to 160 characters that touch the hit on either side, cut at word boundaries.
    """

    path: str
    start: int
    end: int
    before: str
    text: str
    after: str


@dataclass(frozen=True, slots=True)
class Grounding:
    """Whether a quote stands in a source, with every hit.

    `unreadable` names attachments that could not be searched, so that a reviewer can tell "it is
    not there" from "we could not look". The badge `unavailable` is set by the caller that could
    not fetch the source; `ground` never returns it.
    """

    badge: Badge
    hits: tuple[Hit, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


def ground(quote: str, resource: JsonObject) -> Grounding:
    """Search the human-readable text of `resource` for `quote` and list every hit.

    `verified`: found; `weak`: found, yet the quote has fewer than 12 characters and fewer than 3
    words; `not-found`: absent, empty, or only inside other words or numbers.
    """
    wanted = fold(quote)[0].strip()
    hits = tuple(hit for part in segments(resource) for hit in _search(wanted, part))
    skipped = tuple(unreadable(resource))
    if not hits:
        return Grounding("not-found", (), skipped)
    words = [word for word in wanted.split() if any(char.isalnum() for char in word)]
    is_weak = len(wanted) < MIN_CHARACTERS and len(words) < MIN_WORDS
    return Grounding("weak" if is_weak else "verified", hits, skipped)


def _search(wanted: str, segment: Segment) -> Iterator[Hit]:
    if not wanted:
        return
    folded, offsets = fold(segment.text)
    start = folded.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not _cuts_start(folded, start) and not _cuts_end(folded, end):
            yield _hit(segment, offsets[start], offsets[end])
        start = folded.find(wanted, start + 1)


def _hit(segment: Segment, start: int, end: int) -> Hit:
    text = segment.text
    return Hit(
        path=segment.path,
        start=start,
        end=end,
        before=_tail(text, start),
        text=text[start:end],
        after=_head(text, end),
    )


def _tail(text: str, end: int) -> str:
    start = max(0, end - CONTEXT)
    if start == 0 or text[start - 1].isspace():
        return text[start:end]
    space = re.compile(r"\s").search(text, start, end)
    return text[space.end() : end] if space else text[start:end]


def _head(text: str, start: int) -> str:
    end = min(len(text), start + CONTEXT)
    if end == len(text) or text[end].isspace():
        return text[start:end]
    piece = text[start:end]
    cut = max((index for index, char in enumerate(piece) if char.isspace()), default=len(piece))
    return piece[:cut]


def _cuts_start(folded: str, start: int) -> bool:
    if unicodedata.category(folded[start])[0] == "M":
        return True
    previous, first = folded[start - 1 : start], folded[start]
    if _same_word(previous, first):
        return True
    if previous == "'" and _same_word(folded[start - 2 : start - 1], first):
        return True
    if not first.isdigit() or previous not in tuple(_NUMBER_JOINERS):
        return False
    head = folded[start - 2 : start - 1]
    # `.5` is a number by itself, and a dash after a space or at the start is a minus sign.
    return head.isdigit() or previous == "." or (previous == "-" and not head.isalnum())


def _cuts_end(folded: str, end: int) -> bool:
    last, following = folded[end - 1], folded[end : end + 1]
    if _same_word(last, following):
        return True
    after = folded[end + 1 : end + 2]
    if following == "'" and _same_word(last, after):
        return re.compile(r"'s(?!\w)").match(folded, end) is None
    return last.isdigit() and following in tuple(_NUMBER_JOINERS) and after.isdigit()


def _same_word(left: str, right: str) -> bool:
    if not left or not right:
        return False
    if unicodedata.category(right)[0] == "M":
        return True
    if _UNSPACED.match(left) or _UNSPACED.match(right):
        return False
    return _is_word(left) and _is_word(right)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_" or unicodedata.category(char)[0] == "M"
