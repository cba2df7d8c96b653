"""Which script a character belongs to, and words that mix scripts to look like something else.

The standard library has no Script property, so the script is read from the first word of the
character's Unicode name. That is a subset of UTS #39: the single-script and highly-restrictive
checks over whole words, without script extensions.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

COMMON = "COMMON"

JOINING_SCRIPTS = frozenset(
    {
        "ARABIC", "SYRIAC", "NKO", "MANDAIC", "MONGOLIAN", "PHAGS-PA", "DEVANAGARI", "BENGALI",
        "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA",
        "KHMER", "MYANMAR", "TIBETAN", "BALINESE", "JAVANESE",
    }
)  # fmt: skip

# First words of names that are no script: symbols used with every script (UCD: Common).
_COMMON_NAMES = frozenset(
    {
        "ALEF", "BET", "BLACK-LETTER", "COMBINING", "DALET", "DOUBLE-STRUCK", "EULER", "GIMEL",
        "INFORMATION", "KATAKANA-HIRAGANA", "MATHEMATICAL", "MICRO", "MODIFIER", "PLANCK",
        "ROTATED", "SCRIPT", "TURNED",
    }
)  # fmt: skip
_ALIASES = {
    "ANGSTROM": "LATIN", "CJK": "HAN", "FEMININE": "LATIN", "IDEOGRAPHIC": "HAN",
    "KELVIN": "LATIN", "MASCULINE": "LATIN", "OHM": "GREEK",
}  # fmt: skip
_WRITTEN_TOGETHER = (
    frozenset({"LATIN", "HAN", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "HAN", "HANGUL"}),
    frozenset({"LATIN", "HAN", "BOPOMOFO"}),
)
_TWO_WORD_NAMES = frozenset({"NEW", "OLD", "TAI", "MEROITIC", "INSCRIPTIONAL", "LINEAR"})

# Greek letters that medicine writes into Latin words: micro and ohm units, and a Greek letter at
# either end of a capital abbreviation (TNF-alpha without its hyphen). Capitals cannot spell an
# ordinary lower-case word, so the exemption hides no lookalike.
_MEDICAL_GREEK = re.compile(
    r"\u03bc(?:g|l|L|m|mol|M|U|IU|s|V|A|W|Sv|Gy|Ci|Eq|kat|Osm)"
    r"|[kMG][\u03a9\u2126]"
    r"|[\u03b1-\u03b5\u03ba\u03bb][A-Z0-9]+"
    r"|[A-Z0-9]+[\u03b1-\u03b5\u03ba\u03bb][0-9]*"
)


@lru_cache(maxsize=4096)
def script_of(char: str) -> str:
    """Return the script of one character as the first word of its Unicode name, else `COMMON`.

    Letters and marks have a script; digits, punctuation, symbols and unnamed characters are common.
    """
    if not char or unicodedata.category(char)[0] not in "LM":
        return COMMON
    words = unicodedata.name(char, COMMON).split()
    if words[0] in ("FULLWIDTH", "HALFWIDTH"):
        words = words[1:]
    head = words[0]
    if head in _TWO_WORD_NAMES:
        return " ".join(words[:2])
    return COMMON if head in _COMMON_NAMES else _ALIASES.get(head, head)


def suspicious_words(text: str) -> list[str]:
    """Return the words of `text` that mix scripts (Latin + Cyrillic, ...), each once, in order.

    Digits, punctuation, combining marks and common letters never count. Japanese, Korean and
    Chinese with Latin are ordinary, as are Greek unit prefixes and suffixes of abbreviations.
    Hidden characters do not split a word. The words are foreign text: make them inert to show.
    """
    found: dict[str, None] = {}
    for word in _words(text):
        if _mixes(word):
            found.setdefault(word)
    return list(found)


def _words(text: str) -> list[str]:
    if text.isascii():
        return []
    words: list[str] = []
    start = -1
    for index, char in enumerate(text):
        if unicodedata.category(char)[0] in "LMN" or unicodedata.category(char) == "Cf":
            start = index if start < 0 else start
        elif start >= 0:
            words.append(text[start:index])
            start = -1
    if start >= 0:
        words.append(text[start:])
    return words


def _mixes(word: str) -> bool:
    scripts = {script_of(char) for char in word if unicodedata.category(char)[0] == "L"} - {COMMON}
    if len(scripts) < 2 or any(scripts <= together for together in _WRITTEN_TOGETHER):
        return False
    return _MEDICAL_GREEK.fullmatch(word) is None
