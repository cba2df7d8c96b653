"""A quote is grounded only where it stands whole (hub-protocol §8; design §5)."""

import base64

import pytest

import core.grounding.match
from core.canonical import JsonObject, parse_object
from core.grounding import ground


def note(text: str) -> JsonObject:
    data = base64.b64encode(text.encode()).decode()
    attachment = {"contentType": "text/plain", "data": data}
    return {"resourceType": "DocumentReference", "content": [{"attachment": attachment}]}


@pytest.mark.parametrize(
    ("quote", "text", "badge"),
    [
        ("penicillin allergy", "Has penicillin allergy.", "verified"),
        ("penicillin  allergy", "Has penicillin\n   allergy.", "verified"),
        ("it's 5-10 mg daily", "it\u2019s 5\u201310 mg daily", "verified"),
        ("  on aspirin now ", "is on aspirin now.", "verified"),
        ("on x now", "is on x now", "verified"),
        ("hypertension", "Has hypertension.", "verified"),
        ("asthma", "Has asthma.", "weak"),
        ("two words", "two words", "weak"),
        ("a - - -", "a - - -", "weak"),
        ("Penicillin allergy", "Has penicillin allergy.", "not-found"),
        ("10^9 per litre", "10\u2079 per litre", "not-found"),
        ("", "anything", "not-found"),
        ("  \n", "any thing", "not-found"),
        ("missing words here", "nothing of the kind", "not-found"),
    ],
)
def test_the_badge(quote: str, text: str, badge: str) -> None:
    assert ground(quote, note(text)).badge == badge


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("5 mg", "25 mg"),
        ("5 mg", "2.5 mg"),
        ("5 mg", "take .5 mg"),
        ("5 mg", "take 2-5 mg"),
        ("2 tablets", "1/2 tablets"),
        ("000 units", "5,000 units"),
        ("5 mmol/L", "base excess -5 mmol/L"),
        ("5 mmol/L", "base excess \u22125 mmol/L"),
        ("5 mmol/L", "-5 mmol/L"),
        ("dose 2", "dose 25"),
        ("dose 2", "dose 2.5"),
        ("dose 2", "dose 2,000"),
        ("BP 120", "BP 120/80"),
        ("at 10", "at 10:30"),
        ("count 10", "count 10\u2079"),
        ("count 10", "count 10^9"),
        ("5 m", "5 mg"),
        ("tension", "hypertension"),
        ("He can", "He can't walk"),
        ("He can", "He can\u2019t walk"),
        ("t walk", "He can't walk"),
        ("cafe", "cafe\u0301"),
        ("\u0301 bar", "cafe\u0301 bar"),
        ("e_1", "code_1"),
    ],
)
def test_a_quote_may_not_cut_a_word_or_a_number(quote: str, text: str) -> None:
    assert ground(quote, note(text)).badge == "not-found"


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("5 mg", "take 5 mg."),
        ("5 mg", "(5 mg)"),
        ("5 mg", "dose: 5 mg, daily"),
        ("5 mg", "IV-5 mg"),
        ("dose 2", "dose 2."),
        ("dose 2", "dose 2, then none"),
        ("-5 mmol/L", "base excess -5 mmol/L"),
        ("120/80", "BP 120/80."),
        ("the patient", "the patient's mother"),
        ("\u9ad8\u8840\u5727", "\u65e2\u5f80\u306b\u9ad8\u8840\u5727\u3042\u308a"),
    ],
)
def test_whole_words_and_numbers_are_found(quote: str, text: str) -> None:
    assert ground(quote, note(text)).badge == "weak"


def test_control_without_the_boundary_guard_a_cut_number_would_ground(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(core.grounding.match, "_cuts_start", lambda *_: False)
    assert ground("5 mg", note("25 mg")).badge == "weak"


def test_every_hit_is_listed_with_its_own_words_and_place() -> None:
    text = "No chest  pain today. Yesterday chest pain. Backchest pains."
    result = ground("chest pain", note(text))
    assert [hit.text for hit in result.hits] == ["chest  pain", "chest pain"]
    first, second = result.hits
    assert (first.before, first.start, first.end) == ("No ", 3, 14)
    assert second.after == ". Backchest pains."
    assert {hit.path for hit in result.hits} == {"DocumentReference.content[0].attachment"}


def test_hits_come_from_every_segment() -> None:
    resource = note("penicillin allergy noted") | {"description": "penicillin allergy letter"}
    paths = [hit.path for hit in ground("penicillin allergy", resource).hits]
    assert paths == [
        "DocumentReference.content[0].attachment",
        "DocumentReference.description",
    ]


def test_context_is_bounded_and_cut_between_words() -> None:
    text = "alpha " * 100 + "the quoted words here" + " omega" * 100
    (hit,) = ground("the quoted words here", note(text)).hits
    assert 150 < len(hit.before) <= 160
    assert 150 < len(hit.after) <= 160
    assert hit.before.startswith("alpha ")
    assert hit.after.endswith(" omega")
    assert text[hit.start - len(hit.before) : hit.end + len(hit.after)] == (
        hit.before + hit.text + hit.after
    )


def test_context_of_an_unbroken_run_is_still_bounded() -> None:
    (hit,) = ground("three whole words", note("x" * 500 + ".three whole words." + "y" * 500)).hits
    assert len(hit.before) == 160
    assert len(hit.after) == 160


def test_a_value_and_its_unit_ground_together() -> None:
    resource = parse_object(
        b'{"resourceType": "Observation", "valueQuantity": {"value": 7.20, "unit": "mmol/L"}}'
    )
    assert [hit.path for hit in ground("7.20 mmol/L", resource).hits] == [
        "Observation.valueQuantity"
    ]
    assert ground("7.2 mmol/L", resource).badge == "not-found"


def test_an_attachment_that_could_not_be_searched_is_named() -> None:
    resource: JsonObject = {
        "resourceType": "DocumentReference",
        "content": [{"attachment": {"contentType": "application/pdf", "data": "AAAA"}}],
    }
    result = ground("anything at all", resource)
    assert (result.badge, [item.reason for item in result.unreadable]) == (
        "not-found",
        ["not-text"],
    )
