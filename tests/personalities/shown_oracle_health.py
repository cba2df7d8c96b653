"""What is known of Oracle Health, shown."""

from __future__ import annotations

from typing import Any

from tests.builders import CONDITION
from tests.personalities.deeds import HELD, VISIT_NOTE, WEIGHT
from tests.personalities.registry import fact
from tests.personalities.serving import served

_R4 = "github.com/cerner/fhir.cerner.com content/millennium/r4.md"


@fact("oracle-health", "precondition", _R4)
async def _it_goes_by_versions() -> None:
    async with served("oracle-health") as place:
        answer = await place.put(HELD, If_Match='W/"1"')
        assert answer.status_code == 200 and answer.headers["etag"] == 'W/"2"'


@fact("oracle-health", "stale_status", _R4)
async def _an_outdated_version_is_409() -> None:
    async with served("oracle-health") as place:
        assert (await place.put(HELD, If_Match='W/"7"')).status_code == 409


@fact(
    "oracle-health",
    "missing_status",
    "github.com/cerner/fhir.cerner.com content/millennium/dstu2/scheduling/appointment.md",
)
async def _a_missing_version_is_412() -> None:
    async with served("oracle-health") as place:
        assert (await place.put(HELD)).status_code == 412


_O4 = (
    "github.com/cerner/fhir.cerner.com content/millennium/r4/** and docs.oracle.com/en/industries/"
    "health/millennium-platform-apis/mfrap/op-medicationrequest-id-patch.html, "
    "op-encounter-id-patch.html"
)


@fact("oracle-health", "create_response", _O4)
async def _a_create_is_answered_with_its_place_alone() -> None:
    async with served("oracle-health") as place:
        answer = await place.post(WEIGHT, Prefer="return=representation")
        assert answer.status_code == 201 and answer.content == b""
        assert answer.headers["location"].endswith("/Observation/made-1/_history/1")


@fact("oracle-health", "persisted_state", _O4)
async def _a_draft_of_a_document_is_refused() -> None:
    async with served("oracle-health") as place:
        draft = {**VISIT_NOTE, "docStatus": "preliminary"}
        assert (await place.post(draft)).status_code == 422
        assert (await place.post(VISIT_NOTE)).status_code == 201


@fact("oracle-health", "unsupported_elements", _R4)
async def _an_element_that_it_does_not_support_is_ignored() -> None:
    async with served("oracle-health") as place:
        added = [{"url": "http://example.org/extra", "valueBoolean": True}]
        answer = await place.post({**WEIGHT, "extension": added})
        stored = (await place.http.get(answer.headers["location"])).json()
        assert "extension" not in stored and stored["valueQuantity"]["value"] == 72.5


@fact("oracle-health", "correlation_header", _O4)
async def _a_header_names_each_call() -> None:
    async with served("oracle-health") as place:
        named = {
            (await place.http.get("/Patient/example")).headers["x-request-id"] for _ in range(3)
        }
        assert len(named) == 3


@fact("oracle-health", "transform: one-user-selected", _O4)
async def _a_problem_keeps_two_codings() -> None:
    codings = [
        {"system": "http://snomed.info/sct", "code": "38341003", "userSelected": False},
        {"system": "urn:example", "code": "I10", "userSelected": True},
        {"system": "urn:example", "code": "I10.9", "userSelected": False},
    ]
    async with served("oracle-health") as place:
        answer = await place.post({**CONDITION, "code": {"coding": codings}})
        stored = (await place.http.get(answer.headers["location"])).json()
        assert stored["code"]["coding"] == codings[:2]


@fact("oracle-health", "note: diagnoses", _O4)
async def _diagnoses_are_ranked_anew() -> None:
    stay: dict[str, Any] = {
        "resourceType": "Encounter", "status": "planned",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "diagnosis": [
            {"condition": {"reference": "Condition/held"}, "rank": rank} for rank in (7, 3)
        ],
    }  # fmt: skip
    async with served("oracle-health") as place:
        answer = await place.post(stay)
        stored = (await place.http.get(answer.headers["location"])).json()
        assert [one["rank"] for one in stored["diagnosis"]] == [1, 2]


@fact("oracle-health", "note: dates", _O4)
async def _a_date_needs_its_time() -> None:
    async with served("oracle-health") as place:
        answer = await place.post({**WEIGHT, "effectiveDateTime": "2026-11-20"})
        assert answer.status_code == 422
