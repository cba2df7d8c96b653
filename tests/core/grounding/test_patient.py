"""One patient everywhere, and evidence from that patient's chart (hub-protocol §8)."""

import pytest

from core.canonical import JsonObject
from core.grounding import belongs_to, patient_references

EHR = "https://ehr.example/fhir"


def ref(reference: str) -> JsonObject:
    return {"reference": reference}


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Observation", "subject": ref("Patient/1")},
        {"resourceType": "Observation", "subject": ref("Patient/1/_history/7")},
        {"resourceType": "AllergyIntolerance", "patient": ref("Patient/1")},
        {"resourceType": "Coverage", "beneficiary": ref("Patient/1")},
        {"resourceType": "Task", "for": ref("Patient/1")},
        {"resourceType": "ResearchSubject", "individual": ref("Patient/1")},
        {"resourceType": "Account", "subject": [ref("Patient/1")]},
        {
            "resourceType": "Appointment",
            "participant": [{"actor": ref("Practitioner/9")}, {"actor": ref("Patient/1")}],
        },
        {
            "resourceType": "DocumentReference",
            "subject": ref("Patient/1"),
            "author": [ref("Patient/1")],
        },
        {"resourceType": "Patient", "id": "1"},
        {"resourceType": "Patient", "id": "1", "link": [{"other": ref("Patient/2")}]},
        {
            "resourceType": "Encounter",
            "subject": ref("Patient/1"),
            "participant": [{"individual": {"identifier": {"system": "npi", "value": "1"}}}],
        },
    ],
)
def test_a_resource_about_the_patient_belongs(resource: JsonObject) -> None:
    assert belongs_to(resource, "Patient/1")
    assert not belongs_to(resource, "Patient/2")


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Observation"},
        {"resourceType": "Observation", "subject": ref("Patient/10")},
        {"resourceType": "Observation", "subject": ref("Patient/1 ")},
        {"resourceType": "Observation", "subject": ref("Patient/1?x=y")},
        {"resourceType": "Observation", "subject": ref(f"{EHR}/Patient/1")},
        {"resourceType": "Observation", "subject": ref("Group/1")},
        {"resourceType": "Observation", "subject": "Patient/1"},
        {"resourceType": "Observation", "subject": {"identifier": {"value": "1"}}},
        {"resourceType": "Observation", "performer": [ref("Patient/1")]},
        {"resourceType": "Observation", "subject": ref("Patient/1"), "focus": [ref("Patient/2")]},
        {"resourceType": "Account", "subject": [ref("Patient/1"), ref("Patient/2")]},
        {
            "resourceType": "Observation",
            "subject": ref("#p"),
            "contained": [{"resourceType": "Patient", "id": "p"}],
        },
        {
            "resourceType": "Observation",
            "subject": ref("Patient/1"),
            "contained": [{"resourceType": "Patient", "id": "p"}],
        },
        {
            "resourceType": "Observation",
            "subject": ref("Patient/1"),
            "extension": [{"url": "x", "valueUri": f"{EHR}/Patient/2"}],
        },
        {"resourceType": "Patient", "id": "12"},
        {"resourceType": "Patient", "id": "1", "extension": [{"valueReference": ref("Patient/2")}]},
        {"resourceType": "Person", "id": "1"},
    ],
)
def test_anything_else_does_not_belong(resource: JsonObject) -> None:
    assert not belongs_to(resource, "Patient/1")


@pytest.mark.parametrize("patient", ["", "1", "Patient/", "Group/1", f"{EHR}/Patient/1", "#p"])
def test_a_patient_that_is_no_relative_reference_owns_nothing(patient: str) -> None:
    assert not belongs_to({"resourceType": "Observation", "subject": ref(patient)}, patient)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (f"{EHR}/Patient/1", True),
        (f"{EHR}/Patient/1/_history/2", True),
        (f"{EHR}2/Patient/1", False),
        (f"{EHR}/../Patient/1", False),
        ("https://evil.example/fhir/Patient/1", False),
        (f"{EHR}/Patient/2", False),
    ],
)
def test_the_ehrs_own_absolute_references_count_when_its_base_is_given(
    reference: str, expected: bool
) -> None:
    resource: JsonObject = {"resourceType": "Observation", "subject": ref(reference)}
    assert belongs_to(resource, "Patient/1", base=EHR) is expected
    assert belongs_to(resource, "Patient/1", base=f"{EHR}/") is expected


@pytest.mark.parametrize(
    ("resource", "references"),
    [
        ({"subject": ref("Patient/1")}, {"Patient/1"}),
        ({"subject": ref("Patient/1/_history/3")}, {"Patient/1"}),
        ({"subject": ref(f"{EHR}/Patient/1/_history/3")}, {f"{EHR}/Patient/1"}),
        ({"extension": [{"extension": [{"valueReference": ref("Patient/2")}]}]}, {"Patient/2"}),
        (
            {"extension": [{"valueUrl": "http://x.example/Patient/2"}]},
            {"http://x.example/Patient/2"},
        ),
        (
            {"contained": [{"resourceType": "Observation", "subject": ref("Patient/2")}]},
            {"Patient/2"},
        ),
        ({"contained": [{"resourceType": "Patient", "id": "p"}], "subject": ref("#p")}, {"#p"}),
        (
            {"focus": {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "9"}}},
            {"identifier:urn:mrn|9"},
        ),
        (
            {"subject": {"identifier": {"system": "urn:mrn", "value": "9"}}},
            {"identifier:urn:mrn|9"},
        ),
        ({"subject": {"type": "Patient", "reference": "urn:uuid:1"}}, {"urn:uuid:1"}),
        ({"subject": ref("Patient?identifier=a|b")}, {"Patient?identifier=a|b"}),
        ({"subject": ref("%50atient/2")}, {"%50atient/2"}),
        ({"subject": ref(" Patient/2")}, {" Patient/2"}),
        ({"performer": [ref("Practitioner/1"), {"type": "Practitioner", "identifier": {}}]}, set()),
        ({"note": [{"text": "Patient/3 said so"}], "subject": ref("RelatedPerson/1")}, set()),
        ({"subject": {"type": "Group", "identifier": {"value": "1"}}}, set()),
    ],
)
def test_every_patient_reference_is_found(resource: JsonObject, references: set[str]) -> None:
    assert patient_references(resource) == references
