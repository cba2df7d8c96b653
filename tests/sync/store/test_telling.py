"""Whether there is such a write: the store's question answers as the rules over all rows do."""

from __future__ import annotations

import random
from typing import Any

from core.profile.observed import IN_A_ROW, says, tells
from core.records_profile import NOT_THERE, RECENT
from sync.store import traffic_reads
from sync.store.connection import connect, migrate
from sync.store.reads import StoreReads
from tests.sync.store.test_queue_reads import put, row

KINDS = (
    ("ecw", "Condition", "create"),
    ("ecw", "Patient", "update"),
    ("epic", "Patient", "create"),
)
WRITES = 3 * RECENT


def fill(reads: StoreReads, chance: random.Random) -> None:
    """Many answers in no order, of each kind and every end, some of them still to come."""
    answers = list(range(10_000, 10_000 + WRITES))
    chance.shuffle(answers)
    for number in range(WRITES):
        ehr, type_, op = chance.choice(KINDS)
        rung = chance.choice(["if-match", "if-none-match", "if-none-exist"])
        of = {"proposal": f"p{number}", "idx": 0, "operation": f"o{number}"}
        put(reads, row(number, chance) | of | {"ehr": ehr, "type": type_, "op": op, "rung": rung})
        answered = chance.random() < 0.9
        values: dict[str, Any] = {
            **of, "revision": 1, "attempt": 1, "intent_seq": number,
            "intent_at": "2026-11-24T08:00:00.000Z",
            "state": chance.choice(["refused"] * 6 + ["ambiguous", "persisted", "verified"]),
            "receipt_seq": answers[number] if answered else None,
            "receipt_at": "2026-11-24T08:00:01.000Z" if answered else None,
            "status": chance.choice([405, 405, 501, 422, 200, None]),
            "failure": chance.choice([None, "validation"]),
            "reconciled_class": "exact" if chance.random() < 0.03 else None,
        }  # fmt: skip
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        reads.connection.execute(
            f'INSERT INTO "write" ({names}) VALUES ({marks})',  # noqa: S608
            list(values.values()),
        )


def newest(reads: StoreReads, ehr: str, type_: str, op: str, since: int) -> list[Any]:
    """Return all the telling answers by the rules, of the newest answers of the ledger."""
    seqs = [seq for (seq,) in reads.connection.execute('SELECT receipt_seq FROM "write"') if seq]
    oldest = sorted(seqs)[-RECENT]
    found = reads.answers(ehr, WRITES, type_, op)
    return [one for one in found if one.seq > since and one.seq >= oldest and tells(one)]


def any_not_there(reads: StoreReads, since: int) -> bool:
    """Tell by the rows themselves whether an EHR said later that it has no such write."""
    answers = reads.connection.execute('SELECT receipt_seq, status FROM "write"').fetchall()
    return any(seq is not None and seq > since and code in NOT_THERE for seq, code in answers)


def test_no_answer_after_the_last_says_that_there_is_no_such_write() -> None:
    connection = connect(":memory:", None)
    migrate(connection)
    reads = StoreReads(connection)
    assert not reads.not_there(-1)
    fill(reads, random.Random(1))
    assert reads.not_there(-1) and not reads.not_there(10_000 + WRITES)
    connection.close()


def test_whether_there_was_one_is_asked_of_its_own_index() -> None:
    connection = connect(":memory:", None)
    migrate(connection)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {traffic_reads._NOT_THERE}", (-1,)).fetchall()
    assert [step[-1] for step in plan] == [
        "SEARCH write USING INDEX ix_write_not_there (receipt_seq>?)"
    ]
    connection.close()


def test_the_store_asks_exactly_what_the_rules_say() -> None:
    said = set()
    for seed in range(6):
        chance = random.Random(seed)
        connection = connect(":memory:", None)
        migrate(connection)
        reads = StoreReads(connection)
        fill(reads, chance)
        for kind in KINDS:
            for since in [-1, *(chance.randrange(10_000, 10_000 + WRITES) for _ in range(20))]:
                by_rule = newest(reads, *kind, since)
                assert list(reads.telling(*kind, since, IN_A_ROW)) == by_rule[:IN_A_ROW]
                assert len(reads.telling(*kind, since, WRITES)) == len(by_rule)
                assert reads.not_there(since) == any_not_there(reads, since)
                said.add(says(by_rule).says)
        connection.close()
    assert said == {"yes", "no", "unknown"}


def test_it_walks_the_index_and_stops_early() -> None:
    connection = connect(":memory:", None)
    migrate(connection)
    plan = connection.execute(
        f"EXPLAIN QUERY PLAN {traffic_reads._TELLING}", (-1, "ecw", "Patient", "update", 3)
    ).fetchall()
    words = " | ".join(str(step[-1]) for step in plan)
    assert "ix_write_receipt_seq" in words and "TEMP B-TREE" not in words
    connection.close()
