"""HL7's FHIRPath text of an invariant, evaluated by fhirpathpy."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

from fhirpathpy import apply_parsed_path
from fhirpathpy.engine.nodes import FP_Type, ResourceNode
from fhirpathpy.engine.util import get_data
from fhirpathpy.models import models
from fhirpathpy.parser import parse

from core.canonical import plain
from core.fhir.structure import Subject
from core.fhir.tables import table

# FHIR's own addition to FHIRPath, which fhirpathpy leaves to its users.
OPTIONS = {
    "userInvocationTable": {
        "hasValue": {"fn": lambda found: _has_value(found), "arity": {0: []}},
    },
    "traceFn": lambda found, label: None,
}
NOT_COMPARED = {
    "txt-1": "htmlChecks() belongs to HL7's validator, not to FHIRPath",
    "txt-2": "htmlChecks() belongs to HL7's validator, not to FHIRPath",
    "dom-3": "as(canonical) on many items is an error in FHIRPath, which HL7's text relies on",
    "rng-2": "fhirpathpy does not compare quantities",
}


def attached() -> Iterator[tuple[str, str]]:
    """Yield the place and key of every invariant that the table attaches to something."""
    for name, entry in table()["types"].items():
        for key in entry.get("invariants", ()):
            yield name, key
        for path, line in entry["elements"].items():
            for part in line.split(" ")[2:]:
                if part.startswith("+"):
                    yield f"{name}.{path}", part[1:]


def _has_value(found: list[Any]) -> bool:
    return len(found) == 1 and isinstance(get_data(found[0]), str | int | Decimal | FP_Type)


@cache
def _home(key: str) -> str:
    place = next(place for place, one in attached() if one == key)
    return "Quantity" if place == "SimpleQuantity" else place


@cache
def _parsed(key: str) -> Any:
    return parse(table()["invariants"][key]["expression"])


def verdict(key: str, subject: Subject) -> bool | None:
    """Return what FHIRPath says of the subject; None when the expression has no answer."""
    around = {
        "resource": plain(subject.scope.resource),
        "rootResource": plain(subject.scope.root),
    }
    start = ResourceNode.create_node(plain(subject.value), _home(key))
    answer = apply_parsed_path(start, _parsed(key), around, models["r4"], OPTIONS)
    return bool(answer[0]) if answer else None
