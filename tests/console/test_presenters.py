"""What the presenters say, without a screen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from textual.content import Content

from console.presenters.change import change_parts, leaves
from console.presenters.evidence import evidence_blocks
from console.presenters.judgement import agent_text
from console.presenters.patient import Identity, alarms, banner
from console.presenters.texts import foreign, lines, many
from console.worklist import KeyRows, Worklist
from core.canonical import exact
from core.grounding import ground
from core.view import view_proposal
from tests.builders import NOTE, exact_object, phone_change, problem_change
from tests.console.desk import Desk

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def evidence_text(items: list[Any], index: int) -> Content:
    return lines([block for _, block in evidence_blocks(items, index)])


@pytest.mark.parametrize(
    ("born", "said"),
    [
        ("1970-01-01", "born 1970-01-01 (56 y)"),
        ("1970-11-24", "born 1970-11-24 (55 y)"),
        ("2026-11-20", "born 2026-11-20 (3 d)"),
        ("2026-02-20", "born 2026-02-20 (9 mo)"),
        ("1970", "born 1970 (about 56 y)"),
        ("1970-05", "born 1970-05 (about 56 y)"),
        ("1970-02-31", "born 1970-02-31 "),
        ("2030-01-01", "born 2030-01-01 "),
        (None, "born unknown"),
    ],
)
def test_age_is_reckoned_or_left_out(born: str | None, said: str) -> None:
    patient: dict[str, Any] = {"birthDate": born} if born else {}
    assert said in banner(patient, None, NOW).plain + " "


def test_banner_prefers_the_record_number() -> None:
    patient = {
        "identifier": [
            {"system": "urn:a", "value": "111"},
            {"type": {"coding": [{"code": "MR"}]}, "value": "222"},
        ]
    }
    assert "MRN 222" in banner(patient, None, NOW).plain
    assert "id 111" in banner({"identifier": patient["identifier"][:1]}, None, NOW).plain
    assert "no record number" in banner({}, None, NOW).plain
    assert "erased" in banner(None, None, NOW).plain


@pytest.mark.parametrize(
    ("patient", "word"),
    [
        ({"deceasedBoolean": True}, "DECEASED"),
        ({"deceasedDateTime": "2026-11-01T00:00:00Z"}, "DECEASED 2026-11-01"),
        ({"active": False}, "INACTIVE"),
        ({"link": [{"type": "replaced-by"}]}, "MERGED into another record"),
        ({"link": [{"type": "seealso"}]}, "LINKED"),
    ],
)
def test_what_makes_a_chart_unusual_is_loud(patient: dict[str, Any], word: str) -> None:
    here = Identity("t", "sandbox", "A")
    assert word in alarms(patient, here, None).plain
    assert alarms({"active": True, "deceasedBoolean": False}, here, here).plain == ""


def test_same_tag_on_another_ehr_is_another_patient() -> None:
    assert "ANOTHER PATIENT" in alarms({}, Identity("t", "b", "B"), Identity("t", "a", "A")).plain


def test_quote_stands_highlighted_in_its_context() -> None:
    text = evidence_text([_evidence("essential hypertension")], 0)
    marked = [span for span in text.spans if "reverse" in str(span.style)]
    assert text.plain[marked[0].start : marked[0].end] == "essential hypertension"
    assert "Father had diabetes" in text.plain


def test_foreign_escapes_do_not_move_the_highlight() -> None:
    item = _evidence("essential hypertension")
    item["hits"][0]["before"] = "\x1b[2J\u202e " + item["hits"][0]["before"]
    text = evidence_text([item], 0)
    marked = [span for span in text.spans if "reverse" in str(span.style)]
    assert text.plain[marked[0].start : marked[0].end] == "essential hypertension"
    assert "\x1b" not in text.plain


@pytest.mark.parametrize(
    ("badge", "words"),
    [
        ("verified", "QUOTE VERIFIED"),
        ("weak", "QUOTE FOUND, BUT SHORT"),
        ("not-found", "QUOTE NOT FOUND IN THE SOURCE"),
        ("unavailable", "SOURCE NOT AVAILABLE"),
        ("something-new", "QUOTE NOT CHECKED"),
    ],
)
def test_every_badge_has_words(badge: str, words: str) -> None:
    item = {**_evidence("essential hypertension"), "grounding": badge}
    assert words in evidence_text([item], 0).plain


def test_quotes_of_other_changes_are_counted_and_no_evidence_is_said() -> None:
    text = evidence_text([_evidence("essential hypertension")], 1).plain
    assert "No evidence was given for this change." in text
    assert "1 quote for other changes" in text


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"ai_label": True, "agent_written": True}, " AI-LABELLED "),
        ({"agent_written": True}, " WRITTEN BY A DEVICE OR AGENT "),
        ({"patient_written": True}, " WRITTEN BY THE PATIENT "),
    ],
)
def test_who_wrote_a_source_is_marked(facts: dict[str, bool], words: str) -> None:
    item = {**_evidence("essential hypertension"), "facts": facts}
    assert words in evidence_text([item], 0).plain
    assert words not in evidence_text([_evidence("essential hypertension")], 0).plain


def test_leaves_keep_every_value_and_its_path() -> None:
    value = exact_object({"a": [{"b": 1}, {"c": []}], "d": None})
    assert [path for path, _ in leaves("X", value)] == ["X.a[0].b", "X.a[1].c", "X.d"]


async def test_what_a_create_is_about_comes_first(desk: Desk) -> None:
    id_ = await desk.propose(problem_change(), evidence=[])
    row = desk.ledger.proposal(id_)
    assert row is not None
    text = [line.plain for line in change_parts(view_proposal(desk.ledger, row).changes[0])]
    assert text[0].startswith("+ added   Condition.code.coding[0].system: ")
    assert len(text) == 7


async def test_the_agent_speaks_only_in_its_frame(desk: Desk) -> None:
    desk.second_patient()
    id_ = await desk.propose(rationale="UNIQUE-RATIONALE")
    row = desk.ledger.proposal(id_)
    assert row is not None
    assert "UNIQUE-RATIONALE" in agent_text(view_proposal(desk.ledger, row)).plain


async def test_the_worklist_wraps_and_skips_what_was_seen(desk: Desk) -> None:
    keys = [(await desk.propose(phone_change()), 0) for _ in range(3)]
    a, b, c = keys
    work = Worklist(desk.ledger, KeyRows(desk.ledger, [a, b]))
    assert work.position(b) == "2/2" and work.position(c) == "-/2" and len(work) == 2
    assert work.step(b, 1) == a and work.step(a, -1) == b and work.step(c, 1) == a
    now = desk.clock.now()
    seen = {(*a, desk.change(a[0]).change_digest), (*b, desk.change(b[0]).change_digest)}
    assert work.next_unseen(a, seen, now) == c, "what came since is taken up at the end"
    assert work.next_unseen(a, {(*b, "another hash")}, now) == b
    seen.add((*c, desk.change(c[0]).change_digest))
    assert work.next_unseen(a, seen, now) is None
    assert work.next_unseen(("gone", 0), set(), now) == a


def test_foreign_text_is_inert_and_counted_words_agree() -> None:
    assert foreign("[b]x[/b]\x1b").plain == "[b]x[/b]\\u{1b}"
    assert (many(1, "freeze"), many(2, "freeze"), many(0, "row")) == (
        "1 freeze",
        "2 freezes",
        "0 rows",
    )


def _evidence(quote: str) -> dict[str, Any]:
    from dataclasses import asdict

    found = ground(quote, exact_object(NOTE))
    assert found.hits
    return {
        "source": "DocumentReference/n1",
        "version": "1",
        "quote": quote,
        "supports": [exact(0)],
        "grounding": found.badge,
        "hits": [exact(asdict(hit)) for hit in found.hits],
        "facts": None,
    }
