"""What a text comes down to when only its way of writing is left out, for matching list items.

These are the same ways of writing that `spelling`, `demographics` and `phones` know as harmless;
as with every key a match is no verdict.
"""

from __future__ import annotations

import re
import unicodedata

from core.discrepancy.systems import SYSTEMS, one_name

_RUNS = re.compile(r"\s+")
_NAMED = ("HumanName.", "Address.")
_NOT_DIALLED = re.compile(r"[\s().\-\u2010-\u2015]+")


def plainly(text: str, path: str, kind: str) -> str:
    """Return what to match a text by, given HL7's path and type of its element."""
    if kind == "base64Binary":
        return _RUNS.sub("", text)
    if path in SYSTEMS:
        return one_name(text)
    if kind not in ("string", "markdown"):
        return text
    plain = _RUNS.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if path == "ContactPoint.value":
        return _NOT_DIALLED.sub("", plain.lower())
    return plain.lower().replace(",", " ") if path.startswith(_NAMED) else plain
