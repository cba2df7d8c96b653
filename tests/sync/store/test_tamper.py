"""A changed, cut or rolled-back store is found, and it is said where."""

# ruff: noqa: S608 (table names are constants of the schema)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.audit import verify as audit
from core.audit.verify import Report
from core.ledger import checkpoint, merkle
from core.ledger.event import Actor, Event, read_leaf
from core.statement import unb64url
from sync.keys.ring import generate
from sync.store.connection import Connection, connect, migrate
from sync.store.ledger import StoreLedger
from sync.store.rows import TABLES
from sync.store.verify import rebuild, verify_store
from tests.builders import Bench
from tests.scale import sampled, scaled

READ_TABLES = sorted(TABLES.values())
LEDGER_TABLES = ["body", "checkpoint", "leaf", "tree"]
NOT_STATE = {("tree", "id")}
"""A constant that nothing reads."""

Copy = Callable[[], Connection]


def columns(connection: Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]


def altered(value: Any) -> Any:
    if value is None:
        return "x"
    if isinstance(value, int):
        return value + 1_000_000
    if isinstance(value, bytes):
        middle = len(value) // 2
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    middle = len(value) // 2
    return (
        value[:middle] + ("a" if value[middle : middle + 1] != "a" else "b") + value[middle + 1 :]
    )


def harm(connection: Connection, table: str, column: str, place: str) -> bool:
    """Alter one value of the first or last row that has one; False when no row has any."""
    order = "ASC" if place == "first" else "DESC"
    found = connection.execute(
        f'SELECT rowid, "{column}" FROM "{table}" ORDER BY "{column}" IS NULL, rowid {order}'
    ).fetchone()
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(
        f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (altered(found[1]), found[0])
    )
    return found[1] is not None


def named(report: Report, table: str) -> bool:
    """Tell whether the problems say where: an event, a checkpoint, the tree or the read table."""
    place = {"leaf": "event", "body": "event", "checkpoint": "checkpoint"}.get(table, table)
    words = (place, "event", "high-water mark") if table == "tree" else (place,)
    return any(word in str(problem) for problem in report.problems for word in words)


def test_the_untouched_store_verifies(story: Bench, copy: Copy) -> None:
    report = verify_store(copy())
    assert report.ok and report.events == story.ledger.size > 90
    assert report.bodies > 40 and report.checkpoints > 40


@pytest.mark.parametrize("place", scaled(["either"], ["first", "last"]))
@pytest.mark.parametrize("table", [*LEDGER_TABLES, *READ_TABLES])
def test_one_altered_value_in_any_column_is_found(copy: Copy, table: str, place: str) -> None:
    """In `make test` every ninth column of each table, else every one."""
    for number, column in enumerate(columns(copy(), table)[:: scaled(9, 1)]):
        if (table, column) in NOT_STATE:
            continue
        connection = copy()
        harm(
            connection, table, column, ("first", "last")[number % 2] if place == "either" else place
        )
        report = verify_store(connection)
        assert not report.ok, f"{table}.{column}"
        assert named(report, table), (column, report.problems)
        connection.close()


@pytest.mark.parametrize("table", [*LEDGER_TABLES, *sampled(READ_TABLES, 9)])
def test_one_deleted_row_in_any_table_is_found(copy: Copy, table: str) -> None:
    connection = copy()
    connection.execute("PRAGMA foreign_keys = OFF")
    order = "size" if table == "checkpoint" else "rowid"
    connection.execute(
        f'DELETE FROM "{table}" WHERE rowid = '
        f'(SELECT rowid FROM "{table}" ORDER BY {order} DESC LIMIT 1)'
    )
    assert not verify_store(connection).ok


@pytest.mark.parametrize("table", sampled(READ_TABLES, 9))
def test_one_added_row_is_found(copy: Copy, table: str) -> None:
    connection = copy()
    names = columns(connection, table)
    listed = ", ".join(f'"{name}"' for name in names)
    row = connection.execute(f'SELECT {listed} FROM "{table}" LIMIT 1').fetchone()
    forged = [f"{value}-forged" if isinstance(value, str) else value for value in row]
    if table in ("exception", "finding", "act", "correction"):
        forged[0] += 1_000_000
    marks = ", ".join("?" * len(names))
    connection.execute(f'INSERT INTO "{table}" ({listed}) VALUES ({marks})', forged)
    report = verify_store(connection)
    assert not report.ok and named(report, table)


def test_every_altered_byte_of_a_leaf_is_found(copy: Copy) -> None:
    connection = copy()
    seq, leaf = connection.execute(
        "SELECT seq, leaf FROM leaf ORDER BY length(leaf) LIMIT 1"
    ).fetchone()
    for place in range(0, len(leaf), scaled(23, 7)):
        changed = leaf[:place] + bytes([leaf[place] ^ 1]) + leaf[place + 1 :]
        connection.execute("UPDATE leaf SET leaf = ? WHERE seq = ?", (changed, seq))
        report = verify_store(connection)
        assert any(problem.seq == seq for problem in report.problems), place
    connection.execute("UPDATE leaf SET leaf = ? WHERE seq = ?", (leaf, seq))
    assert verify_store(connection).ok


