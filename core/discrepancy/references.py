"""What a reference points to, whichever way it is written.

Source: FHIR R4 references (https://hl7.org/fhir/R4/references.html#literal): relative, absolute,
and version-specific forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.canonical import Json

_LITERAL = re.compile(
    r"(?:(?P<base>[A-Za-z][A-Za-z0-9+.-]*://.+)/)?(?P<type>[A-Z][A-Za-z]+)/"
    r"(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/(?P<version>[A-Za-z0-9.-]{1,64}))?"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A reference taken apart; `base` is empty for the EHR's own, `version` when none is named."""

    base: str
    type: str
    id: str
    version: str

    @property
    def resource(self) -> tuple[str, str, str]:
        """The resource whatever its version: base, type, id."""
        return self.base, self.type, self.id

    def is_same_resource(self, other: Target) -> bool:
        """Tell whether both point to one resource and do not name two versions of it."""
        versions_agree = not (self.version and other.version) or self.version == other.version
        return self.resource == other.resource and versions_agree


def target(reference: str, base_url: str | None) -> Target | None:
    """Take a literal reference apart; None for fragments, URNs and anything else.

    `base_url` is the EHR whose absolute references are its own; a trailing slash does not count.
    """
    found = _LITERAL.fullmatch(reference)
    if found is None:
        return None
    base = found["base"] or ""
    if base_url is not None and base.rstrip("/") == base_url.rstrip("/"):
        base = ""
    return Target(base, found["type"], found["id"], found["version"] or "")


def targets(value: Json, base_url: str | None) -> Iterator[Target]:
    """Yield what every `reference` at any depth of `value` points to."""
    stack: list[Json] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            stack.extend(item.values())
            literal = item.get("reference")
            if isinstance(literal, str) and (found := target(literal, base_url)) is not None:
                yield found
