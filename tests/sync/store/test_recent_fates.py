"""How labels fared in the newest writes of a type: counted as one by one, the newest 500 only."""

from __future__ import annotations

import json
import random
from collections import defaultdict

from core.records_learnt import Told
from sync.store.connection import connect, migrate
from sync.store.reads import StoreReads

LABELS = ("operation", "aiast", "tag")
Row = tuple[str, str, dict[str, str], int]


def one_by_one(rows: list[Row], ehr: str, type_: str) -> list[Told]:
    newest = sorted((row for row in rows if row[:2] == (ehr, type_)), key=lambda row: -row[3])
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for _, _, labels, seq in newest[:500]:
        for label, fate in labels.items():
            found[label, fate].append(seq)
    return [Told(ehr, type_, *key, len(seqs), max(seqs)) for key, seqs in sorted(found.items())]


def test_counted_together_is_counted_one_by_one() -> None:
    chance = random.Random(3)
    connection = connect(":memory:", None)
    migrate(connection)
    rows: list[Row] = []
    for seq in range(1600):
        fates = {
            label: "kept" if chance.random() < 0.9 else "dropped"
            for label in LABELS
            if chance.random() < 0.8
        }
        rows.append(
            (chance.choice(["a", "b"]), chance.choice(["Patient", "Condition"]), fates, seq)
        )
    rows += [("a", "Patient", {"aiast": "kept"}, 1600 + seq) for seq in range(300)]
    for ehr, type_, fates, seq in rows:
        connection.execute(
            "INSERT INTO learnt (operation, seq, at, ehr, type, labels, facts, unexpected)"
            " VALUES (?, ?, 't', ?, ?, ?, '[]', '[]')",
            (f"o{seq}", seq, ehr, type_, json.dumps(fates)),
        )
    reads = StoreReads(connection)
    for ehr, type_ in (("a", "Patient"), ("b", "Condition"), ("c", "Patient")):
        assert list(reads.recent_fates(ehr, type_)) == one_by_one(rows, ehr, type_)
    assert sum(row[:2] == ("a", "Patient") for row in rows) > 500, "older ones are left out"
    connection.close()
