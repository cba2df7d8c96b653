"""What is known of Epic, shown."""

from __future__ import annotations

from typing import Any

from core.traffic.limits import Window
from sync.sandbox import BASE_URL
from tests.builders import CONDITION, PATIENT
from tests.personalities.deeds import HELD, WEIGHT
from tests.personalities.registry import fact
from tests.personalities.serving import served


def numbers(answer: Any) -> set[str]:
    """Return Epic's numbers in an OperationOutcome."""
    return {
        coding["code"]
        for issue in answer.json()["issue"]
        for coding in issue.get("details", {}).get("coding", ())
    }


@fact("epic", "conditional_create", "fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4/metadata")
async def _a_condition_on_a_create_is_not_looked_at() -> None:
    async with served("epic") as place:
        stated = await place.statement()
        assert not any(one["conditionalCreate"] for one in stated.values())
        assert not any("versioning" in one or one["readHistory"] for one in stated.values())
        for _ in range(2):
            answer = await place.post(WEIGHT, If_None_Exist="status=final")
            assert answer.status_code == 201
            assert "etag" not in answer.headers and "_history" not in answer.headers["location"]
        assert (await place.http.get("/Observation/made-1/_history/1")).status_code == 405


@fact("epic", "limiter", "fhir.epic.com/Documentation?docId=developerguidelines")
async def _a_budget_that_is_used_up_says_tomorrow() -> None:
    async with served("epic", windows=(Window("day", 4),)) as place:
        for _ in range(4):
            assert (await place.http.get("/Patient/example")).status_code == 200
        answer = await place.http.get("/Patient/example")
        assert answer.status_code == 403 and numbers(answer) == {"4135"}
        assert "retry-after" not in answer.headers
        place.clock.advance(days=1)
        assert (await place.http.get("/Patient/example")).status_code == 200


@fact("epic", "error_dialect", "fhir.epic.com/Specifications")
async def _a_number_stands_in_the_details() -> None:
    async with served("epic") as place:
        answer = await place.post({"resourceType": "Observation", "code": WEIGHT["code"]})
        assert answer.status_code == 422 and numbers(answer) == {"59100"}


@fact("epic", "merged_patient", "fhir.epic.com/Specifications")
async def _a_merged_patient_answers_with_a_redirect() -> None:
    link = [{"other": {"reference": "Patient/other"}, "type": "replaced-by"}]
    async with served("epic", {**PATIENT, "id": "merged", "link": link}) as place:
        answer = await place.http.get("/Patient/merged")
        assert answer.status_code == 301 and numbers(answer) == {"4107"}
        assert answer.headers["location"] == f"{BASE_URL}/Patient/other"
        assert (await place.http.get("/Patient/example")).status_code == 200


@fact("epic", "failures: duplicate", "fhir.epic.com/Specifications")
async def _a_problem_that_is_there_is_a_duplicate() -> None:
    async with served("epic") as place:
        again = {key: value for key, value in HELD.items() if key != "id"}
        assert numbers(await place.post(again)) == {"59141"}
        assert (await place.post(CONDITION)).status_code == 201


@fact("epic", "failures: restricted", "fhir.epic.com/Specifications")
async def _a_restricted_patient_is_behind_glass() -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}
    guarded = {**PATIENT, "id": "vip", "meta": {"security": [label]}}
    async with served("epic", guarded) as place:
        answer = await place.post({**WEIGHT, "subject": {"reference": "Patient/vip"}})
        assert answer.status_code == 403 and numbers(answer) == {"4130"}


@fact("epic", "failures: flowsheet", "fhir.epic.com/Specifications")
async def _an_observation_without_a_flowsheet_is_not_mapped() -> None:
    async with served("epic") as place:
        code = {"coding": [{"system": "urn:example", "code": "w"}]}
        assert numbers(await place.post({**WEIGHT, "code": code})) == {"59187"}


@fact("epic", "note: _search", "fhir.epic.com/Documentation?docId=searchparameters")
async def _a_search_by_form_does_not_look_at_the_url() -> None:
    async with served("epic") as place:
        path, form = "/Condition/_search?code=none", {"patient": "example"}
        assert len((await place.http.post(path, data=form)).json()["entry"]) == 1


@fact("epic", "note: 100 results", "fhir.epic.com/Specifications")
async def _a_search_finds_a_hundred_at_most() -> None:
    many = [{**HELD, "id": f"c{number}"} for number in range(120)]
    async with served("epic", *many) as place:
        found = (await place.http.get("/Condition?patient=example&_count=200")).json()
        assert len(found["entry"]) == 100
        assert "next" not in {one["relation"] for one in found["link"]}
