"""JSON that keeps every number's text, its canonical form, and the digests built on it.

FHIR decimals carry precision (`1.10` is not `1.1`), so numbers never become floats here.
Source: hub-protocol §2 (C14N, H), RFC 8785 for key order and string escapes.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeAlias

from core.errors import BadInput

MAX_BYTES = 256 * 1024
MAX_DEPTH = 64
MAX_STRING = 64 * 1024
MAX_NUMBER = 40
MAX_EXPONENT = 30


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written; two numbers are equal when their texts are."""

    text: str

    def plain(self) -> int | Decimal:
        """Return the value for arithmetic or validation: int for integers, else Decimal."""
        return int(self.text) if re.fullmatch(r"-?\d+", self.text) else Decimal(self.text)


# The standard encoder without ASCII escaping writes exactly RFC 8785's short escapes, and \u00xx in
# lower case for the other control characters.
_quote = json.encoder.encode_basestring

# A string that does not end goes on to the end of the document.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")

Json: TypeAlias = bool | str | Number | list[Any] | dict[str, Any] | None
JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one JSON document; the defaults are those of hub-protocol §8."""

    max_bytes: int = MAX_BYTES
    max_depth: int = MAX_DEPTH
    max_string: int = MAX_STRING
    max_number: int = MAX_NUMBER
    max_exponent: int = MAX_EXPONENT


INTAKE = Limits()
RESPONSE = Limits(
    max_bytes=16 * 1024 * 1024,
    max_string=12 * 1024 * 1024,
    max_number=1024,
    max_exponent=4096,
)
"""What a server may answer: charts hold larger attachments and odder decimals than agents may."""


def parse(data: bytes, limits: Limits = INTAKE) -> Json:
    """Parse strict UTF-8 JSON, keeping number texts.

    Refuses (BadInput): too large, too deep, a byte order mark, duplicate keys, NaN and Infinity,
    lone surrogates, over-long strings and numbers. Size and depth are checked before parsing.
    """
    if len(data) > limits.max_bytes:
        raise BadInput(
            f"the document has {len(data):,} bytes; the limit is {limits.max_bytes:,}",
            remedy="Split it into smaller proposals",
        )
    try:
        text = data.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"not UTF-8 at byte {error.start}", remedy="Encode the document as UTF-8"
        ) from None
    if text.startswith("\ufeff"):
        raise BadInput("starts with a byte order mark", remedy="Save it as UTF-8 without a BOM")
    _check_depth(text, limits.max_depth)
    try:
        value: Json = _decoder(limits).decode(text)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            remedy="Send one JSON object, or one object a line",
        ) from None
    # A string is no longer than its document, and only an escape can bring a lone surrogate.
    if len(text) > limits.max_string or "\\u" in text:
        _check_strings(value, limits.max_string)
    return value


def parse_object(data: bytes, limits: Limits = INTAKE) -> JsonObject:
    """Parse as `parse` does and insist on an object."""
    value = parse(data, limits)
    if not isinstance(value, dict):
        raise BadInput("the document is not a JSON object", remedy="Wrap it in { }")
    return value


def encode(value: Json) -> bytes:
    """Return compact UTF-8 JSON with number texts as they were and keys in their given order."""
    return _text(value).encode("utf-8")


def c14n(value: Json) -> bytes:
    """Return the canonical form: keys by UTF-16 code unit, RFC 8785 escapes, number texts kept."""
    return _text(_sorted(value)).encode("utf-8")


def digest(tag: str, data: bytes) -> str:
    """Return H(tag, data) of hub-protocol §2 as 64 hex characters."""
    return hashlib.sha256(b"countersign/v1/" + tag.encode("ascii") + b"\x00" + data).hexdigest()


def plain(value: Json) -> Any:
    """Return the same document with numbers as int or Decimal, for models that validate."""
    if isinstance(value, Number):
        return value.plain()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def exact(value: Any) -> Json:
    """Return plain Python data (int, Decimal, str, bool, None, list, dict) as exact JSON."""
    if isinstance(value, bool) or value is None or isinstance(value, str | Number):
        return value
    if isinstance(value, int | Decimal):
        return Number(str(value))
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {str(key): exact(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no exact JSON form")


@lru_cache(maxsize=8)
def _decoder(limits: Limits) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_int=partial(_number, limits),
        parse_float=partial(_number, limits),
        parse_constant=_refuse_constant,
        object_pairs_hook=_object,
    )


def _number(limits: Limits, text: str) -> Number:
    if len(text) <= limits.max_number and text.isdigit():
        return Number(text)
    _, _, exponent = text.lower().partition("e")
    if len(text) > limits.max_number or _exceeds(exponent, limits.max_exponent):
        raise BadInput(
            f"a number has {len(text)} characters or too large an exponent",
            remedy=f"Keep numbers within {limits.max_number} characters and exponents within "
            f"{limits.max_exponent}",
        )
    return Number(text)


def _exceeds(exponent: str, limit: int) -> bool:
    digits = exponent.lstrip("+-").lstrip("0")
    return len(digits) > len(str(limit)) or int(digits or "0") > limit


def _refuse_constant(name: str) -> Json:
    raise BadInput(f"{name} is not a JSON number", remedy="Leave the value out")


def _object(pairs: list[tuple[str, Json]]) -> JsonObject:
    found: JsonObject = {}
    for key, value in pairs:
        if key in found:
            raise BadInput(
                f"the key {_quoted(key)} stands twice in one object", remedy="Keep one of them"
            )
        found[key] = value
    return found


def _quoted(text: str) -> str:
    return json.dumps(text[:40])


def _check_depth(text: str, limit: int) -> None:
    if text.count("[") + text.count("{") <= limit:
        return
    depth = 0
    for found in _BRACKET.finditer(_STRING.sub("", text)):
        if found.group() in "[{":
            depth += 1
            if depth > limit:
                raise BadInput(f"nested deeper than {limit} levels", remedy="Flatten the document")
        else:
            depth -= 1


def _check_strings(value: Json, limit: int) -> None:
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            _check_string(item, limit)
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(item)
            stack.extend(item.values())


def _check_string(text: str, limit: int) -> None:
    if len(text) > limit:
        raise BadInput(
            f"a string has {len(text):,} characters; the limit is {limit:,}",
            remedy="Shorten it",
        )
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise BadInput("a string holds a lone surrogate", remedy="Send valid Unicode text")


def _text(value: Json) -> str:
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, dict):
        members = [
            _quote(key) + ":" + (_quote(item) if type(item) is str else _text(item))
            for key, item in value.items()
        ]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join([_text(item) for item in value]) + "]"
    if isinstance(value, Number):
        return value.text
    found = _CONSTANTS.get(value) if value is None or isinstance(value, bool) else None
    if found is None:
        raise TypeError(f"{type(value).__name__} is not exact JSON; use core.canonical.exact")
    return found


_CONSTANTS = {True: "true", False: "false", None: "null"}


def _sorted(value: Json) -> Json:
    if isinstance(value, dict):
        # ASCII stands in the same order in UTF-16, and is what nearly all names are.
        names = sorted(value) if "".join(value).isascii() else sorted(value, key=_utf16)
        return {key: _sorted(value[key]) for key in names}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
