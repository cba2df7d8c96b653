"""Rows by number: the same as the whole list wherever one looks, whatever leaves meanwhile."""

from __future__ import annotations

import random
from typing import Any

import pytest

from console.presenters.queue import queue_row
from console.queue_source import FoundRows, PagedRows
from core.queue import View, parse_filter
from core.records import ChangeRow
from sync.store.connection import connect, migrate
from sync.store.reads import StoreReads
from tests.sync.store.test_queue_reads import NOW, put, row

TOTAL = 1_900


class Reads(StoreReads):
    """A store of which the ledger's size is known, and how often it was asked for a page."""

    size = 10**6
    pages = 0

    def queue_page(self, *args: Any, **options: Any) -> Any:
        self.pages += 1
        return super().queue_page(*args, **options)


@pytest.fixture
def reads() -> Reads:
    connection = connect(":memory:", None)
    migrate(connection)
    found, chance = Reads(connection), random.Random(3)
    for number in range(TOTAL):
        put(found, row(number, chance) | {"state": "pending-human-review"})
    return found


def draw(change: ChangeRow) -> Any:
    return queue_row(change, NOW, ["pending-human-review"])


def paged(reads: Reads, total: int = TOTAL) -> PagedRows:
    return PagedRows(reads, View(), NOW, draw, total)


def keys(reads: Reads) -> list[tuple[str, int]]:
    found = reads.connection.execute(
        "SELECT proposal, idx FROM change WHERE state = 'pending-human-review' ORDER BY place"
    )
    return [(proposal, index) for proposal, index in found]


def remove(reads: Reads, *gone: tuple[str, int]) -> None:
    for proposal, index in gone:
        reads.connection.execute(
            "UPDATE change SET state = 'rejected', state_seq = 2000000"
            " WHERE proposal = ? AND idx = ?",
            (proposal, index),
        )


def test_any_number_in_any_order_is_the_row_of_the_whole_list(reads: Reads) -> None:
    every, rows, chance = keys(reads), paged(reads), random.Random(1)
    numbers = [0, 1_899, 199, 200, 201, 950, *(chance.randrange(TOTAL) for _ in range(300))]
    for number in numbers:
        found = rows.row(number)
        assert found is not None and found.key == every[number]
        assert rows.place(found.key) == number
    assert rows.row(TOTAL) is None and rows.row(-1) is None and len(rows) == TOTAL


def test_walking_down_and_up_reads_pages_and_not_rows(reads: Reads) -> None:
    every, rows = keys(reads), paged(reads)
    reads.pages = 0
    for number in [*range(TOTAL), *reversed(range(TOTAL))]:
        found = rows.row(number)
        assert found is not None and found.key == every[number]
    assert reads.pages <= 12


def test_around_a_change_it_has_its_number_and_its_neighbours(reads: Reads) -> None:
    every, rows = keys(reads), paged(reads)
    for number in (0, 5, 777, TOTAL - 1):
        entry = rows.entry(number)
        assert entry is not None
        fresh = paged(reads)
        assert fresh.around(entry.key, entry.spot) == number
        for near in (number - 3, number, number + 3):
            found = fresh.row(near)
            assert (None if found is None else found.key) == (
                every[near] if 0 <= near < TOTAL else None
            )


def test_around_a_change_that_left_is_the_next_one(reads: Reads) -> None:
    every, rows = keys(reads), paged(reads)
    entry = rows.entry(700)
    assert entry is not None
    remove(reads, every[700])
    fresh = paged(reads, TOTAL - 1)
    assert fresh.around(entry.key, entry.spot) == 700
    found = fresh.row(700)
    assert found is not None and found.key == every[701]


def test_what_left_stays_in_its_line_until_it_is_read_anew(reads: Reads) -> None:
    every, rows = keys(reads), paged(reads)
    rows.row(50)
    remove(reads, every[10], every[11])
    assert rows.refresh(0, 40)
    shown = [rows.row(number) for number in range(40)]
    assert [one.key for one in shown if one] == every[:40]
    assert [one.marks.get("*") for one in shown if one][9:12] == [None, "gone", "gone"]
    assert not rows.refresh(0, 40), "nothing new to hear"


def test_numbers_are_made_right_when_rows_above_have_left(reads: Reads) -> None:
    every, rows = keys(reads), paged(reads)
    assert rows.row(1_000) is not None
    remove(reads, *every[:300])
    number = 1_000
    while number >= 300 and rows.row(number) is not None:
        number -= 1
    fallen = 0
    for _ in range(10):
        rows.row(max(0, number - fallen))
        fallen += rows.settle()
    assert fallen == 300 and len(rows) == TOTAL - 300
    found = rows.row(0)
    assert found is not None and found.key == every[300]


def test_the_end_moves_up_when_rows_below_have_left(reads: Reads) -> None:
    every, rows = keys(reads), paged(reads)
    remove(reads, *every[-500:])
    for number in range(0, TOTAL, 150):
        rows.row(number)
    assert len(rows) == TOTAL - 500
    last = rows.row(len(rows) - 1)
    assert last is not None and last.key == every[-501]


def test_what_came_since_is_not_among_the_rows_but_counted(reads: Reads) -> None:
    reads.size = TOTAL  # type: ignore[misc]
    rows = paged(reads)
    put(reads, row(TOTAL + 1, random.Random(5)) | {
        "state": "pending-human-review", "urgency": "stat", "proposal": "new"})  # fmt: skip
    assert rows.newer() == {"stat": 1}
    assert all(key[0] != "new" for key in rows.keys)
    assert len(rows) == TOTAL


def test_a_filter_grows_step_by_step_until_everything_was_looked_at(
    reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.store.queue_reads.STEP", 100)
    view = View(filter=parse_filter("risk:high op:create"))
    rows = FoundRows(reads, view, NOW, draw)
    sizes = [len(rows)]
    while not rows.complete:
        rows.extend()
        sizes.append(len(rows))
    wanted = [
        (one.proposal, one.idx) for one in reads.open_changes(TOTAL)
        if one.tier == "high" and one.op == "create"
    ]  # fmt: skip
    assert rows.keys == wanted and sizes == sorted(sizes) and len(sizes) >= 19
    assert all(rows.place(key) == number for number, key in enumerate(wanted))
