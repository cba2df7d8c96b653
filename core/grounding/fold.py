"""Fold away typography and nothing else, keeping the way back to the source's own words.

Folded: Unicode composition (NFC), runs of white space, dashes, typographic quotes. Never NFKC
and never case: NFKC turns `10\N{SUPERSCRIPT NINE}` into `109`, and case can carry meaning.
Source: hub-protocol §8 (grounding).
"""

from __future__ import annotations

import re
import unicodedata

# Normalising a run of marks takes quadratic time; no writing needs more than this (UAX #15
# stream-safe text allows 30), and a longer run is only composed piece by piece.
MAX_CLUSTER = 32

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_SINGLE = "\u2018\u2019\u201a\u201b\u2039\u203a\u02bc\uff07"
_DOUBLE = "\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02"
_TYPOGRAPHY = (
    dict.fromkeys(_DASHES, "-") | dict.fromkeys(_SINGLE, "'") | dict.fromkeys(_DOUBLE, '"')
)
# A plain run must not take the base of a combining mark with it, hence the look-ahead.
_PLAIN = re.compile(r"[!-~]+(?![^\x00-\x7f])")


def fold(text: str) -> tuple[str, list[int]]:
    """Return the folded text and, for each of its characters, its offset in `text`.

    The list has one entry more than the folded text, the length of `text`, so the folded slice
    `i:j` came from `text[offsets[i]:offsets[j]]`. Offsets never decrease; characters that
    composition made from several share the offset where those began.
    """
    out: list[str] = []
    offsets: list[int] = []
    index = 0
    while index < len(text):
        plain = _PLAIN.match(text, index)
        end = plain.end() if plain else _cluster_end(text, index)
        if plain:
            out.append(text[index:end])
            offsets.extend(range(index, end))
        else:
            _fold_cluster(text, index, end, out, offsets)
        index = end
    offsets.append(len(text))
    return "".join(out), offsets


def _fold_cluster(text: str, start: int, end: int, out: list[str], offsets: list[int]) -> None:
    raw = text[start:end]
    composed = unicodedata.normalize("NFC", raw)
    for position, char in enumerate(composed):
        if char.isspace():
            if out and out[-1].endswith(" "):
                continue
            char = " "
        out.append(_TYPOGRAPHY.get(char, char))
        offsets.append(start + position if composed == raw else start)


def _cluster_end(text: str, start: int) -> int:
    """Return the end of what NFC may compose together: a base, its marks, Hangul jamo."""
    end, bound = start + 1, min(len(text), start + MAX_CLUSTER)
    while end < bound and _joins(text[end]):
        end += 1
    return end


def _joins(char: str) -> bool:
    # Every character that composes backwards is a mark or a Hangul vowel or tail.
    if char.isascii():
        return False
    return "\u1160" <= char <= "\u11ff" or unicodedata.category(char)[0] == "M"
