"""The time that servers tell is heard from every answer, and from no malformed one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.bootstrap.system import SystemClock
from sync.fhir.channel import Channel, Outgoing
from sync.wire import httpx

GOOD = "Mon, 23 Nov 2026 09:00:00 GMT"


async def heard(date: str | None) -> list[tuple[str, datetime]]:
    found: list[tuple[str, datetime]] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={} if date is None else {"Date": date}, json={})

    channel = Channel(
        "north", transport=httpx.MockTransport(answer), hear=lambda *told: found.append(told)
    )
    await channel.fetch(Outgoing("GET", httpx.URL("http://127.0.0.1/fhir/metadata")))
    await channel.aclose()
    return found


async def test_each_answer_tells_the_server_s_time() -> None:
    assert await heard(GOOD) == [("north", datetime(2026, 11, 23, 9, tzinfo=UTC))]


@pytest.mark.parametrize("date", [None, "", "soon", "Mon, 23 Nov 2026 09:00:00 -0000", "9" * 40])
async def test_what_is_no_time_is_not_heard(date: str | None) -> None:
    assert await heard(date) == []


class Still(SystemClock):
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_the_newest_word_of_each_counts() -> None:
    clock = Still()
    clock.hear("north", datetime(2026, 11, 23, 9, 50, tzinfo=UTC))
    clock.hear("north", datetime(2026, 11, 23, 9, 20, tzinfo=UTC))
    assert clock.bounds().hi == datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
    assert clock.bounds().lo == clock.now()
