"""HL7's own R4 examples of all types that are no definitions, and every place in them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject, Number
from core.discrepancy.place import below, inside
from core.fhir import element
from tests.core.discrepancy.tree import Path as Steps

DEFINITIONS = """SearchParameter ValueSet CodeSystem StructureDefinition ConceptMap
    OperationDefinition CapabilityStatement CompartmentDefinition StructureMap""".split()


@cache
def examples() -> tuple[tuple[str, JsonObject], ...]:
    """Return file name and resource of every example; skips, or fails in CI, without them."""
    named = os.environ.get("COUNTERSIGN_HL7_EXAMPLES")
    if not named or not Path(named).is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("COUNTERSIGN_HL7_EXAMPLES does not name the folder of HL7's examples")
        pytest.skip("skipped: COUNTERSIGN_HL7_EXAMPLES is not set; CI fetches HL7's examples")
    paths = sorted(Path(named).glob("[A-Z]*-*.json"))
    return tuple(
        (path.name, read(path)) for path in paths if path.name.partition("-")[0] not in DEFINITIONS
    )


def read(path: Path) -> JsonObject:
    found = json.loads(path.read_text(encoding="utf-8"), parse_int=Number, parse_float=Number)
    assert isinstance(found, dict)
    return found


@dataclass(frozen=True)
class Site:
    """A value in a resource: HL7's path and type of its element, and what holds it."""

    path: Steps
    value: Any
    defined: str
    kind: str
    holder: Any
    root: str

    @property
    def name(self) -> str:
        return next(step for step in reversed(self.path) if isinstance(step, str))

    @property
    def is_item(self) -> bool:
        return isinstance(self.path[-1], int)

    def under(self, *names: str) -> bool:
        return any(step in names for step in self.path)


def sites(resource: JsonObject) -> Iterator[Site]:
    root = str(resource["resourceType"])
    yield from _below(resource, (), root, root)


def _below(value: Any, path: Steps, names: str, root: str) -> Iterator[Site]:
    if isinstance(value, dict):
        within = inside(names, value) if path else names
        for name, item in value.items():
            at = below(within, name)
            yield _site(item, (*path, name), at, value, root)
            yield from _below(item, (*path, name), at, root)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield _site(item, (*path, index), names, value, root)
            yield from _below(item, (*path, index), names, root)


def _site(value: Any, path: Steps, names: str, holder: Any, root: str) -> Site:
    found = element(names)
    kind = found.types[0] if found is not None and len(found.types) == 1 else ""
    return Site(path, value, found.path if found else "", kind, holder, root)
