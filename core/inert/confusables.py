r"""Texts that differ in code points and not to the eye.

The table is a small subset of UTS #39 `confusables.txt`: the lookalikes of Latin letters and
ASCII digits in Cyrillic, Greek, Armenian and Arabic, full-width and mathematical forms, `0`/`O`,
`1`/`l`/`I`/`|`, `m`/`rn`, dashes, quotes and spaces. A pair that it does not know is not reported:
a quiet answer is no proof that two texts look different.
"""

from __future__ import annotations

import unicodedata

# Prototype on the left, the characters that look like it on the right (written as escapes so that
# this file cannot be misread itself).
_ROWS: tuple[tuple[str, str], ...] = (
    ("a", "\u0430\u03b1\u0251"),
    ("b", "\u042c\u0184"),
    ("c", "\u0441\u03f2\u1d04"),
    ("d", "\u0501"),
    ("e", "\u0435\u212e\u04bd"),
    ("g", "\u0261\u0581"),
    ("h", "\u04bb\u0570"),
    ("i", "\u0456\u03b9\u0131\u0269\u2170"),
    ("j", "\u0458\u03f3"),
    ("l", "I1|\u0406\u0399\u04c0\u04cf\u01c0\u2113\u217c\u2160\u0661\u06f1\u05c0"),
    ("n", "\u0578\u043f"),
    ("o", "\u043e\u03bf\u03c3\u0585\u0665\u06f5\u0966"),
    ("p", "\u0440\u03c1"),
    ("q", "\u051b\u0566"),
    ("r", "\u0433"),
    ("s", "\u0455"),
    ("u", "\u03c5\u057d"),
    ("v", "\u03bd\u2174\u0475"),
    ("w", "\u051d\u0461"),
    ("x", "\u0445\u2179\u00d7"),
    ("y", "\u0443\u03b3\u04af"),
    ("A", "\u0410\u0391\u13aa"),
    ("B", "\u0412\u0392\u13f4"),
    ("C", "\u0421\u03f9\u216d"),
    ("D", "\u216e\u13a0"),
    ("E", "\u0415\u0395\u13ac"),
    ("G", "\u050c\u13c0"),
    ("H", "\u041d\u0397\u13bb"),
    ("J", "\u0408\u13ab"),
    ("K", "\u041a\u039a\u212a"),
    ("L", "\u216c\u13de"),
    ("M", "\u041c\u039c\u216f"),
    ("N", "\u039d"),
    ("O", "0\u041e\u039f\u0555\u07c0\u09e6"),
    ("P", "\u0420\u03a1\u13e2"),
    ("Q", "\u051a"),
    ("S", "\u0405\u054f\u13da"),
    ("T", "\u0422\u03a4\u13a2"),
    ("V", "\u2164\u13d9"),
    ("W", "\u051c\u13d4"),
    ("X", "\u0425\u03a7\u2169"),
    ("Y", "\u0423\u03a5\u04ae"),
    ("Z", "\u0396\u13c3"),
    ("3", "\u0417\u04e0\u01b7"),
    ("6", "\u0431"),
    ("8", "\u09ea\u0222"),
    ("\u03bc", "\u00b5"),
    ("rn", "m\u217f"),
    ("-", "\u2010\u2011\u2012\u2013\u2212\ufe58\u06d4\u2043\u02d7\u2796"),
    ("'", "\u2018\u2019\u201b\u2032\u02bc\u02b9\u00b4\u0060"),
    ("''", '"\u201c\u201d\u201f\u2033\u02ba'),
    (",", "\u201a\u066b\u060d"),
    (".", "\u2024\u0660\u06f0"),
    (":", "\u2236\ua789\u0589\u05c3\u02d0"),
    ("/", "\u2044\u2215\u2571"),
)
_PROTOTYPE = {char: prototype for prototype, chars in _ROWS for char in chars}
MAX_RUN = 32
_IGNORED_CATEGORIES = frozenset({"Cc", "Cf"})


def confusable_change(before: str, after: str) -> bool:
    """Return whether the texts differ although they look the same (`10 mg` and `1O mg`).

    Invisible characters count as no difference to the eye. Case and accents do make a difference.
    """
    return before != after and skeleton(before) == skeleton(after)


def skeleton(text: str) -> str:
    """Return what `text` looks like: equal skeletons mean texts that the eye takes for the same.

    For comparison only; never shown, stored or sent.
    """
    visible = (char for char in unicodedata.normalize("NFD", _bounded(text)) if _is_visible(char))
    return unicodedata.normalize("NFD", "".join(_prototype(char) for char in visible))


def _bounded(text: str) -> str:
    """Cut runs of marks, which take quadratic time to normalise and are one blot to the eye."""
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) or not _is_visible(char) else 0
        if run <= MAX_RUN:
            kept.append(char)
    return "".join(kept)


def _prototype(char: str) -> str:
    if "\uff01" <= char <= "\uff5e" or "\U0001d400" <= char <= "\U0001d7ff":
        char = unicodedata.normalize("NFKC", char)
    elif unicodedata.category(char) == "Zs":
        char = " "
    return _PROTOTYPE.get(char, char)


def _is_visible(char: str) -> bool:
    if char in "\t\n\r":
        return True
    is_selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
    return not (
        is_selector or char == "\u034f" or unicodedata.category(char) in _IGNORED_CATEGORIES
    )
