"""The search parameters the sandbox knows: HL7's, whose values stand at plain paths.

The table (r4_search.json) is made from HL7's package hl7.fhir.r4.examples by
tests/tools/make_r4_search.py, which also explains its notation. HL7 publishes FHIR under CC0.
Not known are parameters of type number, quantity, composite and special, phonetic ones and those
that read extensions; they are answered with 400.
Source: FHIR R4 searchparameter-registry.html, compartmentdefinition-patient.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from core.fhir import element_types

REFERENCES = frozenset({"patient", "subject", "target"})
"""The reference parameters among those of `parameters`."""
STORED = ("_id", "_lastUpdated")
"""The parameters whose values the store itself keeps."""
_LEGACY = REFERENCES | {"identifier", "code", "status"}
_STEP = re.compile(r"(\w+)(?:\[([\w-]+)=([\w-]+)\])?")


@dataclass(frozen=True, slots=True)
class Step:
    """One property on a path; of the objects in it only those where `field` is `value`, if set."""

    name: str
    field: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """Where values stand; `target` is the only type of reference that counts, None for all."""

    steps: tuple[Step, ...]
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter of one resource type.

    `type` is token, reference, date, string or uri; `targets` are the types that a reference may
    lead to, none for any; `plain_code` says that the values are codes without a code system.
    """

    name: str
    type: str
    paths: tuple[Path, ...]
    targets: tuple[str, ...] = ()
    plain_code: bool = False


_COMMON = {
    "_tag": "token meta.tag",
    "_security": "token meta.security",
    "_profile": "uri meta.profile",
    "_source": "uri meta.source",
}


@cache
def known(kind: str) -> Mapping[str, Parameter]:
    """Return the indexed search parameters of resource type `kind` by name."""
    lines = {**_COMMON, **_table()["parameters"].get(kind, {})}
    return {name: _parameter(kind, name, line) for name, line in lines.items()}


@cache
def search_parameters(kind: str) -> Mapping[str, str]:
    """Return every search parameter of resource type `kind` with its FHIR search type."""
    return {
        "_id": "token",
        "_lastUpdated": "date",
        **{name: parameter.type for name, parameter in known(kind).items()},
    }


@cache
def includes(kind: str) -> list[str]:
    """Return the `Type:parameter` values that `_include` takes in a search of `kind`."""
    return [f"{kind}:{name}" for name, one in known(kind).items() if one.type == "reference"]


@cache
def reverse_includes(kind: str) -> list[str]:
    """Return the `Type:parameter` values that `_revinclude` takes in a search of `kind`."""
    return [
        f"{source}:{name}"
        for source in _table()["parameters"]
        for name, one in known(source).items()
        if one.type == "reference" and (not one.targets or kind in one.targets)
    ]


@cache
def patient_compartment() -> Mapping[str, tuple[str, ...]]:
    """Return the types in a Patient's compartment, each with the parameters that put it there."""
    return {kind: tuple(text.split()) for kind, text in _table()["compartment"].items()}


@cache
def is_parameter_name(name: str) -> bool:
    """Return whether any resource type has a search parameter of this name."""
    return name in _COMMON or any(name in found for found in _table()["parameters"].values())


@cache
def parameters(kind: str) -> Mapping[str, tuple[str, ...]]:
    """Return the most used search parameters of `kind`, each with its element paths."""
    return {
        name: tuple(".".join(step.name for step in path.steps) for path in one.paths)
        for name, one in known(kind).items()
        if name in _LEGACY
    }


@cache
def _table() -> dict[str, Any]:
    text = resources.files("sync.sandbox").joinpath("r4_search.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def _parameter(kind: str, name: str, line: str) -> Parameter:
    type_, *words = line.split()
    paths = [word for word in words if not word.startswith("@")]
    targets = tuple(words[-1][1:].split(",")) if words[-1].startswith("@") else ()
    plain = type_ == "token" and all(element_types(f"{kind}.{path}") == ("code",) for path in paths)
    return Parameter(name, type_, tuple(_path(name, path) for path in paths), targets, plain)


def _path(name: str, text: str) -> Path:
    body, _, target = text.partition(">")
    steps = [_STEP.fullmatch(step) for step in body.split(".")]
    # `patient` means a Patient also where the element may hold a Group or a Device.
    only = "Patient" if name == "patient" else target
    return Path(tuple(Step(*step.groups()) for step in steps if step), only or None)
