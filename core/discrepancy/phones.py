"""Telephone numbers: one number written in two ways.

The only module that knows the library of number formats, which is read when the first number
differs. Without a region only what is international on both sides, or has the same digits, is the
same number: no country code is guessed. Source: ITU-T E.164, RFC 3966.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

_FORMATTING = re.compile(r"[\s().\-\u2010-\u2015]+")
_READABLE = re.compile(r"\+?[0-9 ().\-]{3,40}(?: ?(?:;ext=|ext\.?|x) ?[0-9]{1,7})?")
_NUMBER = re.compile(r"\s*(?:tel:)?\s*(?:\+|\(\+?)?\d", re.IGNORECASE)
_MAX = 64


def bare(text: str) -> str:
    """Return a number without what only formats it and without `tel:`."""
    plain = unicodedata.normalize("NFC", text).strip().lower().removeprefix("tel:")
    return _FORMATTING.sub("", plain)


def is_same_number(ours: str, theirs: str, region: str | None) -> bool:
    """Tell whether two texts are one telephone number.

    `region` (ISO 3166, "US") is where national forms are at home; None when nobody said.
    """
    if max(len(ours), len(theirs)) > _MAX:
        return False
    one, other = bare(ours), bare(theirs)
    if one == other and _NUMBER.match(ours) and _NUMBER.match(theirs):
        return True
    read = _parsed(ours, region)
    return read is not None and read == _parsed(theirs, region)


def is_region(code: str) -> bool:
    """Tell whether numbers can be read as of this country (ISO 3166, two capital letters)."""
    import phonenumbers

    return code in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=1024)
def _parsed(text: str, region: str | None) -> Any:
    """Return the number as the library reads it; None for anything that it would only guess."""
    import phonenumbers

    plain = text.strip().lower().removeprefix("tel:").replace("\u00a0", " ")
    if _READABLE.fullmatch(plain) is None or (region is None and not plain.startswith("+")):
        return None
    try:
        return phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return None
