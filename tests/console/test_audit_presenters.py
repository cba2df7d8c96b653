"""What the audit says: rows, closer looks, verifications; whatever stands in the bytes."""

from __future__ import annotations

from datetime import UTC

import pytest

from console.audit_source import PAGE, Matches
from console.presenters import texts
from console.presenters.audit import (
    brief,
    change,
    detail_text,
    event_row,
    pretty,
    verified_text,
    verified_title,
    what,
    when,
    who,
)
from core.audit.events import StoredDetail, StoredEvent
from core.audit.statements import Checked
from core.audit.trail import Line
from core.audit.verify import Problem, Report, Verified
from core.canonical import Number, encode
from core.ledger import merkle

LEAF = {
    "v": Number("1"),
    "type": "decision.recorded",
    "at": "2026-11-23T09:00:00.000Z",
    "actor": {"kind": "reviewer", "id": "dr-lee"},
    "proposal": "0f3c2a1b-0000-4000-8000-000000000000",
    "index": Number("0"),
    "ehr": "north",
    "data": {"outcome": "approve", "reviewer": "dr-lee", "role": "nurse", "weight": Number("1.10")},
    "body": "00",
}


def line(type_: str = "change.due", actor: str = "gateway gateway", text: str = "x") -> Line:
    return Line(3, "2026-11-23T09:00:00.000Z", type_, actor, 1, text, "0f3c2a1b-0000")


def closely(body: bytes | None = None, size: int | None = None, **leaf: object) -> StoredDetail:
    data = encode({**LEAF, **leaf})
    full = len(body or b"") if size is None else size
    return StoredDetail(7, data, merkle.leaf_hash(data), body, full, None, "Synthetic, Ada")


def test_a_row() -> None:
    row = event_row(StoredEvent(7, encode(LEAF), "Synthetic, Ada"), UTC)
    assert row.key == 7 and not row.marks
    assert row.cells == {
        "seq": "7", "when": "11-23 09:00:00", "what": "approve by dr-lee as nurse",
        "who": "dr-lee", "change": "0f3c2a1b/0", "patient": "Synthetic, Ada", "ehr": "north",
    }  # fmt: skip
    erased = event_row(StoredEvent(7, encode(LEAF), None), UTC)
    assert erased.cells["patient"] == "(erased)"


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (None, "this event is missing"),
        (b"{", "this is no readable event"),
        (b"{}", "this is no readable event"),
        (encode({**LEAF, "type": Number("7")}), "this is no readable event"),
        (encode({**LEAF, "actor": "x"}), "this is no readable event"),
        (encode({**LEAF, "index": "x"}), "this is no readable event"),
    ],
)
def test_a_damaged_event_is_loud(leaf: bytes | None, words: str) -> None:
    row = event_row(StoredEvent(7, leaf), UTC)
    assert row.marks == {"*": "loud"} and row.cells == {"seq": "7", "what": words}


def test_details_of_another_shape_are_said_to_be_so() -> None:
    row = event_row(StoredEvent(7, encode({**LEAF, "data": {}})), UTC)
    assert row.cells["what"] == "its details are not as this release writes them"
    assert event_row(StoredEvent(7, encode({**LEAF, "at": "now"})), UTC).cells["when"] == "now"


@pytest.mark.parametrize(
    ("type_", "text", "full", "short"),
    [
        ("decision.recorded", "approve", "decision recorded: approve", "approve"),
        ("write.receipt", "answer 200", "write receipt: answer 200", "receipt: answer 200"),
        ("new.kind", "words", "new kind: words", "new kind: words"),
        ("new.kind", "", "new kind", "new.kind"),
    ],
)
def test_words(type_: str, text: str, full: str, short: str) -> None:
    assert (what(line(type_, text=text)), brief(line(type_, text=text))) == (full, short)


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        ("gateway gateway", "gateway"),
        ("submitter submitter", "submitter"),
        ("reviewer dr-lee", "dr-lee"),
        ("agent scribe-1", "agent scribe-1"),
        ("admin dr-lee", "admin dr-lee"),
    ],
)
def test_who(actor: str, words: str) -> None:
    assert who(line(actor=actor)) == words


def test_change_and_time() -> None:
    assert change(line()) == "0f3c2a1b/1"
    assert change(Line(3, "", "", "a b", None, "")) == ""
    assert change(Line(3, "", "", "a b", None, "", "0f3c2a1b-0000")) == "0f3c2a1b"
    assert when("", UTC) == ""


def test_a_closer_look() -> None:
    text = detail_text(closely(b'{"note":"words"}'), [], UTC).plain
    for words in ("event 7", "decision recorded: approve by dr-lee as nurse", "Synthetic, Ada",
                  "change 0", '"weight": 1.10', '"note": "words"', "of its bytes"):  # fmt: skip
        assert words in text, words