def test_two_events_that_trade_places_are_found(copy: Copy) -> None:
    connection = copy()
    one, other = connection.execute("SELECT leaf, hash FROM leaf WHERE seq IN (5, 6)").fetchall()
    for seq, row in ((5, other), (6, one)):
        connection.execute("UPDATE leaf SET leaf = ?, hash = ? WHERE seq = ?", (*row, seq))
    assert {problem.seq for problem in verify_store(connection).problems} >= {5, 6}


def test_an_event_taken_out_of_the_middle_is_found(copy: Copy) -> None:
    connection = copy()
    connection.execute("DELETE FROM body WHERE seq = 40")
    connection.execute("DELETE FROM leaf WHERE seq = 40")
    assert any("event 40 is missing" in str(item) for item in verify_store(connection).problems)


def test_a_rewritten_event_with_all_hashes_made_anew_breaks_the_signatures(copy: Copy) -> None:
    """Whoever lacks the checkpoint key can make everything add up but the signed heads."""
    connection = copy()
    (leaf,) = connection.execute("SELECT leaf FROM leaf WHERE seq = 30").fetchone()
    changed = leaf.replace(b'"seq":30', b'"seq":30,"x":1')
    connection.execute(
        "UPDATE leaf SET leaf = ?, hash = ? WHERE seq = 30", (changed, merkle.leaf_hash(changed))
    )
    _recompute(connection)
    rebuild(connection)
    report = verify_store(connection)
    assert not report.ok
    assert all("was signed over other events" in str(item) for item in report.problems)


