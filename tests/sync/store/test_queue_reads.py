"""The queue by pages: the same as sorting and filtering everything, at any place and any time."""

from __future__ import annotations

import random
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.ledger.event import instant, moment
from core.needed import STILL, due
from core.queue import Spot, View, parse_filter
from core.records import ChangeRow
from sync.store import queue_reads
from sync.store.connection import connect, migrate
from sync.store.reads import StoreReads
from sync.store.rows import clear

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
STATES = ["pending-human-review"] * 6
STATES += "deferred expired ready-for-write exception verified rejected".split()
COLUMNS = [field.name for field in fields(ChangeRow)]
EMPTY: dict[str, Any] = dict.fromkeys(COLUMNS)
ROUTES = [
    '{"id":"desk","roles":["nurse"]}',
    '{"id":"two","roles":["md"],"reach_by_s":5400}',
]
RANKS = {"stat": 0, "urgent": 1}


def row(number: int, chance: random.Random) -> dict[str, Any]:
    expires = NOW + timedelta(minutes=chance.randrange(-30, 600))
    return EMPTY | {
        "proposal": f"{chance.getrandbits(40):010x}",
        "idx": chance.randrange(3),
        "revision": 1,
        "state": chance.choice(STATES),
        "state_seq": number,
        "since": instant(NOW),
        "proposed_at": chance.choice([None, instant(NOW - timedelta(minutes=number % 600))]),
        "needed_by": chance.choice([None, None, instant(NOW + timedelta(minutes=number % 300))]),
        "agent": chance.choice(["scribe-1", "front_desk", "front%desk"]),
        "ehr": "sandbox",
        "patient_tag": "t",
        "urgency": chance.choice(["routine", "routine", "urgent", "stat"]),
        "op": chance.choice(["create", "update"]),
        "type": chance.choice(["Patient", "Condition"]),
        "paths": chance.choice(['[["Patient.telecom.value","changed"]]', '[["Patient.name","x"]]']),
        "depends": chance.choice(["[]", "[0]"]),
        "operation": "o",
        "rung": "if-match",
        "change_digest": "d",
        "bytes_digest": "b",
        "tier": chance.choice(["low", "high"]),
        "route": chance.choice(
            ['{"id":"desk","roles":["nurse"]}', '{"id":"two","roles":["md"],"reach_by_s":5400}']
        ),
        "expires": chance.choice([instant(expires), instant(expires), None]),
        "body_seq": 0,
        "void": chance.choice([None, None, "base-moved"]),
        "patient_label": chance.choice(["Synthetic, Ada", "Example, Ben", None]),
    }


def put(reads: StoreReads, values: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(COLUMNS))
    reads.connection.execute(
        f"INSERT OR REPLACE INTO change ({', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608
        [values[name] for name in COLUMNS],
    )


@pytest.fixture
def chance() -> random.Random:
    return random.Random(7)


@pytest.fixture(scope="module")
def filled() -> tuple[StoreReads, Any]:
    """Return a queue to copy, and how far chance had come with it."""
    chance = random.Random(7)
    connection = connect(":memory:", None)
    migrate(connection)
    found = StoreReads(connection)
    for number in range(700):
        put(found, row(number, chance))
    return found, chance.getstate()


@pytest.fixture
def reads(filled: tuple[StoreReads, Any], chance: random.Random) -> StoreReads:
    source, state = filled
    chance.setstate(state)
    connection = connect(":memory:", None)
    source.connection.backup(connection)
    return StoreReads(connection)


def everything(reads: StoreReads) -> list[dict[str, Any]]:
    listed = ", ".join(COLUMNS)
    found = reads.connection.execute(f"SELECT {listed} FROM change").fetchall()  # noqa: S608
    return [dict(zip(COLUMNS, one, strict=True)) for one in found]


