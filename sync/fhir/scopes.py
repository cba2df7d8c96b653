"""Which granted scopes are no more than the asked ones.

Source: SMART App Launch 2.x, "Scopes and launch context" (v2 letters, v1 names).
"""

from __future__ import annotations

import re

from core.errors import BadInput

_LIST = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}(?: [\x21\x23-\x5b\x5d-\x7e]{1,200}){0,199}")
_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,63})\.(c?r?u?d?s?|read|write|\*)(\?\S*)?")
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}


def check_scope(scope: str) -> None:
    """Raise BadInput unless `scope` is a space-separated list of scope tokens (RFC 6749 §3.3)."""
    if not _LIST.fullmatch(scope):
        raise BadInput("not a scope", field="scope", remedy="Ask for system/Type.cruds")


def is_exactly(granted: str, asked: str) -> bool:
    """Tell whether both lists name the same scopes."""
    return set(granted.split()) == set(asked.split())


def is_within(granted: str, asked: str) -> bool:
    """Tell whether something is granted and each of it is part of what was asked."""
    wanted = [found for item in asked.split() if (found := _parse(item))]
    given = [_parse(item) for item in granted.split()]
    return bool(given) and all(
        item is not None and any(_covers(whole, item) for whole in wanted) for item in given
    )


def _parse(item: str) -> tuple[str, str, str] | None:
    found = _SCOPE.fullmatch(item)
    if found is None or not found[2]:
        return None
    return found[1], _V1.get(found[2], found[2]), found[3] or ""


def _covers(whole: tuple[str, str, str], part: tuple[str, str, str]) -> bool:
    same_type = whole[0] in ("*", part[0])
    same_filter = whole[2] in ("", part[2])
    return same_type and same_filter and set(part[1]) <= set(whole[1])
