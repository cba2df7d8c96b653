"""UCUM's own definitions (ucum-essence.xml, as ucumvert ships it), evaluated exactly.

ucumvert maps UCUM onto pint, whose constants are not UCUM's everywhere; this reads the same
grammar's parse tree and nothing but UCUM's numbers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any
from xml.etree import ElementTree

from ucumvert.parser import get_ucum_parser
from ucumvert.xml_util import root

# The kelvins at the zero of the two scales of UCUM §22 that are no logarithms.
ZEROS = {"Cel": Fraction("273.15"), "[degF]": Fraction("459.67") * 5 / 9}


@dataclass(frozen=True)
class Defined:
    """A unit in UCUM's base units; what is no multiple of them has a dimension of its own name."""

    scale: Fraction
    dimension: frozenset[tuple[str, int]]


@cache
def _entries(kind: str) -> dict[str, Any]:
    found = (item for item in root.iter() if item.tag.endswith(kind))
    return {item.attrib["Code"]: item for item in found}


@cache
def _parser() -> Any:
    return get_ucum_parser()


@cache
def defined(code: str) -> Defined:
    """Return what a UCUM code means; raises where the code is none."""
    return _of(_parser().parse(code))


def _of(node: Any) -> Defined:
    if not hasattr(node, "children"):  # an annotation, which is 1
        return _one() if str(node).startswith("{") else _atom(str(node))
    parts = list(node.children)
    if node.data == "simple_unit":
        return _simple([str(part) for part in parts])
    if node.data == "annotatable":
        return _raised(_of(parts[0]), int(parts[1]))
    if node.data == "component":
        return _of(parts[0])
    if node.data == "main_term":
        return _of(parts[0]) if len(parts) == 1 else _raised(_of(parts[1]), -1)
    if node.data == "term":
        sign = -1 if str(parts[1]) == "/" else 1
        return _times(_of(parts[0]), _raised(_of(parts[2]), sign))
    raise AssertionError(node.data)


def _simple(parts: list[str]) -> Defined:
    found = _atom(parts[-1])
    for prefix in parts[:-1]:
        found = _times(found, Defined(_number(_entries("}prefix")[prefix]), frozenset()))
    return found


@cache
def _atom(code: str) -> Defined:
    if code.isdigit():
        return Defined(Fraction(code), frozenset())
    if code in _entries("}base-unit"):
        return Defined(Fraction(1), frozenset({(code, 1)}))
    entry = _entries("}unit")[code]
    value = next(item for item in entry if item.tag.endswith("value"))
    if code in ZEROS:
        function = value[0]
        of = defined(function.attrib["Unit"])
        return _times(Defined(Fraction(function.attrib["value"]), frozenset()), of)
    if entry.attrib.get("isArbitrary") == "yes" and value.attrib["Unit"] in ("1", ""):
        return Defined(Fraction(1), frozenset({(code, 1)}))
    if entry.attrib.get("isSpecial") == "yes":
        return Defined(Fraction(1), frozenset({(code, 1)}))
    return _times(Defined(_number(entry), frozenset()), defined(value.attrib["Unit"]))


def _number(entry: ElementTree.Element) -> Fraction:
    value = next(item for item in entry if item.tag.endswith("value"))
    return Fraction(value.attrib["value"])


def _one() -> Defined:
    return Defined(Fraction(1), frozenset())


def _times(one: Defined, other: Defined) -> Defined:
    powers = Counter(dict(one.dimension))
    for name, power in other.dimension:
        powers[name] += power
    kept = frozenset((name, power) for name, power in powers.items() if power)
    return Defined(one.scale * other.scale, kept)


def _raised(one: Defined, power: int) -> Defined:
    return Defined(
        one.scale**power, frozenset((name, each * power) for name, each in one.dimension)
    )
