"""Folding removes typography only and keeps the way back (hub-protocol §8, grounding)."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.grounding import fold, ground
from tests.scale import examples

PIECES = st.sampled_from(
    [
        "a", "B", "9", " ", "\n", "\t", "\u00a0", "\u2013", "\u2019", "\u201c", "e\u0301",
        "\u00e9", "\u0301", "\u0323", "\u0307", "\u1100", "\u1161", "\u11a8", "\uac00", "\u2126",
        "\u2079", ".", "-", "'", "\u09c7", "\u09be", "\u0958", "\u9ad8", "\u0e01", "\u3000\u0308",
        "dose", "5",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("a  \n\t b", "a b"),
        ("a\u00a0b\u2009c\u3000d", "a b c d"),
        ("5\u201310 \u2014 \u2212 3\ufe58\ufe63\uff0d", "5-10 - - 3---"),
        ("\u201cit\u2019s\u201d \u00abx\u00bb", '"it\'s" "x"'),
        ("cafe\u0301", "caf\u00e9"),
        ("\u1100\u1161\u11a8", "\uac01"),
        ("10\u2079", "10\u2079"),
        ("2\u00b2 \u00bd \ufb01 \u2460", "2\u00b2 \u00bd \ufb01 \u2460"),
        ("Dose DOSE", "Dose DOSE"),
        ("\uff15 mg", "\uff15 mg"),
        ("", ""),
    ],
)
def test_only_typography_folds(raw: str, folded: str) -> None:
    assert fold(raw)[0] == folded


def test_control_a_stronger_folding_would_turn_a_power_into_a_number() -> None:
    assert unicodedata.normalize("NFKC", "10\u2079") == "109"
    assert ground("109", {"note": [{"text": "count 10\u2079 per litre"}]}).badge == "not-found"


@settings(derandomize=True, max_examples=examples(300), deadline=None)
@given(TEXTS)
def test_the_offset_map_is_monotone_and_complete(text: str) -> None:
    folded, offsets = fold(text)
    assert len(offsets) == len(folded) + 1
    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)
    assert fold(folded)[0] == folded
    whole = unicodedata.normalize("NFC", text)
    assert folded.split() == fold(whole)[0].split()


@settings(derandomize=True, max_examples=examples(300), deadline=None)
@given(TEXTS, st.integers(0, 30), st.integers(1, 12))
def test_every_hit_slices_back_to_the_quote(text: str, start: int, length: int) -> None:
    quote = text[start : start + length]
    result = ground(quote, {"note": [{"text": text}]})
    for hit in result.hits:
        assert text[hit.start : hit.end] == hit.text
        assert fold(hit.text)[0] == fold(quote)[0].strip()
        assert text[hit.start - len(hit.before) : hit.start] == hit.before
        assert text[hit.end : hit.end + len(hit.after)] == hit.after


def test_long_text_keeps_its_offsets() -> None:
    text = ("word \u2013 caf\u00e9  " * 20_000)[:-2]
    folded, offsets = fold(text)
    assert folded == ("word - caf\u00e9 " * 20_000)[:-1]
    assert text[offsets[-6] : offsets[-1]].endswith("caf\u00e9")


def test_a_huge_run_of_marks_keeps_its_offsets_and_takes_linear_work() -> None:
    text = "a" + "\u0301" * 100_000 + "\u0323" * 100_000 + " end"
    folded, offsets = fold(text)
    assert offsets == sorted(offsets)
    assert folded.endswith(" end")
    assert text[offsets[-4] :] == "end"
