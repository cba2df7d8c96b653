"""Erasing a body at every point: the ledger holds, and what was shown is gone."""

# ruff: noqa: S608 (table names are constants of the schema)

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.audit.trail import trail
from core.errors import BadInput, Failed, NotFound
from core.ledger import projection
from core.ledger.event import Actor
from core.records import ChangeRow
from core.review.content import read_content
from core.view import view_proposal
from sync.store import rows
from sync.store.connection import Connection
from sync.store.erase import erase_body
from sync.store.ledger import StoreLedger
from sync.store.verify import rebuild, verify_store
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import approve, run, staged
from tests.scale import scaled
from tests.sync.store.story import VALUES

OFFICER = Actor("admin", "dr-lee")


def opened(connection: Connection, story: Bench) -> StoreLedger:
    return StoreLedger(connection, story.clock, story.ring.checkpoint_key)


def with_bodies(connection: Connection) -> list[int]:
    return [seq for (seq,) in connection.execute("SELECT seq FROM body ORDER BY seq")]


def live_equals_rebuilt(connection: Connection) -> None:
    report = verify_store(connection)
    assert report.ok, report.problems
    live = rows.dump(connection)
    rebuild(connection)
    assert rows.dump(connection) == live


def file_of(connection: Connection) -> bytes:
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    return b"".join(found.read_bytes() for found in path.parent.glob(f"{path.name}*"))


def test_every_single_erasure(story: Bench, copy: Callable[[], Connection]) -> None:
    seqs = with_bodies(story.connection)
    assert len(seqs) > 40
    for seq in seqs[:: scaled(16, 2, 1)]:
        connection = copy()
        query = "SELECT salt, body FROM body WHERE seq = ?"
        salt, body = connection.execute(query, (seq,)).fetchone()
        ledger = opened(connection, story)
        erased = erase_body(ledger, seq, OFFICER, "retention-over")
        assert erased.leaf["data"]["reason"] == "retention-over"
        assert with_bodies(connection) == [other for other in seqs if other != seq]
        raw = file_of(connection)
        assert salt not in raw
        alike = connection.execute("SELECT count(*) FROM body WHERE body = ?", (body,))
        assert alike.fetchone()[0] or body not in raw
        live_equals_rebuilt(connection)
        connection.close()


def test_control_without_overwriting_the_salt_stays_in_the_file(
    story: Bench, copy: Callable[[], Connection]
) -> None:
    connection = copy()
    connection.execute("PRAGMA secure_delete = OFF")
    seq = with_bodies(connection)[0]
    salt = connection.execute("SELECT salt FROM body WHERE seq = ?", (seq,)).fetchone()[0]
    erase_body(opened(connection, story), seq, OFFICER, "retention-over")
    assert salt in file_of(connection)


def test_erasing_one_after_the_other_leaves_no_word_of_the_chart(
    story: Bench, copy: Callable[[], Connection]
) -> None:
    connection = copy()
    ledger = opened(connection, story)
    kept = [tuple(row) for row in connection.execute("SELECT seq, leaf, hash FROM leaf")]
    assert all(word in live_text(connection) for word in VALUES)
    for place, seq in enumerate(with_bodies(connection)):
        erase_body(ledger, seq, OFFICER, "retention-over")
        assert place % scaled(20, 2, 1) or verify_store(connection).ok
    live_equals_rebuilt(connection)
    assert not [word for word in VALUES if word in live_text(connection)]
    assert not with_bodies(connection)
    for table in ("proposal", "change"):
        query = f'SELECT count(*) FROM "{table}" WHERE patient_label IS NOT NULL'
        assert connection.execute(query).fetchone()[0] == 0
    now = [tuple(row) for row in connection.execute("SELECT seq, leaf, hash FROM leaf")]
    assert now[: len(kept)] == kept


def live_text(connection: Connection) -> str:
    """Return all rows of the events, bodies and read tables but adopted documents, as text."""
    found = [repr(rows.dump(connection) | {"config": []})]
    query = "SELECT leaf FROM leaf WHERE leaf NOT LIKE '%config.adopted%'"
    found += [row[0].decode() for row in connection.execute(query)]
    found += [row[0].decode() for row in connection.execute("SELECT body FROM body")]
    return "\n".join(found)


