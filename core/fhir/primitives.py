"""The formats of FHIR's primitive types, in JSON.

Source: FHIR R4 §2.24 (datatypes) and the regular expressions in HL7's definitions.
"""

from __future__ import annotations

import re
from calendar import monthrange
from functools import cache

from core.canonical import Json, Number
from core.fhir.tables import table

INT32 = 2**31
MAX_DIGITS = 11
_BASE64 = re.compile(r"[0-9A-Za-z+/]*={0,2}")
_SPACE = re.compile(r"[ \t\r\n]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_WITH_DAY = frozenset({"date", "dateTime", "instant"})
_WHOLE = frozenset({"integer", "positiveInt", "unsignedInt"})


def fits_kind(kind: str, value: Json) -> bool:
    """Return whether `value` is the JSON kind (string, number, boolean) that `kind` takes."""
    wanted = table()["primitives"][kind]["json"]
    if wanted == "string":
        return isinstance(value, str)
    return isinstance(value, bool if wanted == "boolean" else Number)


def fits_format(kind: str, value: str | Number | bool) -> bool:
    """Return whether a value of the right JSON kind has the format of primitive type `kind`."""
    if isinstance(value, bool):
        return True
    text = value.text if isinstance(value, Number) else value
    if kind == "base64Binary":
        return _is_base64(text)
    pattern = _pattern(kind)
    if pattern and not pattern.fullmatch(text):
        return False
    if kind in _WHOLE:
        return len(text) <= MAX_DIGITS and -INT32 <= int(text) < INT32
    if kind in _WITH_DAY:
        return _is_day(text)
    return isinstance(value, Number) or not _CONTROL.search(text)


@cache
def _pattern(kind: str) -> re.Pattern[str] | None:
    source = table()["primitives"][kind]["regex"]
    # HL7 means ASCII classes: under Unicode rules a no-break space would not be a \S.
    return re.compile(source, re.ASCII) if source else None


def _is_base64(text: str) -> bool:
    # HL7's own expression takes exponential time on hostile input; this one says the same.
    packed = _SPACE.sub("", text)
    return len(packed) % 4 == 0 and bool(packed) and bool(_BASE64.fullmatch(packed))


def _is_day(text: str) -> bool:
    found = _DAY.match(text)
    if not found:
        return True
    year, month, day = (int(part) for part in found.groups())
    return day <= monthrange(year, month)[1]
