"""The charts as FHIR resources."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import Any

from core.canonical import JsonObject
from sync.clinic import building
from sync.clinic.building import TEST_LABEL

_PARTS: dict[str, Callable[[str, Mapping[str, Any]], JsonObject]] = {
    "notes": building.note,
    "problems": building.problem,
    "medicines": building.medicine,
    "allergies": building.allergy,
    "observations": building.observation,
    "encounters": building.encounter,
    "appointments": building.appointment,
    "coverage": building.coverage,
    "consents": building.consent,
}


def chart() -> Iterator[JsonObject]:
    """Yield every resource of the clinic, what others refer to first."""
    found = tomllib.loads(_text("charts.toml"))
    for item in found["practitioner"]:
        yield labelled(building.practitioner(item))
    for item in found["patient"]:
        yield labelled(building.patient(item))
        for name, build in _PARTS.items():
            for part in item.get(name, ()):
                yield labelled(build(str(item["id"]), part))


def labelled(resource: JsonObject) -> JsonObject:
    """Return a resource with the label of test data."""
    return {**resource, "meta": {"security": [dict(TEST_LABEL)]}}


def _text(name: str) -> str:
    return resources.files("sync.clinic").joinpath(name).read_text("utf-8")
