"""What a reviewer is told of a source (hub-protocol §8; design §5)."""

from typing import Any

import pytest

from core.canonical import JsonObject
from core.grounding import Author, source_facts

AIAST = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
}


def test_a_clinical_note_tells_its_facts() -> None:
    facts = source_facts(
        {
            "resourceType": "DocumentReference",
            "meta": {"versionId": "3", "lastUpdated": "2024-05-05T00:00:00Z"},
            "status": "current",
            "docStatus": "final",
            "type": {"coding": [{"code": "11506-3", "display": "Progress note"}]},
            "date": "2024-05-01T09:00:00Z",
            "author": [{"reference": "Practitioner/7", "display": "Dr Lee"}],
        }
    )
    assert facts.kind == "DocumentReference: Progress note"
    assert facts.date == "2024-05-01T09:00:00Z"
    assert facts.authors == (Author("Practitioner", "Practitioner/7", "Dr Lee"),)
    assert (facts.status, facts.doc_status, facts.version) == ("current", "final", "3")
    assert not (facts.ai_label or facts.patient_written or facts.agent_written)


@pytest.mark.parametrize(
    ("resource", "patient_written", "agent_written"),
    [
        ({"author": [{"reference": "Patient/1"}]}, True, False),
        ({"author": {"reference": "https://e.example/fhir/RelatedPerson/1"}}, True, False),
        ({"source": {"reference": "Patient/1/_history/2"}}, True, False),
        ({"sender": {"type": "Patient", "identifier": {"value": "9"}}}, True, False),
        ({"author": [{"reference": "Practitioner/1"}, {"reference": "Patient/1"}]}, True, False),
        ({"author": [{"reference": "Device/1"}]}, False, True),
        (
            {
                "author": [{"reference": "#d"}],
                "contained": [{"resourceType": "Device", "id": "d"}],
            },
            False,
            True,
        ),
        ({"meta": {"security": [AIAST]}}, False, True),
        ({"securityLabel": [{"coding": [AIAST]}]}, False, True),
        ({"performer": [{"actor": {"reference": "Practitioner/1"}}]}, False, False),
        ({"subject": {"reference": "Patient/1"}}, False, False),
        ({"meta": {"security": [{"code": "R"}]}}, False, False),
    ],
)
def test_a_source_written_by_an_agent_or_the_patient_is_marked(
    resource: JsonObject, patient_written: bool, agent_written: bool
) -> None:
    facts = source_facts(resource)
    assert (facts.patient_written, facts.agent_written) == (patient_written, agent_written)


@pytest.mark.parametrize(
    ("resource", "date"),
    [
        ({"effectiveDateTime": "2024-01-01", "issued": "2024-02-02"}, "2024-01-01"),
        ({"effectivePeriod": {"start": "2024-01-01", "end": "2024-01-03"}}, "2024-01-03"),
        ({"effectivePeriod": {"start": "2024-01-01"}}, "2024-01-01"),
        ({"recordedDate": "2024-03-03", "onsetDateTime": "1999"}, "2024-03-03"),
        ({"context": {"period": {"end": "2023-12-31"}}}, "2023-12-31"),
        ({"meta": {"lastUpdated": "2024-05-05T00:00:00Z"}}, "2024-05-05T00:00:00Z"),
        ({}, ""),
    ],
)
def test_the_best_clinical_date_wins(resource: JsonObject, date: str) -> None:
    assert source_facts(resource).date == date


@pytest.mark.parametrize(
    "resource",
    [{}, {"meta": [], "author": 5, "type": "x", "contained": "y", "context": []}],
)
def test_missing_or_malformed_elements_give_empty_facts(resource: dict[str, Any]) -> None:
    facts = source_facts(resource)
    assert (facts.kind, facts.date, facts.authors, facts.version) == ("", "", (), "")


def test_a_condition_shows_its_clinical_status_and_code_text() -> None:
    facts = source_facts(
        {
            "resourceType": "Condition",
            "clinicalStatus": {"coding": [{"code": "resolved"}]},
            "code": {"text": "Asthma", "coding": [{"display": "Asthma (disorder)"}]},
        }
    )
    assert (facts.kind, facts.status) == ("Condition: Asthma", "resolved")
