"""Each fact of a product's profile that a server can show is shown, under the source that it has.

`FACTS` names personality, fact and source; a fact that is known and in neither `FACTS` nor
`NOT_SHOWN` fails, and so does a source that the profile does not name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.traffic.limits import Window
from sync.profiles import load_profile
from sync.sandbox import BASE_URL
from sync.sandbox.personality.choose import PRODUCTS
from tests.builders import CONDITION, PATIENT
from tests.personalities.deeds import ANSWERS, HELD, VISIT_NOTE, WEIGHT
from tests.personalities.serving import Served, served
from tests.personalities.test_profiles import PROFILES

Shows = Callable[[], Awaitable[None]]
FACTS: list[tuple[str, str, str, Shows]] = []
NOT_SHOWN = {
    "base_url": "the sandbox has its own",
    "auth_methods": "the sandbox authenticates by private_key_jwt",
    "auth_algorithms": "the sandbox takes RS384 and ES384",
    "jwks_hosting": "the sandbox registers keys itself",
    "token_ttl_s": "the sandbox's tokens live five minutes at most, whoever it plays",
    "correctable": "what may be written again is in the claims",
    "correction": "what may be written again is in the claims",
    "fhir_version": "the sandbox speaks R4, and says so",
}

NOTES_NOT_SHOWN = {
    "behaviour changes with each customer's upgrade": "a warning, not a behaviour to play",
}


def fact(name: str, told: str, source: str) -> Callable[[Shows], Shows]:
    """Register a test of one fact of one personality."""

    def register(shows: Shows) -> Shows:
        FACTS.append((name, told, source, shows))
        return shows

    return register


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


@fact(
    "athenahealth",
    "token_calls_per_minute",
    "docs.athenahealth.com/api/guides/authentication-and-url-locations",
)
async def _its_token_endpoint_counts_to_fifty() -> None:
    async with served("athenahealth") as place:
        place.clock.advance(seconds=20)
        for number in range(52):
            answer = await place.http.post("http://127.0.0.1/token", data={})
            assert (answer.status_code == 429) == (number >= 50)
        assert (await place.http.get("/Patient/example")).status_code == 200
        place.clock.advance(seconds=40)
        assert (await place.http.post("http://127.0.0.1/token", data={})).status_code == 400


@fact("athenahealth", "limiter", "docs.athenahealth.com/api/guides/best-practices")
async def _its_day_ends_at_midnight_gmt() -> None:
    async with served("athenahealth", windows=(Window("day", 4),)) as place:
        codes = [(await place.http.get("/Patient/example")).status_code for _ in range(5)]
        assert codes == [200] * 4 + [403]
        place.clock.advance(hours=14, minutes=59)
        assert (await place.http.get("/Patient/example")).status_code == 403
        place.clock.advance(minutes=1)
        assert (await place.http.get("/Patient/example")).status_code == 200


@fact("athenahealth", "note: 403 over the rate", "explorer.usecobalt.com/ehr/athenahealth")
async def _a_call_over_the_rate_is_forbidden() -> None:
    async with served("athenahealth", windows=(Window("minute", 4),)) as place:
        for _ in range(4):
            await place.http.get("/Patient/example")
        answer = await place.http.get("/Patient/example")
        assert answer.status_code == 403
        assert answer.json()["issue"][0]["code"] == "throttled"


@fact(
    "athenahealth",
    "note: keys",
    "docs.athenahealth.com/api/guides/best-practices and docs.athenahealth.com/api/resources/"
    "best-practices-and-troubleshooting",
)
async def _the_order_of_keys_is_another() -> None:
    async with served("athenahealth") as place:
        answer = await place.post(ANSWERS)
        read = await place.http.get(f"/QuestionnaireResponse/{answer.json()['id']}")
        kept = [key for key in read.json() if key in ANSWERS]
        assert kept == list(reversed(ANSWERS))


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


@pytest.mark.parametrize(
    ("name", "told", "source", "shows"),
    [pytest.param(*one, id=f"{one[0]}-{one[1]}-{one[2]}") for one in FACTS],
)
async def test_a_fact_is_shown(name: str, told: str, source: str, shows: Shows) -> None:
    profile = PROFILES[name]
    bases = {basis.source for basis in profile.sources.values()}
    bases |= {note.basis.source for note in profile.notes}
    assert source in bases | {basis.source for _, basis in profile.failure_bases}
    if told in profile.facts():
        assert profile.facts()[told].basis.source == source
    await shows()


@pytest.mark.parametrize("name", PRODUCTS)
def test_no_known_fact_is_left_out(name: str) -> None:
    shown = {told for whose, told, *_ in FACTS if whose == name}
    known = {told for told, one in PROFILES[name].facts().items() if one.is_known}
    assert known - shown - set(NOT_SHOWN) == set()


@pytest.mark.parametrize("name", PRODUCTS)
def test_no_note_and_no_transform_is_left_out(name: str) -> None:
    profile = PROFILES[name]
    shown = [told for whose, told, *_ in FACTS if whose == name]
    notes = [one for one in profile.notes if one.words not in NOTES_NOT_SHOWN]
    assert len(notes) == sum(told.startswith("note") for told in shown)
    assert len(profile.stated) == sum(told.startswith("transform") for told in shown)
    assert load_profile(name).count("[[transforms]]") == len(profile.stated)
