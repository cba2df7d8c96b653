"""HL7's own R4 examples of Consent (hl7.fhir.r4.examples 4.0.1), each read as its text means it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.consent import Asked, evaluate

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ASKED = Asked("Patient/f001", "scribe-1", "TREAT", "Condition", "create", NOW)
HERE = replace(ASKED, actors=frozenset({"Organization/f001"}))
ELSEWHERE = replace(ASKED, actors=frozenset({"Organization/f002"}))
NURSE = replace(ASKED, actors=frozenset({"Practitioner/f204"}))
THEN = datetime(2015, 1, 15, tzinfo=UTC)
SESSION = datetime(2016, 6, 23, 7, 10, tzinfo=UTC)

CASES: list[tuple[str, Asked, str]] = [
    ("basic", ASKED, "deny"),
    ("basic", replace(ASKED, at=datetime(2015, 5, 5, tzinfo=UTC)), "permit"),
    ("Out", HERE, "deny"),
    ("Out", ELSEWHERE, "deny"),
    ("Emergency", HERE, "deny"),
    ("Emergency", replace(HERE, purpose="ETREAT"), "deny"),
    ("grantor", HERE, "deny"),
    ("notOrg", HERE, "deny"),
    ("notOrg", ELSEWHERE, "permit"),
    ("notOrg", ASKED, "unreadable"),
    ("notAuthor", HERE, "unreadable"),
    ("notThem", replace(NURSE, operation="update"), "unreadable"),
    ("notThem", replace(ELSEWHERE, operation="update"), "default:permit"),
    ("notThis", ASKED, "unreadable"),
    ("notTime", replace(ASKED, at=THEN), "permit"),
    ("notTime", ASKED, "deny"),
    ("pkb", replace(HERE, patient="Patient/example"), "deny"),
    ("signature", replace(ASKED, patient="Patient/72"), "unreadable"),
    ("smartonfhir", replace(ASKED, patient="Patient/xcda", at=SESSION), "permit"),
    ("smartonfhir", replace(ASKED, patient="Patient/xcda"), "deny"),
]


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("COUNTERSIGN_HL7_EXAMPLES")
    if not named or not Path(named).is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("COUNTERSIGN_HL7_EXAMPLES does not name the folder of HL7's examples")
        pytest.skip("skipped: COUNTERSIGN_HL7_EXAMPLES is not set; CI fetches HL7's examples")
    return Path(named)


def example(folder: Path, name: str) -> dict[str, Any]:
    text = (folder / f"Consent-consent-example-{name}.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize(("name", "asked", "expected"), CASES)
def test_example(folder: Path, name: str, asked: Asked, expected: str) -> None:
    answer = evaluate([example(folder, name)], asked, "permit")
    assert answer.partition(" ")[0] == expected


def test_every_example_is_in_the_table(folder: Path) -> None:
    found = {path.stem.rpartition("-")[2] for path in folder.glob("Consent-consent-example-*.json")}
    assert found == {name for name, _, _ in CASES}
