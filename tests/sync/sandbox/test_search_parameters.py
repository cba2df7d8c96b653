"""Search parameters of every type and their modifiers, over a small chart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.fhir.tables import resource_types
from sync.sandbox import parameters
from sync.sandbox.index import entries
from sync.sandbox.outcome import OutcomeError
from sync.sandbox.store import Store
from tests.sync.sandbox.searches import BASE, Asker, issues, links, names

LOINC = "http://loinc.org"
CHART: list[dict[str, Any]] = [
    {
        "resourceType": "Patient",
        "id": "anna",
        "meta": {
            "tag": [{"system": "urn:tags", "code": "demo"}],
            "security": [{"code": "R"}],
            "profile": ["http://x.org/StructureDefinition/p|2.0"],
            "source": "urn:source:1",
        },
        "active": True,
        "name": [
            {"family": "Müller-Lüdenscheidt", "given": ["Anna", "Ülkü"]},
            {"text": "Dr.  Ann  Miller"},
        ],
        "telecom": [
            {"system": "phone", "value": "555-1"},
            {"system": "email", "value": "anna@x.org"},
        ],
        "gender": "female",
        "birthDate": "1980-02-29",
        "address": [{"line": ["Rue de l'Été 5"], "city": "Genève", "postalCode": "1201"}],
        "generalPractitioner": [{"reference": "Practitioner/d1"}],
        "managingOrganization": {"identifier": {"system": "urn:orgs", "value": "42"}},
    },
    {
        "resourceType": "Patient",
        "id": "bert",
        "active": False,
        "name": [{"family": "Muller", "given": ["Bert"]}],
        "gender": "male",
        "birthDate": "1980",
        "deceasedBoolean": False,
        "telecom": [{"system": "phone", "value": "anna@x.org"}],
        "generalPractitioner": [{"reference": "Organization/d1"}],
    },
    {
        "resourceType": "Patient",
        "id": "carl",
        "name": [{"family": "100%_x"}],
        "deceasedDateTime": "2020-05-05T10:00:00Z",
    },
    {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "1-1"}, {"code": "local"}]},
        "subject": {"reference": "Patient/anna"},
        "encounter": {"reference": "Encounter/e1"},
        "effectivePeriod": {"start": "2026-03-01", "end": "2026-03-10"},
        "valueCodeableConcept": {"text": "Positive, weakly", "coding": [{"code": "pos"}]},
        "component": [{"code": {"coding": [{"system": LOINC, "code": "2-2"}]}}],
    },
    {
        "resourceType": "Observation",
        "id": "o2",
        "status": "amended",
        "code": {"text": "without coding"},
        "subject": {"reference": "Device/anna"},
        "effectiveTiming": {"event": ["2026-05-02", "2026-05-01T08:00:00+02:00"]},
        "valueString": "a,b|c\\d",
    },
    {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "status": "completed",
        "questionnaire": "http://x.org/Questionnaire/phq|1.0",
        "basedOn": [{"reference": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}],
    },
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"system": "urn:v3", "code": "AMB"},
        "period": {"start": "2026-03-05T10:00:00Z"},
    },
    {"resourceType": "ValueSet", "id": "v1", "status": "draft", "url": "http://x.org/vs"},
]


@pytest.fixture
def ask(clock: Any) -> Iterator[Asker]:
    store = Store(":memory:", clock)
    asker = Asker(store)
    asker.put(*CHART)
    yield asker
    store.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # strings: start, whatever case, accent and white space
        ("Patient?family=mu", "anna bert"),
        ("Patient?family=MÜLLER", "anna bert"),
        ("Patient?family=muller-ludenscheidt", "anna"),
        ("Patient?family=udenscheidt", ""),
        ("Patient?family:contains=LUDEN", "anna"),
        ("Patient?family:exact=Muller", "bert"),
        ("Patient?family:exact=muller", ""),
        ("Patient?family:exact=Mull", ""),
        ("Patient?family=100%25_", "carl"),
        ("Patient?family=%25", ""),
        ("Patient?given=ulku", "anna"),
        ("Patient?given=anna&given=ulku", "anna"),
        ("Patient?given=anna,bert", "anna bert"),
        ("Patient?name=Dr. Ann Mill", "anna"),
        ("Patient?name=bert", "bert"),
        ("Patient?address=rue de l'ete", "anna"),
        ("Patient?address-city=gen", "anna"),
        ("Patient?address-postalcode=1201", "anna"),
        ("Observation?value-string=a\\,b\\|c\\\\d", "o2"),
        ("Observation?value-string=a,zz", "o2"),
        ("Observation?value-string=positive\\, w", "o1"),
        # tokens: codes, booleans, contact points
        ("Patient?active=true", "anna"),
        ("Patient?active=false", "bert"),
        ("Patient?gender=female,male", "anna bert"),
        ("Patient?gender=|male", "bert"),
        ("Patient?gender:not=female", "bert carl"),
        ("Patient?gender:not=female,male", "carl"),
        ("Patient?phone=555-1", "anna"),
        ("Patient?email=anna@x.org", "anna"),
        ("Patient?telecom=anna@x.org", "anna bert"),
        ("Patient?deceased=true", "carl"),
        ("Patient?deceased=false", "anna bert"),
        ("Observation?code=1-1", "o1"),
        (f"Observation?code={LOINC}|1-1", "o1"),
        (f"Observation?code={LOINC}|", "o1"),
        ("Observation?code=|local", "o1"),
        ("Observation?code=|1-1", ""),
        ("Observation?code:not=1-1", "o2"),
        ("Observation?combo-code=2-2", "o1"),
        ("Observation?component-code=1-1", ""),
        ("Encounter?class=urn:v3|AMB", "e1"),
        # what every resource has
        ("Patient?_tag=urn:tags|demo", "anna"),
        ("Patient?_tag:not=demo", "bert carl"),
        ("Patient?_security=R", "anna"),
        ("Patient?_profile=http://x.org/StructureDefinition/p", "anna"),
        ("Patient?_profile=http://x.org/StructureDefinition/p|2.0", "anna"),
        ("Patient?_profile=http://x.org/StructureDefinition/p|3.0", ""),
        ("Patient?_source=urn:source:1", "anna"),
        ("ValueSet?url=http://x.org/vs", "v1"),
        ("ValueSet?url=http://x.org", ""),
        # references
        ("Observation?subject=anna", "o1 o2"),
        ("Observation?subject:Patient=anna", "o1"),
        ("Observation?subject:Patient=Patient/anna", "o1"),
        ("Observation?subject:Device=anna", "o2"),
        ("Observation?patient=anna", "o1"),
        ("Observation?encounter=e1", "o1"),
        (f"Observation?encounter={BASE}/Encounter/e1", "o1"),
        ("Patient?general-practitioner=d1", "anna bert"),
        ("Patient?general-practitioner:Practitioner=d1", "anna"),
        ("Patient?organization:identifier=urn:orgs|42", "anna"),
        ("Patient?organization:identifier=41", ""),
        ("QuestionnaireResponse?questionnaire=http://x.org/Questionnaire/phq", "q1"),
        ("QuestionnaireResponse?questionnaire=http://x.org/Questionnaire/phq|1.0", "q1"),
        ("QuestionnaireResponse?questionnaire=http://x.org/Questionnaire/phq|2.0", ""),
        ("QuestionnaireResponse?based-on=urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "q1"),
        # dates of elements: see test_search_dates.py for the rest
        ("Patient?birthdate=1980", "anna bert"),
        ("Patient?birthdate=1980-02-29", "anna"),
        ("Patient?death-date=ge2020", "carl"),
        ("Observation?date=2026-03", "o1"),
        ("Observation?date=sa2026-03", "o2"),
        ("Observation?date=eb2026-05-01T06:00:00Z", "o1"),
        ("Observation?date=2026-05", "o2"),
        ("Encounter?date=gt2030", "e1"),
        ("Encounter?date=lt2026-03-05", ""),
        # presence
        ("Patient?birthdate:missing=true", "carl"),
        ("Patient?birthdate:missing=false", "anna bert"),
        ("Patient?organization:missing=false", "anna"),
        ("Observation?code:missing=true", ""),
        ("Observation?patient:missing=true", "o2"),
        ("Patient?family:missing=true", ""),
        # together
        ("Patient?gender=female&birthdate=lt1990&name=anna", "anna"),
        ("Patient?gender=male&name=anna", ""),
    ],
)
def test_a_parameter_finds_exactly(ask: Asker, query: str, found: str) -> None:
    bundle = ask(query)
    assert sorted(names(bundle)) == found.split()
    assert bundle["total"] == len(found.split())


@pytest.mark.parametrize(
    ("query", "code", "named"),
    [
        ("Patient?nope=1", "not-supported", "parameter 1"),
        ("Patient?_id=a&nope=1", "not-supported", "parameter 2"),
        ("Patient?clinical-status=x", "not-supported", "clinical-status"),
        ("Patient?_has:Observation:patient:code=1", "not-supported", "_has"),
        ("Observation?subject.name=x", "not-supported", "subject"),
        ("Observation?subject:Patient.name=x", "not-supported", "subject"),
        ("Patient?gender:text=x", "not-supported", "gender"),
        ("Patient?gender:=x", "not-supported", "gender"),
        ("Patient?family:not=x", "not-supported", "family"),
        ("Patient?birthdate:exact=1980", "not-supported", "birthdate"),
        ("Patient?_id:not=x", "not-supported", "_id"),
        ("Patient?_lastUpdated:missing=true", "not-supported", "_lastUpdated"),
        ("Patient?birthdate=ap1980", "not-supported", "birthdate"),
        ("Patient?birthdate=soon", "value", "birthdate"),
        ("Patient?birthdate:missing=maybe", "value", "birthdate"),
        ("Patient?family=%20", "value", "family"),
        ("Patient?gender=urn:x|male", "not-supported", "gender"),
        ("Observation?code=a|b|c", "value", "code"),
        ("Observation?encounter:Patient=p", "value", "encounter"),
        ("Observation?subject:Nonsense=p", "not-supported", "subject"),
        ("Observation?subject:Patient=Device/p", "value", "subject"),
        ("Observation?value-quantity=5", "not-supported", "parameter 1"),
        ("Patient?_sort=general-practitioner", "not-supported", "_sort"),
        ("Patient?_sort:asc=name", "not-supported", "_sort"),
        ("Patient?_total=some", "value", "_total"),
        ("Patient?_summary=true", "not-supported", "_summary"),
        ("Patient?_summary=x", "value", "_summary"),
        ("Patient?_elements=nope", "value", "_elements"),
        ("Patient?_elements=name&_summary=data", "invalid", "_elements"),
        ("Patient?_include=*", "not-supported", "_include"),
        ("Patient?_include=Observation:subject", "not-supported", "_include"),
        ("Patient?_include=Patient:gender", "not-supported", "_include"),
        ("Patient?_include=Patient:organization:Patient", "value", "_include"),
        ("Patient?_include:iterate=Patient:link", "not-supported", "_include"),
        ("Patient?_revinclude=Observation:encounter", "not-supported", "_revinclude"),
        ("Patient?_revinclude=Nonsense:patient", "not-supported", "_revinclude"),
        ("Patient?_include=Patient:link&_summary=text", "invalid", "_summary"),
        ("Patient?_id=" + "&_id=".join([",".join(["a"] * 900)] * 3), "too-costly", "values"),
    ],
)
def test_what_is_not_understood_is_refused_and_named(
    ask: Asker, query: str, code: str, named: str
) -> None:
    refused = ask.refused(query)
    assert (refused.status, refused.issues[0].code) == (400, code)
    assert named in refused.issues[0].diagnostics
    assert ask.refused(query, prefer="handling=strict").status == 400


def test_an_unknown_name_is_not_repeated(ask: Asker) -> None:
    assert "Smith" not in ask.refused("Patient?Smith=x").issues[0].diagnostics


def test_lenient_handling_ignores_unknown_parameters_and_says_so(ask: Asker) -> None:
    url = "Patient?nope=1&gender=female&clinical-status=x&_count=5"
    bundle = ask(url, prefer="return=minimal; handling=lenient")
    assert names(bundle) == ["anna"]
    assert links(bundle)["self"] == f"{BASE}/Patient?gender=female&_count=5"
    said = issues(bundle)
    assert [issue["severity"] for issue in said] == ["warning", "warning"]
    assert "parameter 1" in said[0]["diagnostics"]
    assert "clinical-status" in said[1]["diagnostics"]
    assert bundle["total"] == 1


@pytest.mark.parametrize("query", ["gender:text=x", "birthdate=soon", "_sort=nope"])
def test_lenient_handling_still_refuses_what_it_knows_but_cannot_do(ask: Asker, query: str) -> None:
    assert ask.refused(f"Patient?{query}", prefer="handling=lenient").status == 400


@pytest.mark.parametrize(("total", "told"), [("none", None), ("estimate", 3), ("accurate", 3)])
def test_the_total_is_told_as_asked(ask: Asker, total: str, told: int | None) -> None:
    assert ask(f"Patient?_total={total}&_count=1").get("total") == told


@pytest.mark.parametrize("query", ["_summary=count", "_count=0", "_summary=count&_count=2"])
def test_counting_returns_no_entries(ask: Asker, query: str) -> None:
    bundle = ask(f"Patient?{query}")
    assert bundle["total"] == 3
    assert "entry" not in bundle
    assert links(bundle).keys() == {"self"}


def test_every_claimed_parameter_of_every_type_searches(ask: Asker) -> None:
    """What search_parameters claims, the search takes, with each modifier that is claimed."""
    values = {"token": "x", "reference": "x", "date": "2026", "string": "x", "uri": "x"}
    examined = 0
    for kind in sorted(resource_types() - {"Parameters"}):
        for name, type_ in parameters.search_parameters(kind).items():
            ask(f"{kind}?{name}={values[type_]}")
            examined += 1
    assert examined > 1700


def test_every_claimed_include_is_taken(ask: Asker) -> None:
    for kind in ("Patient", "Observation", "Task", "Provenance"):
        for text in parameters.includes(kind):
            ask(f"{kind}?_include={text}")
        for text in parameters.reverse_includes(kind):
            ask(f"{kind}?_revinclude={text}")
    assert "Provenance:target" in parameters.reverse_includes("Task")
    assert "Observation:encounter" not in parameters.reverse_includes("Patient")


@pytest.mark.parametrize("odd", [None, 5, "x", [], {}, [[]], [{"reference": 5}], {"coding": [5]}])
def test_an_odd_shape_is_stored_and_not_found_by_value(odd: Any) -> None:
    kinds = ("Observation", "Patient", "Task", "QuestionnaireResponse")
    for kind in kinds:
        names_ = {one for path in parameters.known(kind).values() for one in _roots(path)}
        rows = entries({"resourceType": kind, **dict.fromkeys(names_, odd)})
        assert all(isinstance(row.value, str) for row in rows)


def _roots(parameter: parameters.Parameter) -> list[str]:
    return [path.steps[0].name for path in parameter.paths]


def test_a_search_needs_the_scope_s_of_its_type(ask: Asker) -> None:
    assert names(ask("Patient?_id=anna", "system/Patient.s")) == ["anna"]
    with pytest.raises(OutcomeError) as caught:
        ask("Patient?_id=anna", "system/Patient.cru system/Observation.s")
    assert caught.value.status == 403
