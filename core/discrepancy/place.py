"""Where in a resource a value stands, as a reader sees it and as HL7 defines it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from core.canonical import Json, JsonObject
from core.fhir import Element, element, is_resource_type

_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]*")
_UNKNOWN = "?"


@lru_cache(maxsize=8192)
def definition(names: str) -> Element | None:
    """Return HL7's definition of an element path without indexes, remembered for the next call."""
    return element(names)


@lru_cache(maxsize=8192)
def defined_path(names: str) -> str:
    """Return HL7's path of the definition behind an element path, empty when there is none."""
    found = definition(names)
    return found.path if found is not None else ""


@lru_cache(maxsize=8192)
def path_steps(names: str) -> tuple[str, ...]:
    """Return an element path's names."""
    return tuple(names.split("."))


def element_paths(text: str) -> frozenset[str]:
    """Return the element paths that stand in `text` between white space."""
    return frozenset(text.split())


@lru_cache(maxsize=8192)
def is_modifying(names: str) -> bool:
    """Tell whether the element or one that it stands in is a modifier element."""
    parts = names.split(".")
    found = (definition(".".join(parts[:length])) for length in range(2, len(parts) + 1))
    return any(one is not None and one.is_modifier for one in found)


def root(value: JsonObject) -> str:
    """Return the element path at which a resource starts: its type, or one without definition."""
    name = value.get("resourceType")
    return name if isinstance(name, str) and is_resource_type(name) else _UNKNOWN


def inside(names: str, value: Json) -> str:
    """Return where the members of `value` are defined: a resource held by another starts anew."""
    found = definition(names) if isinstance(value, dict) and "resourceType" in value else None
    if found is not None and found.types == ("Resource",) and isinstance(value, dict):
        return root(value)
    return names


def below(names: str, name: str) -> str:
    """Return the element path of an object's member.

    A member name that is no FHIR name, such as one with a dot in it, must not be read as a path.
    """
    return f"{names}.{name if _NAME.fullmatch(name) else _UNKNOWN}"


@dataclass(frozen=True, slots=True)
class Place:
    """One place: `path` is shown and carries indexes, `names` is the element path.

    Inside a contained resource `names` starts with that resource's own type.
    """

    path: str
    names: str

    def member(self, name: str) -> Place:
        """Return the place of an object's member."""
        return Place(f"{self.path}.{name}", below(self.names, name))

    def item(self, index: int) -> Place:
        """Return the place of a list's item."""
        return Place(f"{self.path}[{index}]", self.names)

    def within(self, value: Json) -> Place:
        """Return this place for the members of `value`, see `inside`."""
        return Place(self.path, inside(self.names, value))

    @property
    def steps(self) -> tuple[str, ...]:
        """The element path's names; the first is the resource type."""
        return path_steps(self.names)

    @property
    def defined(self) -> Element | None:
        """HL7's definition, or None where R4 has no such element."""
        return definition(self.names)

    @property
    def type(self) -> str | None:
        """The one type that the value has here, or None when it is unknown or open."""
        found = self.defined
        return found.types[0] if found is not None and len(found.types) == 1 else None
