"""SMART v2 scopes of back-end services: `system/Type.cruds`.

Source: SMART App Launch 2.x, "Scopes and launch context"; letters in that order only. Scopes
with a search part (`?category=…`), of another context (patient/, user/) and v1 scopes (`.read`)
are refused: the sandbox does not enforce them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import BadInput
from core.fhir import is_resource_type

INTERACTIONS = "cruds"
ANY = "*"
MAX_SCOPES = 200
_SCOPE = re.compile(r"system/(\*|[A-Za-z]{1,64})\.(c?r?u?d?s?)")


@dataclass(frozen=True, slots=True)
class Scopes:
    """Resource type (or `*`) → interaction letters, in cruds order."""

    by_type: Mapping[str, str]

    def allows(self, kind: str, interaction: str) -> bool:
        """Return whether `interaction` (one letter) on resource type `kind` is included."""
        return any(interaction in self.by_type.get(name, "") for name in (kind, ANY))

    def narrowed(self, allowed: Scopes) -> Scopes:
        """Return what of these scopes `allowed` includes too; it may be nothing."""
        found: dict[str, str] = {}
        for kind, letters in self.by_type.items():
            for other, limit in allowed.by_type.items():
                if kind not in (ANY, other) and other != ANY:
                    continue
                both = [letter for letter in letters if letter in limit]
                name = kind if other == ANY else other
                found[name] = _ordered(found.get(name, ""), "".join(both))
        general = found.get(ANY, "")
        return Scopes(
            {
                kind: letters
                for kind, letters in found.items()
                if letters and (kind == ANY or set(letters) - set(general))
            }
        )

    def __str__(self) -> str:
        return " ".join(f"system/{kind}.{letters}" for kind, letters in self.by_type.items())


def parse_scopes(text: str) -> Scopes:
    """Return the scopes of a space-separated list; BadInput for an empty or unsupported one."""
    items = text.split()
    if not 0 < len(items) <= MAX_SCOPES:
        raise BadInput(
            "no scope is named, or too many", field="scope", remedy="Ask for system/Type.cruds"
        )
    found: dict[str, str] = {}
    for item in items:
        match = _SCOPE.fullmatch(item)
        if not match or not match[2] or not (match[1] == ANY or is_resource_type(match[1])):
            raise BadInput(
                "a scope is malformed or not supported",
                field="scope",
                remedy="Use system/Type.cruds with the letters in that order",
            )
        found[match[1]] = _ordered(found.get(match[1], ""), match[2])
    return Scopes(found)


def _ordered(*letters: str) -> str:
    have = "".join(letters)
    return "".join(letter for letter in INTERACTIONS if letter in have)
