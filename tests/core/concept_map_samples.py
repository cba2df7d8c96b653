"""A small synthetic ConceptMap between SNOMED CT and ICD-10, and how to write others."""

from __future__ import annotations

import json
from typing import Any

SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10"


def target(code: str | None, equivalence: str, **more: Any) -> dict[str, Any]:
    stated = {} if code is None else {"code": code}
    return {**stated, "equivalence": equivalence, **more}


def concept_map(
    targets: dict[str, list[dict[str, Any]]], status: str = "active", **group: Any
) -> dict[str, Any]:
    """Return a map of SNOMED CT codes to their targets in ICD-10."""
    elements = [{"code": code, "target": found} for code, found in targets.items()]
    held = {"source": SNOMED, "target": ICD, "element": elements, **group}
    return {"resourceType": "ConceptMap", "status": status, "group": [held]}


SAMPLE = concept_map(
    {
        "44054006": [target("E11", "equivalent"), target("E11.9", "equal")],
        "73211009": [target("E14", "wider"), target("E10", "narrower")],
        "46635009": [target("E10", "inexact"), target("E11", "disjoint")],
        "38341003": [target(None, "unmatched")],
        "59621000": [target("I10", "equivalent", dependsOn=[{"property": "urn:p", "value": "v"}])],
    }
)


def text(*maps: dict[str, Any]) -> str:
    if len(maps) == 1:
        return json.dumps(maps[0])
    entries = [{"resource": one} for one in maps]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
