"""What is known of AdvancedMD and Veradigm, shown."""

from __future__ import annotations

from tests.personalities.deeds import HELD
from tests.personalities.registry import fact
from tests.personalities.serving import served


@fact("advancedmd", "limiter", "fhir.advancedmd.com/terms-of-service")
async def _no_limit_is_published_so_none_is_played() -> None:
    async with served("advancedmd") as place:
        codes = {(await place.http.get("/Patient/example")).status_code for _ in range(300)}
        assert codes == {200}


@fact("advancedmd", "correlation_header", "fhir.advancedmd.com/getting-started")
async def _no_header_names_its_calls_either() -> None:
    async with served("advancedmd") as place:
        assert "x-request-id" not in (await place.http.get("/Patient/example")).headers


_V1 = "fhir.fhirpoint.open.allscripts.com/fhirroute/fhir/CP00101/metadata"


@fact("veradigm", "precondition", _V1)
async def _it_keeps_no_versions() -> None:
    async with served("veradigm") as place:
        stated = await place.statement()
        assert {one["versioning"] for one in stated.values()} == {"no-version"}
        answer = await place.http.get("/Patient/example")
        assert "etag" not in answer.headers and "versionId" not in answer.json()["meta"]


@fact("veradigm", "software", _V1)
async def _it_says_which_version_it_is() -> None:
    async with served("veradigm") as place:
        found = (await place.http.get("/metadata")).json()
        assert found["software"]["name"] == "Veradigm FHIR 4.22.0.1"


@fact("veradigm", "redacted_reads", "developer.veradigm.com/Fhir/Searching")
async def _what_may_not_be_read_is_redacted() -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    secret = {**HELD, "id": "secret", "meta": {"security": [label]}}
    async with served("veradigm", secret) as place:
        alone = await place.http.get("/Condition/secret")
        assert alone.status_code == 200
        found = (await place.http.get("/Condition?patient=example")).json()["entry"]
        searched = {one["resource"]["id"]: one["resource"] for one in found}
        for shown in (alone.json(), searched["secret"]):
            assert "code" not in shown
            assert {"R", "REDACTED"} == {one["code"] for one in shown["meta"]["security"]}
        assert "code" in searched["held"]
