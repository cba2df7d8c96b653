"""Order and paging: total, stable, and nothing missed or repeated while others write."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from sync.sandbox import searching
from sync.sandbox.store import Store
from tests.sync.sandbox.searches import Asker, links, names

SORTS = [
    "_id",
    "-_id",
    "_lastUpdated",
    "-_lastUpdated",
    "birthdate",
    "-birthdate",
    "family",
    "-family",
    "gender,-birthdate",
    "-gender,family,_lastUpdated",
    "family,-_id",
]
FAMILIES = ["Öz", "oz", "Abel", "abel", "Żak", None]
GENDERS = ["male", "female", None]
DATES = ["1980", "1980-05", "1980-05-05", "1999-01-01", None]


def _patient(number: int) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Patient", "id": f"p{number:02}"}
    values = {
        "gender": GENDERS[number % 3],
        "birthDate": DATES[number % 5],
        "name": [{"family": FAMILIES[number % 6]}] if FAMILIES[number % 6] else None,
    }
    return found | {name: value for name, value in values.items() if value}


@pytest.fixture
def ask(clock: Any) -> Iterator[Asker]:
    store = Store(":memory:", clock)
    asker = Asker(store)
    for number in range(30):
        asker.put(_patient(number))
        # Several at one instant: the order between them is the id's.
        clock.advance(milliseconds=number % 3)
    yield asker
    store.close()


def _pages(ask: Asker, url: str) -> Iterator[list[str]]:
    following: str | None = url
    while following:
        bundle = ask(following)
        yield names(bundle)
        following = links(bundle).get("next")


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("count", [1, 4, 29, 30])
def test_pages_join_to_the_whole_in_order(ask: Asker, sort: str, count: int) -> None:
    whole = names(ask(f"Patient?_sort={sort}&_count=100"))
    assert len(whole) == len(set(whole)) == 30
    assert [
        id_ for page in _pages(ask, f"Patient?_sort={sort}&_count={count}") for id_ in page
    ] == (whole)


@pytest.mark.parametrize("sort", SORTS)
def test_paging_neither_misses_nor_repeats_while_others_write(
    ask: Asker, clock: Any, sort: str
) -> None:
    """What nobody touches is seen exactly once, whatever is added, moved or taken away."""
    whole = names(ask(f"Patient?_sort={sort}&_count=100"))
    chance = random.Random(7)
    # Even numbers stay as they are; odd ones are rewritten as another, new ones come in.
    untouched = [id_ for id_ in whole if int(id_[1:]) % 2 == 0]
    seen: list[str] = []
    for page in _pages(ask, f"Patient?_sort={sort}&_count=3"):
        seen += page
        clock.advance(milliseconds=1)
        for _ in range(2):
            moved = chance.randrange(1, 30, 2)
            ask.put({**_patient(chance.randrange(30)), "id": f"p{moved:02}"})
        # The border itself moves away: the version that stood there still says where it was.
        if int(page[-1][1:]) % 2:
            ask.put({**_patient(chance.randrange(30)), "id": page[-1]})
        if len(seen) < 60:
            ask.put({**_patient(chance.randrange(30)), "id": f"n{chance.randrange(40):02}"})
    assert [id_ for id_ in seen if id_ in untouched] == untouched


def test_the_border_is_the_version_that_stood_there(
    ask: Asker, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the current version instead, moving the border resource would lose others."""
    url = "Patient?_sort=_lastUpdated&_count=5"
    first = ask(url)
    onward = names(ask(links(first)["next"]))
    clock.advance(seconds=1)
    ask.put(_patient(int(names(first)[-1][1:])))
    assert names(ask(links(first)["next"])) == onward
    monkeypatch.setattr(Store, "vread", lambda self, kind, id_, _: self.read(kind, id_))
    assert names(ask(links(first)["next"])) != onward


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("birthdate", "1980", None),
        ("-birthdate", "1999-01-01", None),
        ("family", "Abel", None),
        ("-family", "Żak", None),
        ("gender", "female", None),
    ],
)
def test_what_lacks_the_value_comes_last(ask: Asker, sort: str, first: str, last: None) -> None:
    element = {"birthdate": "birthDate", "family": "name", "gender": "gender"}[sort.strip("-")]
    entries = [entry["resource"] for entry in ask(f"Patient?_sort={sort}")["entry"]]
    found = [entry.get(element) for entry in entries]
    texts = [value[0]["family"] if isinstance(value, list) else value for value in found]
    assert (texts[0], texts[-1]) == (first, last)
    assert texts.index(None) == len([text for text in texts if text])


def test_later_pages_lead_back_to_the_first(ask: Asker) -> None:
    url = "Patient?_sort=-birthdate&_count=4&gender=male"
    start = ask(url)
    assert links(start).keys() == {"self", "next"}
    second = ask(links(start)["next"])
    assert links(second).keys() == {"self", "next", "first"}
    assert ask(links(second)["first"]) == start


@pytest.mark.parametrize(
    "cursor", ["", "p01", "Patient~p01", "Patient~p01~2", "Patient~zz~1", "Group~p01~1", "p~1~x"]
)
def test_a_cursor_of_no_link_is_refused(ask: Asker, cursor: str) -> None:
    refused = ask.refused(f"Patient?_cursor={cursor}")
    assert (refused.status, refused.issues[0].code) == (400, "value")


def test_a_deletion_is_no_cursor(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = searching.Stored("Patient", "p01", 2, "2026-01-01T00:00:00.000Z", "DELETE", b"")
    monkeypatch.setattr(Store, "vread", lambda *_: gone)
    assert ask.refused("Patient?_cursor=Patient~p01~2&_sort=family").status == 400