def test_control_without_the_checkpoints_a_rewritten_ledger_passes(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_check_head", lambda *_: None)
    with pytest.raises(AssertionError):
        test_a_rewritten_event_with_all_hashes_made_anew_breaks_the_signatures(copy)


def test_a_transaction_without_its_checkpoint_is_found(story: Bench, copy: Copy) -> None:
    connection = copy()
    ledger = StoreLedger(connection, story.clock, story.ring.checkpoint_key)
    other = generate()
    forger = StoreLedger(connection, story.clock, other.checkpoint_key)
    with forger.transaction() as transaction:
        transaction.append(_thing())
    report = verify_store(connection)
    assert not report.ok and "no signature of this ledger's key" in str(report.problems[0])
    connection.execute("DELETE FROM checkpoint WHERE size = ?", (ledger.size,))
    report = verify_store(connection)
    assert [f"newest checkpoint covers {ledger.size - 1} of" in str(item) for item in
            report.problems] == [True]  # fmt: skip


@pytest.mark.parametrize("cut", [1, 2, 5, 20, 40])
def test_a_cut_tail_is_found_by_a_head_kept_elsewhere(story: Bench, copy: Copy, cut: int) -> None:
    """The cut is perfect: leaves, bodies, checkpoints, tree row and read tables all agree."""
    connection, head = copy(), story.ledger.head()
    assert head is not None
    sizes = [row[0] for row in connection.execute("SELECT size FROM checkpoint ORDER BY size")]
    size = sizes[-1 - cut]
    _cut(connection, size)
    assert verify_store(connection).ok, "control: from inside alone the cut does not show"
    report = verify_store(connection, [("the head file", head)])
    assert not report.ok and [problem.seq for problem in report.problems] == [size]
    assert f"the head file was signed over {sizes[-1]} events; the store has {size}" in str(
        report.problems[0]
    )


def test_a_cut_between_two_checkpoints_shows_from_inside(story: Bench, copy: Copy) -> None:
    connection = copy()
    sizes = {row[0] for row in connection.execute("SELECT size FROM checkpoint")}
    size = max(set(range(story.ledger.size)) - sizes)
    _cut(connection, size)
    report = verify_store(connection)
    assert not report.ok and "newest checkpoint" in str(report.problems[-1])


def test_a_tail_cut_and_grown_again_is_found(story: Bench, copy: Copy) -> None:
    """A restored store that went on has other events under the head that was kept."""
    connection, head = copy(), story.ledger.head()
    assert head is not None
    sizes = [row[0] for row in connection.execute("SELECT size FROM checkpoint ORDER BY size")]
    _cut(connection, sizes[-6])
    ledger = StoreLedger(connection, story.clock, story.ring.checkpoint_key)
    with ledger.transaction() as transaction:
        for number in range(30):
            transaction.append(_thing(str(number)))
    assert verify_store(connection).ok and ledger.size > sizes[-1]
    report = verify_store(connection, [("the head file", head)])
    assert not report.ok and "other events than the first" in str(report.problems[0])


def test_an_old_backup_is_found_by_a_head_kept_elsewhere(tmp_path: Path, story: Bench) -> None:
    bench = Bench(tmp_path, foreign=True)
    _append(bench.ledger, "before the backup")
    bench.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    backup = bench.path.read_bytes()
    _append(bench.ledger, "after the backup")
    head = bench.ledger.head()
    assert head is not None
    bench.connection.close()
    for side in ("-wal", "-shm"):
        Path(f"{bench.path}{side}").unlink(missing_ok=True)
    bench.path.write_bytes(backup)
    restored = connect(bench.path, None)
    assert verify_store(restored).ok
    report = verify_store(restored, [("the EHR's register", head)])
    assert not report.ok and "old backup restored" in str(report.problems[0])
    restored.close()


def test_every_older_head_of_the_same_ledger_still_holds(story: Bench, copy: Copy) -> None:
    connection = copy()
    notes = [row[0] for row in connection.execute("SELECT note FROM checkpoint")]
    assert verify_store(connection, [("kept", note) for note in notes]).ok


def test_heads_of_another_ledger_or_key_are_refused(
    story: Bench, copy: Copy, tmp_path: Path
) -> None:
    foreign = Bench(tmp_path, foreign=True).ledger.head()
    own = story.ledger.head()
    assert foreign is not None and own is not None
    intruder = generate()
    size = story.ledger.size
    head = checkpoint.Checkpoint(story.ledger.id, size, b"r" * 32)
    forged = checkpoint.sign(
        head, intruder.signer("checkpoint"), unb64url(intruder.public("checkpoint"))
    )
    connection = copy()
    for note in (foreign, forged, "", own[:-2], own.replace(str(size), str(size + 1), 1)):
        report = verify_store(connection, [("good", own), ("kept", note)])
        assert not report.ok and len(report.problems) == 1
        assert str(report.problems[0]).startswith("kept: ")


def test_another_ledger_under_this_one_s_head_is_found(story: Bench, tmp_path: Path) -> None:
    head = story.ledger.head()
    assert head is not None
    assert not verify_store(Bench(tmp_path, foreign=True).connection, [("the head file", head)]).ok


def test_a_whole_ledger_signed_anew_by_another_key_has_another_id(
    story: Bench, tmp_path: Path
) -> None:
    """Without the key, even rewriting everything cannot keep the ledger's name."""
    bench = Bench(tmp_path, foreign=True)
    assert bench.ledger.id != story.ledger.id
    bench.connection.execute("UPDATE tree SET ledger = ?", (story.ledger.id,))
    report = verify_store(bench.connection)
    assert any("another key than the ledger's id" in str(item) for item in report.problems)


def test_a_store_with_nothing_to_examine_fails(tmp_path: Path) -> None:
    empty = connect(tmp_path / "empty.db", None)
    migrate(empty)
    report = verify_store(empty)
    assert not report.ok and "no ledger" in str(report.problems[0])
    ring = generate()
    empty.execute("INSERT INTO tree VALUES (1, ?, 0, x'', '')", (ring.signer("checkpoint").kid,))
    report = verify_store(empty)
    assert not report.ok and report.events == 0
    empty.close()


def test_verifying_writes_nothing_and_ends_its_transaction(copy: Copy) -> None:
    connection = copy()
    before = connection.total_changes
    verify_store(connection)
    assert connection.total_changes == before and not connection.in_transaction


def test_a_moved_high_water_mark_would_revive_what_expired(story: Bench, copy: Copy) -> None:
    """Setting the mark back with the clock is how an expired approval would come to life again."""
    connection = copy()
    connection.execute("UPDATE tree SET hi = '2026-11-23T09:00:00.000Z'")
    report = verify_store(connection)
    assert [str(item) for item in report.problems] == [
        "the clock's high-water mark is not that of the events"
    ]


def _thing(name: str = "x") -> Event:
    data = {"id": name, "scope": {}}
    return Event("freeze.set", Actor("reviewer", "dr-lee"), data=data)


def _append(ledger: StoreLedger, name: str) -> None:
    with ledger.transaction() as transaction:
        transaction.append(_thing(name))


def _recompute(connection: Connection) -> None:
    found = connection.execute("SELECT hash FROM leaf ORDER BY seq").fetchall()
    frontier: merkle.Frontier = ()
    for size, (hashed,) in enumerate(found):
        frontier = merkle.append(frontier, size, hashed)
    connection.execute("UPDATE tree SET size = ?, frontier = ?", (len(found), b"".join(frontier)))


def _cut(connection: Connection, size: int) -> None:
    """Cut the store to its first `size` events so that it all adds up."""
    connection.execute("DELETE FROM body WHERE seq >= ?", (size,))
    connection.execute("DELETE FROM leaf WHERE seq >= ?", (size,))
    connection.execute("DELETE FROM checkpoint WHERE size > ?", (size,))
    leaves = connection.execute("SELECT leaf FROM leaf").fetchall()
    marks = [read_leaf(leaf)["clock"]["hi"] for (leaf,) in leaves]
    connection.execute("UPDATE tree SET hi = ?", (max(marks),))
    _recompute(connection)
    rebuild(connection)
