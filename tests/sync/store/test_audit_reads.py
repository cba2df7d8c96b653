"""The ledger page by page, and searches: right, bounded, and not stopped by what was altered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.audit.events import line_or_none
from core.audit.search import STEP, search
from core.audit.wanted import Term, Wanted, parse_wanted
from core.canonical import JsonObject
from sync.store import audit_reads
from sync.store.connection import Connection
from sync.store.reads import StoreReads
from tests.builders import Bench

Copy = Callable[[], Connection]


def found(reads: StoreReads, wanted: Wanted, high: int | None = None) -> list[int]:
    size = reads.connection.execute("SELECT size FROM tree").fetchone()[0]
    steps = search(reads, wanted, size if high is None else high)
    return [seq for step in steps for seq in step.seqs]


def leaves(bench: Bench) -> list[JsonObject]:
    entries = [bench.ledger.entry(seq) for seq in range(bench.ledger.size)]
    return [entry.leaf for entry in entries if entry is not None]


def test_a_page_is_newest_first_with_the_shown_patient(story: Bench) -> None:
    size = story.ledger.size
    page = story.ledger.events(size - 5, size)
    assert [event.seq for event in page] == list(range(size - 1, size - 6, -1))
    for event in story.ledger.events(0, size):
        line = line_or_none(event)
        assert line is not None and line.seq == event.seq
        assert (event.label == "Synthetic, Ada") == (line.proposal is not None)
    assert story.ledger.events(3, 3) == []


def test_events_are_found_in_the_order_that_is_asked_for(story: Bench) -> None:
    assert [event.seq for event in story.ledger.events_at([9, 2, 30])] == [9, 2, 30]
    assert story.ledger.events_at([]) == []


def test_a_missing_event_keeps_its_place(copy: Copy) -> None:
    reads = StoreReads(copy())
    reads.connection.execute("PRAGMA foreign_keys = OFF")
    reads.connection.execute("DELETE FROM leaf WHERE seq = 7")
    page = reads.events(5, 10)
    assert [event.seq for event in page] == [9, 8, 7, 6, 5]
    assert [event.seq for event in page if event.leaf is None] == [7]
    assert reads.events_at([7])[0].leaf is None and reads.event_detail(7) is None
    assert line_or_none(page[2]) is None


def test_one_event_closely(story: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seq = next(
        one for one, leaf in enumerate(leaves(story)) if leaf["type"] == "proposal.submitted"
    )
    whole = story.ledger.event_detail(seq)
    assert whole is not None and whole.whole and whole.label == "Synthetic, Ada"
    assert whole.statement is not None and whole.statement.count(".") == 2
    monkeypatch.setattr(audit_reads, "SHOWN_BYTES", 20)
    cut = story.ledger.event_detail(seq)
    assert cut is not None and not cut.whole and len(cut.body or b"") == 20
    assert (cut.body_size, cut.statement) == (len(whole.body or b""), whole.statement)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", lambda leaf: True),
        ("type:decision", lambda leaf: leaf["type"].startswith("decision.")),
        ("type:write.receipt", lambda leaf: leaf["type"] == "write.receipt"),
        ("type:decisio", lambda leaf: False),
        ("by:gateway", lambda leaf: leaf["actor"]["id"] == "gateway"),
        ("ehr:sandbox", lambda leaf: leaf.get("ehr") == "sandbox"),
        ("since:2026-11-24", lambda leaf: leaf["at"] >= "2026-11-24"),
        ("until:2026-11-23", lambda leaf: leaf["at"] < "2026-11-24"),
        ("patient:ada", lambda leaf: "patient" in leaf),
        ("patient:ada patient:synth", lambda leaf: "patient" in leaf),
        ("patient:nobody", lambda leaf: False),
        ("reviewer:dr-lee", lambda leaf: leaf["actor"]["id"] == "dr-lee"),
        (
            "agent:scribe-1",
            lambda leaf: (
                "proposal" in leaf
                or (leaf.get("data") or {}).get("scope", {}).get("agent") == "scribe-1"
                or (leaf.get("data") or {}).get("agent") == "scribe-1"
            ),
        ),
        (
            "type:decision since:2026-11-23 by:dr-lee",
            lambda leaf: leaf["type"].startswith("decision") and leaf["actor"]["id"] == "dr-lee",
        ),
    ],
)
@pytest.mark.parametrize("step", [7, STEP])
def test_a_search_finds_what_a_look_at_every_leaf_finds(
    story: Bench,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    holds: Callable[[JsonObject], bool],
    step: int,
) -> None:
    monkeypatch.setattr(audit_reads, "STEP", step)
    monkeypatch.setattr(audit_reads, "TAGS", 3)
    wanted = [leaf["seq"].text for leaf in leaves(story) if holds(leaf)]
    assert [str(seq) for seq in found(story.ledger, parse_wanted(text))] == wanted[::-1]


@pytest.mark.parametrize("field", ["proposal", "operation", "freeze", "id"])
def test_ids_find_their_events(story: Bench, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    queries = {
        "proposal": "SELECT id FROM proposal ORDER BY seq",
        "operation": 'SELECT operation FROM "write"',
        "freeze": "SELECT id FROM freeze",
        "id": "SELECT id FROM decision",
    }
    id_ = story.connection.execute(queries[field]).fetchone()[0]
    wanted = [seq for seq, leaf in enumerate(leaves(story)) if f"'{id_}'" in str(leaf)]
    assert wanted
    for step in (3, STEP):
        monkeypatch.setattr(audit_reads, "STEP", step)
        assert found(story.ledger, Wanted((Term(field, id_),))) == wanted[::-1]


def test_a_search_ends_where_it_is_told(story: Bench) -> None:
    assert found(story.ledger, Wanted(), high=3) == [2, 1, 0]
    steps = list(search(story.ledger, Wanted(), 10, low=8))
    assert [step.seqs for step in steps] == [[9, 8], ()] and steps[-1].reached == 8


def test_one_step_looks_at_no_more_than_its_share(story: Bench) -> None:
    first = story.ledger.find_events(parse_wanted("type:nothing"), None, 0, story.ledger.size)
    assert first.reached == max(0, story.ledger.size - STEP)
    small = Wanted((Term("type", "nothing"),))
    assert story.ledger.find_events(small, None, 50, 60).reached == 50


@pytest.mark.parametrize("altered", [b"{", b"", b"\xff\xfe", b"[]", b'{"at":7}'])
def test_an_altered_leaf_stops_no_search(copy: Copy, altered: bytes) -> None:
    reads = StoreReads(copy())
    before = found(reads, parse_wanted("type:decision since:2026-11-01 agent:scribe-1"))
    victim = before[len(before) // 2]
    for seq in (victim, victim + 1):
        reads.connection.execute("UPDATE leaf SET leaf = ? WHERE seq = ?", (altered, seq))
    after = found(reads, parse_wanted("type:decision since:2026-11-01 agent:scribe-1"))
    assert after == [seq for seq in before if seq not in (victim, victim + 1)]
    assert line_or_none(reads.events(victim, victim + 1)[0]) is None


def test_since_halves_the_ledger_and_leaves_nothing_out(story: Bench) -> None:
    entries = leaves(story)
    for at in {leaf["at"] for leaf in entries} | {"2000", "3000"}:
        low = story.ledger.first_since(at)
        assert all(leaf["at"] < at for leaf in entries[:low])
    assert story.ledger.first_since("2000") == 0
    assert story.ledger.first_since("3000") == story.ledger.size


def test_no_read_goes_through_a_whole_table(story: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, object]] = []

    class Listening:
        def execute(self, query: str, given: object = ()) -> object:
            asked.append((query, given))
            return story.connection.execute(query, given)

    reads = StoreReads(Listening())
    reads.events(0, 5)
    reads.events_at([3])
    reads.event_detail(3)
    reads.has_freeze("x")
    reads.has_agent("x")
    reads.patient_tags("x", "")
    for field in ("proposal", "agent", "id"):
        reads.find_events(Wanted((Term(field, "x"),)), None, 3, 9)
    assert len(asked) >= 9
    for query, given in asked:
        plan = story.connection.execute(f"EXPLAIN QUERY PLAN {query}", given).fetchall()
        steps = [row[3] for row in plan if row[3].startswith("SCAN")]
        assert not [step for step in steps if " leaf" in step or " proposal" in step], (query, plan)


def test_the_shown_name_goes_with_the_body_and_the_tag_stays(copy: Copy) -> None:
    reads = StoreReads(copy())
    assert found(reads, parse_wanted("patient:ada"))
    reads.connection.execute("UPDATE proposal SET patient_label = NULL")
    assert found(reads, parse_wanted("patient:ada")) == []
    assert all(event.label is None for event in reads.events(0, 40))
