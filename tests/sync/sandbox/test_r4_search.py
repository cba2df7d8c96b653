"""The table of search parameters is the one that HL7's package yields."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import pytest

from core.fhir.tables import resource_types
from sync.sandbox.parameters import known, search_parameters
from tests.tools.make_r4_search import made, text_of

VARIABLE = "COUNTERSIGN_HL7_EXAMPLES"


def _folder() -> Path:
    named = os.environ.get(VARIABLE)
    if named and Path(named).is_dir():
        return Path(named)
    if os.environ.get("CI") == "true":
        pytest.fail(f"{VARIABLE} names no folder")
    pytest.skip(f"skipped: {VARIABLE} names no folder; CI fetches HL7's examples")


@pytest.mark.heavy
def test_the_table_is_made_from_the_package() -> None:
    text = resources.files("sync.sandbox").joinpath("r4_search.json").read_text(encoding="utf-8")
    assert text_of(made(_folder())) == text


def test_every_line_of_the_table_is_read_whole() -> None:
    """A step or filter that the reader does not know would be dropped silently."""
    examined = 0
    for kind in resource_types():
        for parameter in known(kind).values():
            assert parameter.paths, (kind, parameter.name)
            assert all(path.steps for path in parameter.paths)
            examined += 1
    assert examined > 1500


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "Patient",
            (
                "_id _lastUpdated _tag _security _profile _source identifier name family given"
                " birthdate gender telecom phone email address address-city address-postalcode"
                " active general-practitioner organization deceased link"
            ),
        ),
        ("Observation", "code category date status patient subject encounter value-concept"),
        (
            "Condition",
            (
                "code clinical-status verification-status category onset-date recorded-date patient"
                " subject encounter"
            ),
        ),
        (
            "Task",
            (
                "code identifier status business-status owner requester patient subject focus"
                " authored-on modified intent priority encounter based-on part-of group-identifier"
            ),
        ),
        ("Provenance", "target patient recorded agent entity when"),
        ("AuditEvent", "date agent entity patient type action outcome"),
        ("Binary", "_id _lastUpdated"),
    ],
)
def test_the_parameters_people_rely_on_are_there(kind: str, expected: str) -> None:
    assert set(expected.split()) <= search_parameters(kind).keys()