async def test_erasing_between_all_steps_of_a_life(tmp_path: Path) -> None:
    """A body goes while its change is still on its way: state holds, and nothing is sent blind."""
    bench = Bench(tmp_path)
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    for seq in with_bodies(bench.connection):
        erase_body(bench.ledger, seq, OFFICER, "consent-withdrawn")
        live_equals_rebuilt(bench.connection)
    with pytest.raises(Failed, match="erased"):
        read_content(bench.ledger, _change(bench, id_))
    row = bench.ledger.proposal(id_)
    assert row is not None and row.patient is None and row.patient_label is None
    view = view_proposal(bench.ledger, row)
    assert view.changes[0].content is None and view.rationale is None


async def test_what_was_erased_before_sending_is_not_sent(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    erase_body(bench.ledger, _change(bench, id_).body_seq, OFFICER, "consent-withdrawn")
    await run(bench)
    assert not bench.ehr.sent
    assert _change(bench, id_).void == "content-erased"
    assert [item.kind for item in bench.ledger.exceptions(id_, 0)] == ["void"]


async def test_later_event_after_an_erasure_is_not_emptied(tmp_path: Path) -> None:
    """Erasing an old revision's body leaves what the newest one shows."""
    bench = Bench(tmp_path)
    id_ = await staged(bench, phone_change())
    first = _change(bench, id_).body_seq
    approve(bench, id_)
    bench.ehr.put({**bench.ehr.current("Patient/example"), "active": False})
    await run(bench)
    assert _change(bench, id_).body_seq > first
    erase_body(bench.ledger, first, OFFICER, "retention-over")
    assert _change(bench, id_).target == "Patient/example"
    live_equals_rebuilt(bench.connection)


def test_who_and_why_stand_in_the_trail(story: Bench, copy: Callable[[], Connection]) -> None:
    ledger = opened(copy(), story)
    found = ledger.connection.execute("SELECT id, body_seq FROM proposal").fetchone()
    erase_body(ledger, found[1], OFFICER, "retention-over")
    last = trail(ledger.trail(found[0]))[-1]
    assert (last.type, last.actor) == ("body.erased", "admin dr-lee")
    assert last.text == f"body of event {found[1]} erased: retention-over"


@pytest.mark.parametrize("code", ["", "because Ada Synthetic asked", "A", "x" * 65, "a\n", "-a"])
def test_reason_is_a_code(story: Bench, code: str) -> None:
    size = story.ledger.size
    with pytest.raises(BadInput):
        erase_body(story.ledger, with_bodies(story.connection)[0], OFFICER, code)
    assert story.ledger.size == size


def test_nothing_to_erase_is_refused_and_records_nothing(
    story: Bench, copy: Callable[[], Connection]
) -> None:
    ledger = opened(copy(), story)
    seq = with_bodies(ledger.connection)[0]
    erase_body(ledger, seq, OFFICER, "retention-over")
    size = ledger.size
    for missing in (seq, 0, size, -1):
        with pytest.raises(NotFound):
            erase_body(ledger, missing, OFFICER, "retention-over")
    assert ledger.size == size and verify_store(ledger.connection).ok


def test_deleting_a_body_without_saying_so_is_found(copy: Callable[[], Connection]) -> None:
    connection = copy()
    seq = with_bodies(connection)[3]
    connection.execute("DELETE FROM body WHERE seq = ?", (seq,))
    rebuild(connection)
    report = verify_store(connection)
    assert [(item.seq, "gone" in item.what) for item in report.problems] == [(seq, True)]


def test_putting_an_erased_body_back_is_found(story: Bench, copy: Callable[[], Connection]) -> None:
    connection = copy()
    seq = with_bodies(connection)[3]
    row = connection.execute("SELECT * FROM body WHERE seq = ?", (seq,)).fetchone()
    erase_body(opened(connection, story), seq, OFFICER, "retention-over")
    connection.execute("INSERT INTO body VALUES (?, ?, ?)", row)
    report = verify_store(connection)
    assert not report.ok and "is there again" in str(report.problems[0])


def test_an_erasure_is_all_or_nothing(
    story: Bench, copy: Callable[[], Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = copy()
    monkeypatch.delitem(projection._PROJECTORS, ("body.erased", 1))
    seqs = with_bodies(connection)
    with pytest.raises(projection.UnknownEvent):
        erase_body(opened(connection, story), seqs[0], OFFICER, "retention-over")
    assert with_bodies(connection) == seqs and verify_store(connection).ok


def test_control_without_the_projector_the_shown_columns_would_stay(
    story: Bench, copy: Callable[[], Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(projection._PROJECTORS, ("body.erased", 1), lambda _leaf, _body: [])
    with pytest.raises(AssertionError):
        test_every_single_erasure(story, copy)


def _change(bench: Bench, id_: str) -> ChangeRow:
    found = bench.ledger.change(id_, 0)
    assert found is not None
    return found