def test_bodies_that_are_erased_missing_cut_or_no_json() -> None:
    assert detail_text(closely(), [], UTC).plain.endswith("body\nerased")
    plain = {key: value for key, value in LEAF.items() if key != "body"}
    data = encode(plain)
    none = StoredDetail(7, data, merkle.leaf_hash(data), None, 0, None, None)
    assert detail_text(none, [], UTC).plain.endswith("this event has none")
    cut = detail_text(closely(b'{"note":"wo', 5_000), [], UTC).plain
    assert '{"note":"wo' in cut and "4,989 bytes more: countersign audit event 7" in cut
    assert "\\xff" not in detail_text(closely(b"\xff{"), [], UTC).plain


def test_a_hash_that_is_not_that_of_the_bytes_is_loud() -> None:
    whole = closely()
    wrong = StoredDetail(7, whole.leaf, b"\x00" * 32, None, 0, None, None)
    assert "IS NOT THAT OF ITS BYTES" in detail_text(wrong, [], UTC).plain
    unread = StoredDetail(7, b"{", b"\x00" * 32, None, 0, None, None)
    assert "this is no readable event" in detail_text(unread, [], UTC).plain


@pytest.mark.parametrize(
    ("checked", "words"),
    [
        (Checked("decision", "K", "dr-lee", None, False, ""), "valid, signed by dr-lee"),
        (Checked("decision", "K", "dr-lee", None, True, ""), "; this key was revoked since"),
        (Checked("decision", "K", "dr-lee", "no", False, ""), "NOT VALID: no; it names dr-lee"),
        (Checked("", "", None, "no", True, ""), "unknown statement: NOT VALID: no; it names a key"),
    ],
)
def test_signatures(checked: Checked, words: str) -> None:
    assert words in detail_text(closely(), [checked], UTC).plain


def test_foreign_text_is_inert_and_no_markup() -> None:
    text = detail_text(closely(b'{"a":"[@click=app.quit]x[/] \\u001b[2J\xe2\x80\xae"}'), [], UTC)
    assert "[@click=app.quit]x[/]" in text.plain
    assert "\x1b" not in text.plain and "\u202e" not in text.plain
    assert not [span for span in text.spans if "click" in str(span.style)]


def test_control_with_inert_off_escapes_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "inert", lambda text, newlines=False: text)
    with pytest.raises(AssertionError):
        test_foreign_text_is_inert_and_no_markup()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([], "[]"),
        (
            {"a": [Number("1.10"), None, True]},
            '{\n  "a": [\n    1.10,\n    null,\n    true\n  ]\n}',
        ),
        ("é\n", '"é\\n"'),
    ],
)
def test_pretty_keeps_number_texts(value: object, text: str) -> None:
    assert pretty(value) == text  # type: ignore[arg-type]


def test_verifications() -> None:
    whole = Verified(Report(12, 3, 4, matched=["the head file"]), 10, "compared")
    assert verified_title(whole) == "verified: 12 ok, 2 not anchored"
    text = verified_text(whole).plain
    for words in ("the ledger is whole", "12 events, 4 bodies, 3 checkpoints", "2 events not",
                  "matches the head file", "compared"):  # fmt: skip
        assert words in text
    bad = Verified(Report(12, problems=[Problem("x", n) for n in range(30)]), 0, "offline")
    assert verified_title(bad) == "NOT OK: 30 problems"
    text = verified_text(bad).plain
    assert "event 23: x" in text and "event 24: x" not in text and "and 6 more" in text


class _Reads:
    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def events_at(self, seqs: list[int]) -> list[StoredEvent]:
        self.asked.append(list(seqs))
        return [StoredEvent(seq, None) for seq in seqs]


def test_matches_grow_at_both_ends() -> None:
    reads = _Reads()
    found = Matches(reads, None)  # type: ignore[arg-type]
    assert len(found) == 0 and found.row(0) is None and found.place(4) is None
    found.add_older([90, 80])
    found.add_older([])
    found.add_older([70])
    assert [getattr(found.row(n), "key", None) for n in range(-1, 4)] == [None, 90, 80, 70, None]
    assert (found.place(80), found.place(75), found.place(10)) == (1, None, None)
    found.add_newer([100])
    assert getattr(found.row(0), "key", None) == 100 and found.place(70) == 3
    found.add_older(list(range(60, 60 - PAGE, -1)))
    assert getattr(found.row(PAGE), "key", None) == 60 - PAGE + 4
    assert all(len(asked) <= PAGE for asked in reads.asked)
    found.row(0)
    before = len(reads.asked)
    found.row(1)
    assert len(reads.asked) == before
    found.forget()
    found.row(1)
    assert len(reads.asked) == before + 1