def ordered(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    def rank(one: dict[str, Any]) -> tuple[Any, ...]:
        urgency = RANKS.get(one["urgency"], 2)
        return urgency, one["expires"] or "~", one["state_seq"], one["proposal"], one["idx"]

    return [(one["proposal"], one["idx"]) for one in sorted(rows, key=rank)]


def walked(reads: StoreReads, view: View, as_of: int = 10**6) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    after: Spot | None = None
    while True:
        page = reads.queue_page(view, NOW, as_of, after)
        found += [(one.proposal, one.idx) for one in page.rows]
        after = page.reached
        if after is None:
            return found


def waiting(one: dict[str, Any]) -> bool:
    return bool(one["state"] == "pending-human-review")


@pytest.mark.parametrize("page", [3, 200])
def test_pages_forward_are_the_whole_in_order(
    reads: StoreReads, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_reads, "PAGE", page)
    rows = everything(reads)
    assert walked(reads, View()) == ordered([one for one in rows if waiting(one)])
    closed = ("verified", "rejected")
    still_open = [one for one in rows if one["state"] not in closed]
    assert walked(reads, View(all_open=True)) == ordered(still_open)
    as_of = [one for one in rows if waiting(one) and one["state_seq"] < 300]
    assert walked(reads, View(), 300) == ordered(as_of)


def test_pages_backward_skips_and_ranks_agree(
    reads: StoreReads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_reads, "PAGE", 20)
    every = walked(reads, View())
    place = [0, 1, 19, 20, 21, len(every) // 2, len(every) - 1]
    for number in place:
        page = reads.queue_page(View(), NOW, 10**6, None, number)
        keys = [(one.proposal, one.idx) for one in page.rows]
        assert keys == every[number : number + 20]
        assert reads.queue_rank(View(), 10**6, page.spots[0]) == number
        before = reads.queue_before(View(), NOW, 10**6, page.spots[0])
        keys = [(one.proposal, one.idx) for one in before.rows]
        assert keys == every[max(0, number - 20) : number]
    last = reads.queue_before(View(), NOW, 10**6, None, 5)
    assert [(one.proposal, one.idx) for one in last.rows] == every[-25:-5]


def soonest(one: dict[str, Any]) -> datetime:
    """What the column DUE counts down to."""
    found = [moment(one["expires"])] if one["expires"] else []
    needed = due(ChangeRow(**one))
    return min([*found, *([needed.needed] if needed else []), NOW + timedelta(days=9)])


FILTERS = {
    "risk:high": lambda one: one["tier"] == "high",
    "!risk:high": lambda one: one["tier"] != "high",
    "agent:front_": lambda one: "front_" in one["agent"],
    "agent:front%": lambda one: "front%" in one["agent"],
    "type:Cond,Pat op:update": lambda one: one["op"] == "update",
    "patient:ada": lambda one: "Ada" in (one["patient_label"] or ""),
    "!patient:ada": lambda one: "Ada" not in (one["patient_label"] or ""),
    "ben": lambda one: "Ben" in (one["patient_label"] or ""),
    "role:nurse": lambda one: "nurse" in one["route"],
    "route:two": lambda one: "two" in one["route"],
    "path:Patient.telecom": lambda one: "telecom" in one["paths"],
    "path:Patient.tele": lambda _one: False,
    "urgency:stat,urgent": lambda one: one["urgency"] != "routine",
    "is:voided": lambda one: one["void"] is not None,
    "is:dependent": lambda one: one["depends"] != "[]",
    "is:expired": lambda one: (one["expires"] or "~") <= instant(NOW),
    "is:late": lambda one: soonest(one) < NOW + timedelta(hours=1),
    "due:2h": lambda one: soonest(one) < NOW + timedelta(hours=2),
    "ehr:sandbox": lambda _one: True,
    "state:pending": lambda _one: True,
    "'; DROP TABLE change; --": lambda _one: False,
}


@pytest.mark.parametrize("step", [7, 2_000])
@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_what_looking_at_every_row_finds(
    reads: StoreReads, text: str, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_reads, "STEP", step)
    wanted = [one for one in everything(reads) if waiting(one) and FILTERS[text](one)]
    assert walked(reads, View(filter=parse_filter(text))) == ordered(wanted)
    ids = [one for one in wanted if one["proposal"].startswith("a")]
    assert walked(reads, View(filter=parse_filter(f"{text} id:a"))) == ordered(ids)


@pytest.mark.parametrize("text", ["is:late", "due:2h"])
def test_what_is_due_counts_in_every_state_in_which_somebody_waits_for_it(
    reads: StoreReads, text: str
) -> None:
    hours = {"is:late": 1, "due:2h": 2}[text]

    def wanted(one: dict[str, Any]) -> bool:
        needed = due(ChangeRow(**one)) if one["state"] in STILL else None
        times = [moment(one["expires"])] if one["expires"] else []
        times += [needed.needed] if needed else []
        return any(at < NOW + timedelta(hours=hours) for at in times)

    rows = [one for one in everything(reads) if one["state"] not in ("verified", "rejected")]
    found = [one for one in rows if wanted(one)]
    assert {one["state"] for one in found} >= set(STILL)
    assert walked(reads, View(filter=parse_filter(text), all_open=True)) == ordered(found)


def test_my_roles_and_what_i_have_not_decided(reads: StoreReads) -> None:
    mine = walked(reads, View(roles=frozenset({"nurse"}), voter="me"))
    first, second = mine[:2]
    for key, reviewer, revision in ((first, "me", 1), (second, "other", 1), (second, "me", 0)):
        reads.connection.execute(
            "INSERT INTO decision VALUES (?, ?, ?, ?, 1, 'a', 'approve', ?, 'nurse', 'k', 'c', 'b',"
            " 'e', NULL, NULL, 's', 'd', NULL)",
            (f"{key}{reviewer}", *key, revision, reviewer),
        )
    assert walked(reads, View(roles=frozenset({"nurse"}), voter="me")) == mine[1:]
    assert walked(reads, View(roles=frozenset())) == []


def test_newer_rows_are_counted_by_urgency(reads: StoreReads) -> None:
    late = [one for one in everything(reads) if waiting(one) and one["state_seq"] >= 600]
    found = reads.queue_newer(View(), NOW, 600)
    assert sum(found.values()) == len(late)
    assert found["stat"] == sum(one["urgency"] == "stat" for one in late)
    assert reads.queue_newer(View(), NOW, 700) == {}


def test_counts_follow_every_way_a_change_moves(reads: StoreReads, chance: random.Random) -> None:
    def counted() -> dict[str, int]:
        found: dict[str, int] = {}
        for one in everything(reads):
            found[one["state"]] = found.get(one["state"], 0) + 1
        return found

    assert reads.state_counts() == counted()
    for one in chance.sample(everything(reads), 60):
        state = chance.choice(STATES)
        if chance.random() < 0.5:
            put(reads, {**one, "state": state})
        else:
            where = (state, one["proposal"], one["idx"])
            reads.connection.execute(
                "UPDATE change SET state = ? WHERE proposal = ? AND idx = ?", where
            )
        assert reads.state_counts() == counted()
    clear(reads.connection)
    assert reads.state_counts() == {}


def test_a_read_of_the_queue_never_sorts(reads: StoreReads) -> None:
    asked: list[str] = []
    reads.connection.set_trace_callback(asked.append)
    reads.queue_page(View(filter=parse_filter("role:nurse risk:high")), NOW, 10**6, Spot("1"))
    reads.queue_before(View(all_open=True), NOW, 10**6, Spot("1"))
    reads.queue_newer(View(all_open=True), NOW, 10**6)
    reads.connection.set_trace_callback(None)
    for query in asked:
        plan = " ".join(
            str(one[3]) for one in reads.connection.execute(f"EXPLAIN QUERY PLAN {query}")
        )
        assert "SEARCH change USING" in plan and "ORDER BY" not in plan, plan


def test_views_are_kept_and_forgotten(reads: StoreReads) -> None:
    reads.save_view("stat", "mine", "urgency:stat")
    reads.save_view("stat", "all", "urgency:stat,urgent")
    assert reads.saved_views() == [("stat", "all", "urgency:stat,urgent")]
    reads.save_view("stat", "all", "")
    assert reads.saved_views() == []
