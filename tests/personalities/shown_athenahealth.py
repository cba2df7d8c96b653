"""What is known of athenahealth, shown."""

from __future__ import annotations

from core.traffic.limits import Window
from tests.personalities.deeds import ANSWERS
from tests.personalities.registry import fact
from tests.personalities.serving import served


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
