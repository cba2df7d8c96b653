r"""Make any text inert: what a terminal would obey, hide or reorder becomes a visible escape.

The one escape form is `\u{1b}`: backslash, u, the code point in lower-case hex between braces. It
is for reading, not for parsing back: text that already spells `\u{1b}` in plain letters looks the
same. A newline that may not stand is shown as `\n`. Markup characters stay as they are, because
the widget layer shows foreign text without markup.

Shown as escapes: every control (C0, C1, ESC, DEL), every format character (bidi controls,
zero-width, soft hyphen, annotations, tag characters), U+2028/9, private use, lone surrogates,
noncharacters and code points that this Unicode version does not assign, fillers that draw
nothing, variation selectors that no emoji asked for, and combining marks that have no base or
come fifth or later. Right-to-left letters stay.
Source: hub-protocol §8 (text on screen); Unicode UAX #31 and RFC 5892 for where joiners belong.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

from core.inert.scripts import JOINING_SCRIPTS, script_of

MAX_MARKS = 4

Kind = Literal["plain", "mark", "joiner", "selector", "hidden"]

_VIRAMA = 9
_KEYCAP = "\u20e3"
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters, marks and a symbol by category, yet they draw nothing.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\U0001d159")
# Unicode has no emoji property in the standard library; these ranges cover the pictographs.
_PICTOGRAPHS = (
    (0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x203C), (0x2049, 0x2049), (0x2122, 0x2122),
    (0x2139, 0x2139), (0x2194, 0x21AA), (0x231A, 0x231B), (0x2328, 0x2328), (0x23CF, 0x23CF),
    (0x23E9, 0x23FA), (0x24C2, 0x24C2), (0x25AA, 0x25AB), (0x25B6, 0x25B6), (0x25C0, 0x25C0),
    (0x25FB, 0x25FE), (0x2600, 0x27BF), (0x2934, 0x2935), (0x2B05, 0x2B07), (0x2B1B, 0x2B1C),
    (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x3030, 0x3030), (0x303D, 0x303D), (0x3297, 0x3297),
    (0x3299, 0x3299), (0x1F000, 0x1FAFF),
)  # fmt: skip


def inert(text: str, *, newlines: bool = False) -> str:
    r"""Return `text` with nothing left in it that a terminal obeys, hides or reorders.

    Tabs become one space, CRLF counts as one newline; a newline stays where `newlines` is true
    and is shown as `\n` otherwise, so the default result is always a single line. Joiners
    (U+200C/D) stay between pictographs, after a virama, and between letters of one of the scripts
    that need them. Making inert text inert again changes nothing. Never raises.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    out: list[str] = []
    kept, marks = "", 0
    for index, char in enumerate(text):
        if char == "\n":
            out.append("\n" if newlines else "\\n")
            kept, marks = "", 0
            continue
        char = " " if char == "\t" else char
        after = text[index + 1 : index + 2]
        if not _stays(char, kept, marks, after):
            out.append(f"\\u{{{ord(char):x}}}")
            kept, marks = "", 0
            continue
        out.append(char)
        kept, marks = char, _count(char, marks)
    return "".join(out)


def _count(char: str, marks: int) -> int:
    kind = _kind(char)
    if kind == "mark":
        return marks + 1
    # Joiners and selectors draw nothing, so they must not refill the allowance for marks.
    return marks if kind in ("joiner", "selector") else 0


def _stays(char: str, kept: str, marks: int, after: str) -> bool:
    kind = _kind(char)
    if kind == "plain":
        return True
    if kind == "mark":
        return kept != "" and marks < MAX_MARKS
    if kind == "selector":
        return _is_pictograph(kept) or (kept in "0123456789#*" and kept != "" and after == _KEYCAP)
    return kind == "joiner" and _joiner_stays(kept, marks, after)


def _joiner_stays(kept: str, marks: int, after: str) -> bool:
    if kept == "" or _kind(kept) == "joiner":
        return False
    if _kind(kept) == "selector" or _is_pictograph(kept):
        return _is_pictograph(after)
    if script_of(kept) not in JOINING_SCRIPTS:
        return False
    if unicodedata.combining(kept) == _VIRAMA:
        return True
    if after == "" or (_kind(after) == "mark" and marks >= MAX_MARKS):
        return False
    return script_of(after) == script_of(kept)


@lru_cache(maxsize=4096)
def _kind(char: str) -> Kind:
    point = ord(char)
    if char in "\u200c\u200d":
        return "joiner"
    if char in "\ufe0e\ufe0f":
        return "selector"
    if 0xFE00 <= point <= 0xFE0D or 0xE0100 <= point <= 0xE01EF or char in _BLANKS:
        return "hidden"
    category = unicodedata.category(char)
    if category in _HIDDEN_CATEGORIES and not (category == "Cn" and _is_pictograph(char)):
        return "hidden"
    return "mark" if category[0] == "M" else "plain"


@lru_cache(maxsize=4096)
def _is_pictograph(char: str) -> bool:
    return char != "" and any(low <= ord(char) <= high for low, high in _PICTOGRAPHS)
