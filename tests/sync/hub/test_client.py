"""The hub's client: against the real sandbox over HTTP, and against servers that misbehave."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from core.errors import BadInput, Refused, Unreachable
from core.ports_hub import Held, Lost
from sync.fhir import NoAuth
from sync.fhir.channel import Bounds
from sync.fhir.errors import Throttled
from sync.fhir.tokens import Token, elapsed
from sync.hub.client import CODE, HubClient
from sync.sandbox import Sandbox, serving
from tests.hub import HubAgent

BASE = "http://127.0.0.1:9/fhir"
DATE = "Tue, 24 Nov 2026 05:00:00 GMT"
Answers = Callable[[httpx.Request], httpx.Response]


def task(id_: str, version: str | None = "1", **elements: Any) -> dict[str, Any]:
    meta = {} if version is None else {"meta": {"versionId": version}}
    return {"resourceType": "Task", "id": id_, **meta, **elements}


def bundle(*resources: Any, following: str | None = None, **entry: Any) -> httpx.Response:
    link = [] if following is None else [{"relation": "next", "url": following}]
    found = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": link,
        "entry": [{"resource": resource, **entry} for resource in resources],
    }
    return answer(200, found)


def answer(status: int, body: Any, **headers: str) -> httpx.Response:
    text = body if isinstance(body, str) else json.dumps(body)
    given = {"content-type": "application/fhir+json", "date": DATE, **headers}
    return httpx.Response(status, text=text, headers={k: v for k, v in given.items() if v})


class Bearer:
    """A token source whose tokens count; tells which were dropped."""

    authenticated = True

    def __init__(self) -> None:
        self.count = 0
        self.dropped: list[str] = []

    async def token(self, scope: str, *, exact: bool = False) -> Token:
        end = elapsed() + 300
        return Token(scope, end, end, elapsed, self, f"t{self.count}")

    def drop(self, token: Token) -> None:
        self.dropped.append(token.value)
        self.count += 1

    async def aclose(self) -> None:
        """Nothing to close."""


def client(answers: Answers, **options: Any) -> HubClient:
    return HubClient(
        "hub", BASE, options.pop("tokens", NoAuth()), transport=httpx.MockTransport(answers),
        **options,
    )  # fmt: skip


async def walked(answers: Answers, **options: Any) -> list[str]:
    async with client(answers, **options) as hub:
        pages = [page async for page in hub.changed("Task", None)]
    assert all(page.at == datetime(2026, 11, 24, 5, tzinfo=UTC) for page in pages)
    return [held.reference for page in pages for held in page.items]


async def failing(answers: Answers, **options: Any) -> str:
    with pytest.raises(Unreachable) as caught:
        await walked(answers, **options)
    assert "Synthetic" not in str(caught.value)
    return caught.value.problem


@pytest.fixture
def place() -> Iterator[tuple[Sandbox, str]]:
    with Sandbox(no_auth=True) as sandbox, serving(sandbox.app) as found:
        yield sandbox, found.base_url


@pytest.fixture
async def hub(place: tuple[Sandbox, str]) -> AsyncIterator[HubClient]:
    async with HubClient("hub", place[1], NoAuth()) as made:
        yield made


async def test_pages_of_a_real_server(place: tuple[Sandbox, str], hub: HubClient) -> None:
    agent = HubAgent()
    place[0].seed([{**agent.task(), "id": f"t{number}"} for number in range(230)])
    place[0].seed([{"resourceType": "Task", "id": "other", "status": "draft", "intent": "plan"}])
    pages = [page async for page in hub.changed("Task", None)]
    assert [len(page.items) for page in pages] == [100, 100, 30]
    found = {held.reference for page in pages for held in page.items}
    assert found == {f"Task/t{number}" for number in range(230)}
    assert await hub.listed("Task") == dict.fromkeys(found, "1")
    later = pages[0].at + timedelta(minutes=10)
    assert [len(page.items) async for page in hub.changed("Task", later)] == [0]


async def test_read_and_replace_keep_what_is_written(
    place: tuple[Sandbox, str], hub: HubClient
) -> None:
    given = {**HubAgent().task(), "id": "t1"}
    place[0].seed([given])
    held = await hub.read("Task/t1")
    assert held is not None and held.version == "1"
    await hub.replace(held, {**held.resource, "status": "received"})
    with pytest.raises(Lost):
        await hub.replace(held, held.resource)
    again = await hub.read("Task/t1")
    assert again is not None and (again.version, again.resource["status"]) == ("2", "received")
    assert again.resource["input"] == given["input"]
    assert await hub.read("Task/none") is None
    with pytest.raises(Refused):
        await hub.replace(again, {**again.resource, "status": ["draft"]})


async def test_the_query_is_the_protocols() -> None:
    asked: list[httpx.Request] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return bundle()

    async with client(answers) as hub:
        since = datetime(2026, 11, 23, 9, 0, 0, 123000, tzinfo=UTC)
        for type_ in ("Task", "Provenance"):
            assert [page.items async for page in hub.changed(type_, since)] == [[]]
    wanted = {
        "_sort": "_lastUpdated", "_count": "100", "_lastUpdated": "ge2026-11-23T09:00:00.123Z",
    }  # fmt: skip
    first, second = asked
    assert dict(first.url.params) == {**wanted, "code": CODE}
    assert dict(second.url.params) == wanted
    assert all(request.headers["cache-control"] == "no-cache" for request in asked)


def two_pages(following: str) -> Answers:
    def answers(request: httpx.Request) -> httpx.Response:
        if "page" in request.url.params:
            return bundle(task("b"))
        return bundle(task("a"), following=following)

    return answers


@pytest.mark.parametrize("link", [f"{BASE}/Task?page=2", "Task?page=2", "/fhir?page=2"])
async def test_next_links_within_the_base(link: str) -> None:
    assert await walked(two_pages(link)) == ["Task/a", "Task/b"]


@pytest.mark.parametrize(
    "link",
    [
        "http://elsewhere.example/fhir?page=2",
        "https://127.0.0.1:9/fhir?page=2",
        "http://127.0.0.1:10/fhir?page=2",
        "http://127.0.0.1:9/other?page=2",
        "http://127.0.0.1:9/fhirsome?page=2",
        "http://127.0.0.1:9/fhir/../x?page=2",
        "http://user@127.0.0.1:9/fhir?page=2",
    ],
)
async def test_next_links_that_leave_the_base_are_not_followed(link: str) -> None:
    assert "outside its own address" in await failing(two_pages(link))


async def test_a_page_that_follows_itself() -> None:
    asked: list[int] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(1)
        assert len(asked) < 10
        return bundle(task("a"), following=f"{BASE}/Task?page=2")

    assert "follows itself" in await failing(answers)


async def test_the_same_page_under_ever_new_links() -> None:
    count = iter(range(1_000))
    words = await failing(lambda _: bundle(task("a"), following=f"{BASE}/Task?p={next(count)}"))
    assert "again and again" in words


async def test_pages_without_end_are_ended() -> None:
    count = iter(range(1_000))

    def answers(_: httpx.Request) -> httpx.Response:
        number = next(count)
        return bundle(task(f"a{number}"), following=f"{BASE}/Task?p={number}")

    assert "more than 7 pages" in await failing(answers, max_pages=7)


async def test_one_poisoned_entry_does_not_stop_the_others() -> None:
    poison: list[Any] = [
        task("..", "1"), task("x y", "1"), task("c", None), task("d", "a/b"), {"id": "e"},
        "text", None, {"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}},
        {"resourceType": "OperationOutcome"},
    ]  # fmt: skip
    assert await walked(lambda _: bundle(task("a"), *poison, task("b"))) == ["Task/a", "Task/b"]
    included = {"search": {"mode": "include"}}
    assert await walked(lambda _: bundle(task("a"), **included)) == []


@pytest.mark.parametrize(
    "given",
    [
        answer(200, "<html>hello</html>", **{"content-type": "text/html"}),
        answer(200, '{"resourceType":"Bundle","entry":['),
        answer(200, "[" * 100_000),
        answer(200, {"resourceType": "Patient", "name": "Synthetic"}),
        answer(200, "[1]"),
        answer(500, {"name": "Synthetic"}),
        answer(302, "", location="http://elsewhere.example/"),
        bundle(),
    ],
    ids=["html", "cut", "deep", "other", "list", "500", "redirect", "no-date"],
)
async def test_answers_that_are_no_page(given: httpx.Response, request: Any) -> None:
    if "no-date" in request.node.name:
        del given.headers["date"]
    assert await failing(lambda _: given)


async def test_a_throttle_says_how_long() -> None:
    with pytest.raises(Throttled) as caught:
        await walked(lambda _: answer(429, {}, **{"retry-after": "17"}))
    assert caught.value.retry_after == 17


@pytest.mark.parametrize("what", ["page", "read", "replace"])
async def test_a_rejected_token_is_replaced_once(what: str) -> None:
    tokens = Bearer()

    def answers(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] != "Bearer t1":
            return answer(401, {})
        return bundle() if "code" in request.url.params else answer(200, task("a"))

    async with client(answers, tokens=tokens) as hub:
        if what == "page":
            assert [page.items async for page in hub.changed("Task", None)] == [[]]
        elif what == "read":
            assert await hub.read("Task/a") is not None
        else:
            await hub.replace(Held(task("a"), "Task/a", "1", 9), task("a"))
    assert tokens.dropped == ["t0"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(304, Lost), (409, Lost), (412, Lost), (400, Refused),
     (403, Refused), (404, Refused), (413, Refused),
     (422, Refused), (429, Throttled), (500, Unreachable), (503, Unreachable)],
)  # fmt: skip
async def test_how_a_put_can_end(status: int, error: type[Exception]) -> None:
    async with client(lambda _: answer(status, {"name": "Synthetic"})) as hub:
        with pytest.raises(error) as caught:
            await hub.replace(Held(task("a"), "Task/a", "1", 9), task("a"))
    assert "Synthetic" not in str(caught.value)


async def test_a_put_bears_the_version_that_was_read() -> None:
    asked: list[httpx.Request] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(200, {})

    async with client(answers) as hub:
        await hub.replace(Held(task("a"), "Task/a", "x-7", 9), task("a"))
    assert asked[0].headers["if-match"] == 'W/"x-7"'
    assert (asked[0].method, asked[0].url.path) == ("PUT", "/fhir/Task/a")


async def test_leaving_a_walk_early_leaves_no_request_behind() -> None:
    count = iter(range(1_000))

    def answers(_: httpx.Request) -> httpx.Response:
        number = next(count)
        return bundle(task(f"a{number}"), following=f"{BASE}/Task?p={number}")

    async with client(answers) as hub:
        pages = hub.changed("Task", None)
        assert len((await anext(pages)).items) == 1
        await pages.aclose()  # type: ignore[attr-defined]
    assert next(count) == 2, "the second page was asked for, and nothing after it"


async def test_a_page_too_large_to_be_read_is_asked_for_in_smaller_ones() -> None:
    async def counts(large: set[int]) -> tuple[list[str], list[str]]:
        asked: list[str] = []

        def answers(request: httpx.Request) -> httpx.Response:
            count = int(request.url.params["_count"])
            at = int(request.url.params.get("_from", "0"))
            asked.append(f"{at}+{count}")
            shown = range(at, min(at + count, 130))
            text = "x" * (400_000 if large & set(shown) and count > 10 else 0)
            following = f"{BASE}/Task?_from={at + count}&_count={count}"
            return bundle(
                *(task(f"t{number}", description=text if number in large else "")
                  for number in shown),
                following=following if at + count < 130 else None,
            )  # fmt: skip

        return await walked(answers, bounds=Bounds(max_bytes=300_000)), asked

    every = [f"Task/t{number}" for number in range(130)]
    assert await counts(set()) == (every, ["0+100", "100+100"])
    found, asked = await counts({120})
    assert found == every
    assert asked == ["0+100", "100+100", "100+10", "110+10", "120+10"]


async def test_one_task_too_large_for_any_page_is_named() -> None:
    def answers(_request: httpx.Request) -> httpx.Response:
        return bundle(task("t1", description="x" * 400_000))

    assert "more bytes" in await failing(answers, bounds=Bounds(max_bytes=300_000))


@pytest.mark.parametrize("text", ['{"resourceType":"Task","id":"t1","id":"t2"}', '{"a":"\\ud800"}'])
async def test_a_task_that_cannot_be_written_back_is_no_outage(text: str) -> None:
    async with client(lambda _request: answer(200, text)) as hub:
        with pytest.raises(Refused, match="cannot be written back"):
            await hub.read("Task/t1")


@pytest.mark.parametrize("text", ['{"resourceType":"Task","id"', "[]", "<html>sign in</html>"])
async def test_a_body_that_is_no_resource_is_an_outage(text: str) -> None:
    async with client(lambda _request: answer(200, text)) as hub:
        with pytest.raises(Unreachable):
            await hub.read("Task/t1")


async def test_a_web_page_that_says_not_found_is_no_word_of_the_server() -> None:
    page = httpx.Response(404, text="<html></html>", headers={"content-type": "text/html"})
    async with client(lambda _request: page) as hub:
        with pytest.raises(Unreachable):
            await hub.replace(Held(task("t1"), "Task/t1", "1", 10), task("t1"))


def test_a_server_elsewhere_is_never_used_without_tokens() -> None:
    with pytest.raises(BadInput, match="loopback"):
        HubClient("hub", "https://hub.example/fhir", NoAuth())
    HubClient("hub", "https://hub.example/fhir", Bearer())
