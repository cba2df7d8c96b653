"""Answers are dated by the clock that the server's own instants come from."""

from datetime import UTC, datetime

import httpx

from sync.sandbox import Sandbox, serving


def test_the_date_is_that_of_the_servers_own_clock() -> None:
    def clock() -> datetime:
        return datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)

    with Sandbox(no_auth=True, clock=clock) as sandbox, serving(sandbox.app) as place:
        answer = httpx.get(f"{place.base_url}/metadata")
    assert answer.headers.get_list("date") == ["Mon, 03 Feb 2031 04:05:06 GMT"]
