"""Element paths as a policy writes them, and which touched elements they reach.

`Patient.telecom` reaches the element and everything under it; `Patient.*` reaches the elements of
a type except those that must be written out; `Observation.value[x]` reaches every type of the
choice. Source: design §7, hub-protocol §8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"[A-Z][A-Za-z]*(\.\*|(\.[a-z][A-Za-z0-9]*(\[x\])?)+)")

WRITTEN_OUT = frozenset({"text", "contained", "extension", "modifierExtension", "meta"})
"""Top-level elements of every type that `Type.*` never covers."""

IDENTITY = frozenset({"link", "active", "identifier", "deceasedBoolean", "deceasedDateTime"})
"""Elements that say who a patient is or whether the record stands; `Patient.*` leaves them out."""

_EXTENSIONS = frozenset({"extension", "modifierExtension"})
_CHOICE = "[x]"


@dataclass(frozen=True, slots=True)
class ElementPath:
    """One written path: its text, its segments, and whether it ends in `.*`."""

    text: str
    segments: tuple[str, ...]
    whole_type: bool

    @property
    def type(self) -> str:
        """Return the resource type that the path starts with."""
        return self.segments[0]

    def covers(self, touched: tuple[str, ...]) -> bool:
        """Return whether an allow rule with this path covers the touched element.

        Extensions, at any depth, are covered only by a path with that word in it, because a rule
        for an element does not speak for what others hang on it.
        """
        if len(touched) < len(self.segments) or not all(map(same_element, self.segments, touched)):
            return False
        rest = touched[len(self.segments) :]
        if self.whole_type and (not rest or rest[0] in _not_in_whole(self.type)):
            return False
        return _EXTENSIONS.isdisjoint(rest) or not _EXTENSIONS.isdisjoint(self.segments)

    def meets(self, touched: tuple[str, ...]) -> bool:
        """Return whether a forbid with this path concerns the touched element.

        Either may lie under the other: who touches the whole telecom touches its value.
        """
        return all(map(same_element, self.segments, touched))

    def within(self, outer: ElementPath) -> bool:
        """Return whether this path reaches nothing that `outer` does not reach."""
        return not self.whole_type and outer.covers(self.segments)


def element_path(text: str) -> ElementPath | None:
    """Return the path that `text` writes, or None when it cannot be one."""
    if _WRITTEN.fullmatch(text) is None:
        return None
    whole_type = text.endswith(".*")
    return ElementPath(text, tuple(text.removesuffix(".*").split(".")), whole_type)


def _not_in_whole(resource_type: str) -> frozenset[str]:
    return WRITTEN_OUT | IDENTITY if resource_type == "Patient" else WRITTEN_OUT


def same_element(written: str, name: str) -> bool:
    """Return whether a written segment names that element; `value[x]` names every choice of it."""
    if written == name or not written.endswith(_CHOICE):
        return written == name
    stem = written.removesuffix(_CHOICE)
    return name == stem or (name.startswith(stem) and name[len(stem)].isupper())
