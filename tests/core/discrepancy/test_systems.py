"""A system under the two names that HL7 registered for it, and nothing that only looks alike."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject, Number
from core.discrepancy import compare, systems
from tests.core.discrepancy.corpus import examples

UCUM, UCUM_OID = "http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"
LOINC, LOINC_OID = "http://loinc.org", "urn:oid:2.16.840.1.113883.6.1"
SNOMED, SNOMED_OID = "http://snomed.info/sct", "urn:oid:2.16.840.1.113883.6.96"
SSN, SSN_OID = "http://hl7.org/fhir/sid/us-ssn", "urn:oid:2.16.840.1.113883.4.1"


def weight(system: str, value: str = "72.5", code: str = "kg", **more: Any) -> JsonObject:
    amount = {"value": Number(value), "unit": code, "system": system, "code": code}
    return {"resourceType": "Observation", "valueQuantity": amount, **more}


def coded(*codings: tuple[str, str]) -> JsonObject:
    held = [{"system": system, "code": code} for system, code in codings]
    return {"resourceType": "Observation", "code": {"coding": held}}


def about(system: str, value: str = "1") -> JsonObject:
    held = {"identifier": {"system": system, "value": value}}
    return {"resourceType": "Observation", "subject": held}


@pytest.mark.parametrize(
    ("intended", "persisted"),
    [
        (coded((LOINC, "1")), coded((LOINC_OID, "1"))),
        (coded((LOINC_OID, "1")), coded((LOINC, "1"))),
        (coded((LOINC, "1"), (SNOMED, "2")), coded((SNOMED_OID, "2"), (LOINC_OID, "1"))),
        (weight(UCUM), weight(UCUM_OID)),
        (weight(UCUM), weight(UCUM_OID, "72500", "g")),
        (about(SSN), about(SSN_OID)),
    ],
)
def test_both_names_are_one_system(intended: JsonObject, persisted: JsonObject) -> None:
    found = compare(intended, persisted)
    assert found.class_ == "equivalent", found.differences


def test_a_translation_beside_a_code_whose_system_has_its_other_name_is_added() -> None:
    found = compare(coded((LOINC, "1")), coded((LOINC_OID, "1"), ("urn:local", "x")))
    assert found.class_ == "enriched"


@pytest.mark.parametrize(
    ("intended", "persisted"),
    [
        (coded((LOINC, "1")), coded((LOINC_OID, "2"))),
        (coded((LOINC, "1")), coded((SNOMED_OID, "1"))),
        (coded((LOINC, "1")), coded((f"{LOINC}/", "1"))),
        (coded((LOINC, "1")), coded((LOINC_OID.removeprefix("urn:oid:"), "1"))),
        # The same system again, under its other name, is no translation.
        (coded((LOINC, "1")), coded((LOINC, "1"), (LOINC_OID, "2"))),
        (weight(UCUM), weight(UCUM_OID, "72.6")),
        (weight(UCUM), weight(LOINC_OID)),
        (about(SSN), about(SSN_OID, "2")),
    ],
)
def test_another_system_or_code_is_none(intended: JsonObject, persisted: JsonObject) -> None:
    assert compare(intended, persisted).class_ in ("changed", "critical")


def test_hl7_registers_both_names_of_every_system() -> None:
    examples()  # skips, or fails in CI, where HL7's package is not there
    folder = Path(os.environ["COUNTERSIGN_HL7_EXAMPLES"])
    registered = {
        (name["value"], other["value"].removeprefix("urn:oid:"))
        for file in ("Bundle-terminologies", "Bundle-registry")
        for entry in json.loads((folder / f"{file}.json").read_text(encoding="utf-8"))["entry"]
        for ids in [entry["resource"].get("uniqueId", [])]
        for name in ids
        for other in ids
        if name["type"] == "uri" and other["type"] == "oid"
    }
    ours = {tuple(line.split()) for line in systems._NAMES.strip().splitlines()}
    later = {("http://hl7.org/fhir/sid/icd-10-cm", "2.16.840.1.113883.6.90")}
    assert ours - later <= registered
    assert len(registered) > len(ours)
