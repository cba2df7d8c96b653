"""HL7's own examples go in and come out the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.canonical import RESPONSE, JsonObject, parse_object
from sync.sandbox import Sandbox

VARIABLE = "COUNTERSIGN_HL7_EXAMPLES"
DEFINITIONS = frozenset(
    {
        "Bundle",
        "CapabilityStatement",
        "CodeSystem",
        "CompartmentDefinition",
        "ConceptMap",
        "ImplementationGuide",
        "NamingSystem",
        "OperationDefinition",
        "SearchParameter",
        "StructureDefinition",
        "StructureMap",
        "ValueSet",
    }
)


def _folder() -> Path:
    named = os.environ.get(VARIABLE)
    if named and Path(named).is_dir():
        return Path(named)
    if os.environ.get("CI") == "true":
        pytest.fail(f"{VARIABLE} names no folder")
    if named:
        pytest.skip(f"skipped: {VARIABLE} names no folder")
    pytest.skip(f"skipped: {VARIABLE} is not set; CI fetches HL7's examples")


def _content(resource: JsonObject) -> JsonObject:
    meta = {
        name: value
        for name, value in resource.get("meta", {}).items()
        if name not in ("versionId", "lastUpdated")
    }
    found = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    return {**found, "meta": meta}


@pytest.mark.heavy
async def test_every_example_reads_back_as_it_was_loaded(
    sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    examined = 0
    for file in sorted(_folder().glob("*-*.json")):
        if file.name.partition("-")[0] in DEFINITIONS or _is_definition(file):
            continue
        sandbox.load([file])
        sent = parse_object(file.read_bytes(), RESPONSE)
        answer = await http.get(f"/{sent['resourceType']}/{sent['id']}")
        assert answer.status_code == 200, file.name
        assert _content(parse_object(answer.content, RESPONSE)) == _content(sent), file.name
        examined += 1
    assert examined == 681


def _is_definition(file: Path) -> bool:
    head: Any = file.read_bytes()[:200]
    return any(f'"{name}"'.encode() in head for name in DEFINITIONS)
