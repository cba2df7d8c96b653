"""Cues around a quote make a reader look twice (design §8)."""

import pytest

from core.canonical import JsonObject
from core.grounding import cues, ground


def found(text: str, quote: str) -> list[tuple[str, str]]:
    resource: JsonObject = {"resourceType": "Observation", "note": [{"text": text}]}
    (hit,) = ground(quote, resource).hits
    result = cues(hit)
    for cue in result:
        assert text[cue.start : cue.end] == cue.text
    return [(cue.kind, cue.text) for cue in result]


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        ("Patient denies chest pain.", "chest pain", [("negation", "denies")]),
        ("No evidence of pneumonia.", "pneumonia", [("negation", "No evidence of")]),
        ("NO\n evidence of pneumonia.", "pneumonia", [("negation", "NO\n evidence of")]),
        ("Pneumonia was ruled out.", "Pneumonia", [("negation", "was ruled out")]),
        ("Patient is a non-smoker.", "smoker", [("negation", "non-")]),
        ("She doesn\u2019t smoke.", "smoke", [("negation", "doesn\u2019t")]),
        ("Patient denies chest pain.", "denies chest pain", [("negation", "denies")]),
        ("History of asthma.", "asthma", [("history", "History of")]),
        ("h/o asthma", "asthma", [("history", "h/o")]),
        ("No history of asthma.", "asthma", [("negation", "No history of")]),
        ("Asthma as a child.", "Asthma", [("history", "as a child")]),
        ("Her mother had breast cancer.", "breast cancer", [("family", "mother")]),
        ("Family history of breast cancer.", "breast cancer", [("family", "Family history of")]),
        ("Breast cancer in a sister.", "Breast cancer", [("family", "sister")]),
        ("Call if fever returns.", "fever", [("hypothetical", "if")]),
        ("CT to rule out stroke.", "stroke", [("hypothetical", "to rule out")]),
        ("r/o stroke", "stroke", [("hypothetical", "r/o")]),
        ("Stroke?", "Stroke", [("hypothetical", "?")]),
        ("No longer takes warfarin.", "warfarin", [("superseded", "No longer")]),
        ("Warfarin was discontinued in May.", "Warfarin", [("superseded", "was discontinued")]),
        ("Denies cough. Has fever.", "fever", []),
        ("Denies cough but has fever.", "fever", []),
        ("Denies cough; reports fever.", "fever", []),
        ("Fever. Denies cough.", "Fever", []),
        ("Fever, however cough was ruled out.", "Fever", []),
        ("- denies cough\n- fever", "fever", []),
        ("Denies cough,\nfever and chills", "fever", [("negation", "Denies")]),
        ("Seen by Dr. Lee, denies fever.", "fever", [("negation", "denies")]),
        ("Denies 2.5 kg loss and fever.", "fever", [("negation", "Denies")]),
        ("No change in fever.", "fever", []),
        ("Family physician noted fever.", "fever", []),
        ("Notable fever, known asthma.", "fever", []),
        ("Fever present.", "Fever", []),
    ],
)
def test_cues_are_found_in_the_sentence_and_only_there(
    text: str, quote: str, expected: list[tuple[str, str]]
) -> None:
    assert found(text, quote) == expected


def test_a_family_heading_speaks_for_the_lines_below_it() -> None:
    text = "Family History:\nHeart disease\nBreast cancer"
    assert found(text, "Breast cancer") == [("family", "Family History")]


def test_a_later_heading_ends_an_earlier_one() -> None:
    text = "Family History: none known\nAssessment:\nBreast cancer"
    assert found(text, "Breast cancer") == []


def test_several_cues_come_in_text_order() -> None:
    text = "Mother denies that he has a history of fever."
    assert found(text, "fever") == [
        ("family", "Mother"),
        ("negation", "denies"),
        ("history", "history of"),
    ]
