"""What is known of eClinicalWorks, shown."""

from __future__ import annotations

from typing import Any

from tests.builders import CONDITION, PATIENT
from tests.personalities.registry import fact
from tests.personalities.serving import Served, served


@fact("eclinicalworks", "software", "fhir4.eclinicalworks.com/fhir/r4/{practice}/metadata")
async def _it_says_which_facade_it_is() -> None:
    async with served("eclinicalworks") as place:
        found = (await place.http.get("/metadata")).json()
        assert found["software"]["name"] == "eCW FHIR Facade 1.6"


async def _full_minute(place: Served) -> Any:
    """Ask 250 times for a token and a patient by turns; return the answer to one call more."""
    place.clock.advance(seconds=30)
    for _ in range(125):
        assert (await place.http.post("http://127.0.0.1/token", data={})).status_code == 400
        assert (await place.http.get("/Patient/example")).status_code == 200
    return await place.http.get("/Patient/example")


@fact(
    "eclinicalworks",
    "limiter",
    "connect4.healow.com/apps/jsp/dev/r4/fhirClinicalDocumentation.jsp",
)
async def _at_the_top_of_the_minute_it_counts_anew() -> None:
    async with served("eclinicalworks") as place:
        assert (await _full_minute(place)).status_code == 429
        place.clock.advance(seconds=29)
        assert (await place.http.get("/Patient/example")).status_code == 429
        place.clock.advance(seconds=1)
        assert (await place.http.get("/Patient/example")).status_code == 200


@fact(
    "eclinicalworks",
    "counts_token_calls",
    "connect4.healow.com/apps/jsp/dev/r4/fhirClinicalDocumentation.jsp",
)
async def _token_calls_count_in_its_minute() -> None:
    async with served("eclinicalworks") as place:
        await _full_minute(place)
        assert (await place.http.post("http://127.0.0.1/token", data={})).status_code == 429


@fact(
    "eclinicalworks",
    "retry_after",
    "connect4.healow.com/apps/jsp/dev/r4/fhirClinicalDocumentation.jsp",
)
async def _it_does_not_say_when_to_come_back() -> None:
    async with served("eclinicalworks") as place:
        answer = await _full_minute(place)
        assert answer.status_code == 429 and "retry-after" not in answer.headers


_W6 = (
    "fhir.eclinicalworks.com/ecwopendev/documentation/fhirresources/create/ "
    "(Error Code Reference Guide v1.0, 2026-07)"
)


@fact("eclinicalworks", "error_dialect", _W6)
async def _a_number_and_a_key_stand_in_the_body() -> None:
    async with served("eclinicalworks") as place:
        good, bad = await place.post(CONDITION), await place.post({"resourceType": "Condition"})
        assert good.status_code == 201 and good.json()["status"] == 1
        assert bad.status_code == 200 and set(bad.json()) == {"status", "key"}
        assert bad.json()["status"] == 100


@fact("eclinicalworks", "failures: 202", _W6)
async def _a_patient_who_is_there_is_202() -> None:
    async with served("eclinicalworks") as place:
        same = {key: value for key, value in PATIENT.items() if key != "id"}
        assert (await place.post(same)).json()["status"] == 202
        other = {**same, "birthDate": "1971-01-01"}
        assert (await place.post(other)).json()["status"] == 1


@fact("eclinicalworks", "note: locked encounter", _W6)
async def _a_locked_encounter_takes_nothing() -> None:
    ended: dict[str, Any] = {
        "resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "AMB"},
    }  # fmt: skip
    async with served("eclinicalworks", ended) as place:
        within = {**CONDITION, "encounter": {"reference": "Encounter/e1"}}
        assert (await place.post(within)).json()["status"] == 139


@fact("eclinicalworks", "note: long texts, characters", _W6)
async def _long_texts_and_some_characters_are_refused() -> None:
    async with served("eclinicalworks") as place:
        for text, number in (("x" * 1001, 109), ("a\tb", 108), ("x" * 1000, 1)):
            answer = await place.post({**CONDITION, "code": {"text": text}})
            assert answer.json()["status"] == number


@fact("eclinicalworks", "note: telephone encounter", "explorer.usecobalt.com/ehr/eclinicalworks")
async def _an_encounter_becomes_one_by_telephone() -> None:
    async with served("eclinicalworks") as place:
        answer = await place.post(
            {
                "resourceType": "Encounter", "status": "planned",
                "class": {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB",
                },
            }
        )  # fmt: skip
        made = await place.http.get(answer.headers["location"])
        assert made.json()["class"]["code"] == "VR"


@fact("eclinicalworks", "correlation_header", "fhir.eclinicalworks.com/ecwopendev/documentation")
async def _no_header_names_its_calls() -> None:
    async with served("eclinicalworks") as place:
        assert "x-request-id" not in (await place.http.get("/Patient/example")).headers
