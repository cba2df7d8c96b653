"""HL7's definitions of FHIR R4 (4.0.1), read from the packaged table when first needed.

The table (r4.json) is made from HL7's package hl7.fhir.r4.examples by
tests/tools/make_r4_tables.py, which also explains its notation. HL7 publishes FHIR under CC0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

_BACKBONES = frozenset({"BackboneElement", "Element"})
_POINTERS = frozenset({"uri", "url", "canonical"})
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Element:
    """One element of HL7's definition.

    `path` is the definition's path ("Observation.value[x]"); `types` the type names; `min` 0 or 1;
    `max` "1" or "*"; `targets` the resource types a Reference may point to (empty: any);
    `value_set` the required binding whose codes the table holds; `invariants` HL7's keys.
    """

    path: str
    types: tuple[str, ...]
    min: int
    max: str
    is_modifier: bool = False
    targets: tuple[str, ...] = ()
    value_set: str | None = None
    invariants: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether JSON carries the element as an array."""
        return self.max == "*"

    @property
    def is_choice(self) -> bool:
        """Whether the element is a choice of types (`value[x]`)."""
        return self.path.endswith("[x]")


@dataclass(frozen=True, slots=True)
class Field:
    """One JSON property: `node` is the key of its content's Node, None for primitives."""

    element: Element
    type: str
    node: str | None
    primitive: str | None
    has_companion: bool
    points: bool


@dataclass(frozen=True, slots=True)
class Node:
    """What one JSON object may hold: a resource, a data type or a backbone element.

    `required` pairs a path suffix with the properties of which one must be present.
    """

    key: str
    fields: dict[str, Field]
    required: tuple[tuple[str, tuple[str, ...]], ...]
    invariants: tuple[str, ...]


@cache
def table() -> dict[str, Any]:
    """Return the whole table as parsed JSON."""
    text = resources.files("core.fhir").joinpath("r4.json").read_text(encoding="utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


@cache
def resource_types() -> frozenset[str]:
    """Return the names of all resource types of R4 that can be instantiated."""
    types = table()["types"]
    return frozenset(
        name
        for name, entry in types.items()
        if entry["kind"] == "resource" and not entry.get("abstract")
    )


@cache
def codes(value_set: str) -> dict[str, frozenset[str]]:
    """Return code system → codes of a value set that the table holds."""
    return {system: frozenset(found) for system, found in table()["value_sets"][value_set].items()}


@cache
def invariant_text(key: str) -> str:
    """Return HL7's sentence for an invariant."""
    return str(table()["invariants"][key]["human"])


@cache
def node(key: str) -> Node:
    """Return the node of a type ("Quantity") or backbone element ("Patient.contact")."""
    name, _, inner = key.partition(".")
    entry = table()["types"][name]
    if inner:
        base = node(_parse(key, entry["elements"][inner]).types[0])
        prefix = inner + "."
        invariants = base.invariants
    else:
        base = node(entry["base"]) if entry["base"] else Node("", {}, (), ())
        prefix = ""
        invariants = base.invariants + tuple(entry.get("invariants", ()))
    fields, required = dict(base.fields), list(base.required)
    for path, line in entry["elements"].items():
        last = path.removeprefix(prefix)
        if path.startswith(prefix) and "." not in last:
            own = dict(_fields(name, _parse(f"{name}.{path}", line)))
            fields.update(own)
            if line.startswith("1"):
                required.append((last, tuple(own)))
    return Node(key, fields, tuple(required), invariants)


def element(path: str) -> Element | None:
    """Return the definition behind a path, or None when R4 has no such element.

    Paths start with a resource or data type and may go through data types, carry indexes and
    name choices either way: "Patient.contact.telecom[0].value", "Observation.valueQuantity.code",
    "Observation.value[x]"; `_birthDate` is the companion that holds a primitive's extensions.
    """
    first, *names = _INDEX.sub("", path).split(".")
    if not names or first not in table()["types"]:
        return None
    current: str | None = first
    found: Element | None = None
    for name in names:
        step = _step(current, name) if current else None
        if step is None:
            return None
        found, current = step
    return found


def reference_targets(path: str) -> tuple[str, ...]:
    """Return the resource types that the Reference at `path` may point to; empty means any."""
    found = element(path)
    return found.targets if found else ()


def _step(key: str, name: str) -> tuple[Element, str | None] | None:
    fields = node(key).fields
    if field := fields.get(name):
        narrowed = replace(field.element, types=(field.type,))
        # Below a primitive only its id and extensions can follow, as FHIRPath writes them.
        return narrowed, field.node or ("Element" if field.has_companion else None)
    companion = fields.get(name.removeprefix("_")) if name.startswith("_") else None
    if companion and companion.has_companion:
        whole = companion.element
        return Element(f"{key}.{name}", ("Element",), 0, whole.max), "Element"
    choice = name.removesuffix("[x]") + "[x]"
    for field in fields.values():
        if field.element.path.endswith("." + choice):
            return field.element, None
    return None


@cache
def _open_types() -> str:
    return str(table()["types"]["Extension"]["elements"]["value[x]"].split(" ")[1])


def _parse(path: str, line: str) -> Element:
    cardinality, kinds, *rest = line.split(" ")
    low, _, high = cardinality.partition("..")
    types: list[str] = []
    targets: tuple[str, ...] = ()
    for kind in (_open_types() if kinds == "*" else kinds).split("|"):
        plain, _, inside = kind.partition("(")
        if inside:
            targets = tuple(inside.removesuffix(")").split(","))
        types.append(plain)
    return Element(
        path,
        tuple(types),
        int(low),
        high,
        "?!" in rest,
        targets,
        next((one[1:] for one in rest if one.startswith("=")), None),
        tuple(one[1:] for one in rest if one.startswith("+")),
    )


def _fields(owner: str, parsed: Element) -> Iterator[tuple[str, Field]]:
    """Yield property name and field; a choice yields one for each type."""
    last = parsed.path.rpartition(".")[2]
    public = replace(parsed, types=tuple(_public(kind) for kind in parsed.types))
    for kind in parsed.types:
        name = last
        if parsed.is_choice:
            shown = _public(kind)
            name = last.removesuffix("[x]") + shown[0].upper() + shown[1:]
        yield name, _field(owner, public, kind, name)


def _field(owner: str, public: Element, kind: str, name: str) -> Field:
    shown = _public(kind)
    primitive = shown if shown in table()["primitives"] else None
    key: str | None = None if primitive else kind
    if kind in _BACKBONES:
        key = public.path
    elif kind.startswith("#"):
        key = kind[1:]
    points = primitive in _POINTERS or (owner == "Reference" and name == "reference")
    has_companion = primitive is not None and primitive != "xhtml" and not kind.startswith("@")
    return Field(public, shown, key, primitive, has_companion, points)


def _public(kind: str) -> str:
    """Return a type as FHIR names it; content taken from another element is a backbone."""
    if kind == "SimpleQuantity":
        return "Quantity"
    return "BackboneElement" if kind.startswith("#") else kind.removeprefix("@")
