"""Foreign text is inert on a terminal and in a log (hub-protocol §8, text on screen)."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import core.inert.text
from core.inert import confusable_change, inert, skeleton, suspicious_words
from tests.scale import examples

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HEART_ON_FIRE = "\u2764\ufe0f\u200d\U0001f525"
WAVE_TONED = "\U0001f44b\U0001f3fd"
KEYCAP_ONE = "1\ufe0f\u20e3"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
ARABIC = "\u0627\u0644\u0633\u064f\u0643\u0651\u064e\u0631\u064a"
HEBREW = "\u05e9\u05dc\u05d5\u05dd"
SINHALA = "\u0dc1\u0dca\u200d\u0dbb\u0dd3"
MALAYALAM_FINAL = "\u0d05\u0d35\u0d28\u0d4d\u200d "


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\u{1b}[31mred\u{1b}[0m"),
        ("\x1b]52;c;ZWNobw==\x07", r"\u{1b}]52;c;ZWNobw==\u{7}"),
        ("\x9b2J", r"\u{9b}2J"),
        ("a\x00b\x7f", r"a\u{0}b\u{7f}"),
        ("1\b2", r"1\u{8}2"),
        ("over\rwrite", r"over\u{d}write"),
        ("a\tb", "a b"),
        ("a\nb\r\nc", r"a\nb\nc"),
        ("safe\u202etxt.exe", r"safe\u{202e}txt.exe"),
        ("\u061c\u200e\u200f\u2066x\u2069", r"\u{61c}\u{200e}\u{200f}\u{2066}x\u{2069}"),
        ("no\u200bt\u2060e\ufeff", r"no\u{200b}t\u{2060}e\u{feff}"),
        ("5\u200d0 mg", r"5\u{200d}0 mg"),
        ("hy\u00adphen", r"hy\u{ad}phen"),
        ("x\U000e0041\U000e007f", r"x\u{e0041}\u{e007f}"),
        ("a\u2028b\u2029c", r"a\u{2028}b\u{2029}c"),
        ("\ufff9base\ufffaruby\ufffb", r"\u{fff9}base\u{fffa}ruby\u{fffb}"),
        ("\ue000\U000f0000", r"\u{e000}\u{f0000}"),
        ("\ufdd0\uffff\U0010ffff", r"\u{fdd0}\u{ffff}\u{10ffff}"),
        ("\ud83d", r"\u{d83d}"),
        ("a\ufe0fb\U000e0100", r"a\u{fe0f}b\u{e0100}"),
        ("1\ufe0f", r"1\u{fe0f}"),
        ("\u2764\ufe0f\ufe0f", "\u2764\ufe0f" + r"\u{fe0f}"),
        ("\u3164\u115f\uffa0\u034f", r"\u{3164}\u{115f}\u{ffa0}\u{34f}"),
        ("a" + "\u0301" * 6, "a" + "\u0301" * 4 + r"\u{301}\u{301}"),
        ("\u0301a", r"\u{301}a"),
        ("\u0645\u200c\u200c\u062e", "\u0645" + r"\u{200c}\u{200c}" + "\u062e"),
        ("\u0645\u200cx", "\u0645" + r"\u{200c}x"),
        ("\U0001f468\u200dx", "\U0001f468" + r"\u{200d}x"),
    ],
)
def test_what_a_terminal_would_obey_hide_or_reorder_becomes_an_escape(raw: str, shown: str) -> None:
    assert inert(raw) == shown


@pytest.mark.parametrize(
    "text",
    [
        "plain ASCII, 120/80, $5 & <b>",
        "[@click=app.quit]click[/] [red]x[/red] {a} %s",
        "Jos\u00e9 Mu\u00f1oz \u2013 10\u2079/L \u00b5g \u2265 \u201cquoted\u201d",
        "Nguye\u0302\u0303n",
        FAMILY,
        HEART_ON_FIRE,
        WAVE_TONED,
        KEYCAP_ONE,
        PERSIAN,
        ARABIC,
        HEBREW,
        SINHALA,
        MALAYALAM_FINAL,
        "\u845b\u98fe\u533a \u30c6\u30b9\u30c8",
        "\U0001faff",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    assert inert(text) == text


def test_newlines_stay_only_where_they_may() -> None:
    assert inert("a\r\nb\n\x1bc", newlines=True) == "a\nb\n\\u{1b}c"
    assert "\n" not in inert("a\nb")


def test_a_mark_after_a_newline_cannot_climb_onto_the_line_above() -> None:
    assert inert("a\n\u0301b", newlines=True) == "a\n\\u{301}b"


NASTY = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from(
            "\x1b\x07\x9b\u202e\u200b\u200c\u200d\ufe0f\u0301\u20e3\ufeff\u2028\n\r\ta1"
        ),
        st.sampled_from("\u0645\u0651\u0dca\u0dc1\U0001f468\u2764\U000e0041\ud800\u3164"),
    ),
    max_size=40,
)
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
PICTOGRAPHS_TO_COME = range(0x1F000, 0x1FB00)


def dangers(text: str) -> list[str]:
    """Name every dangerous character, by a rule written apart from the code under test."""
    found, marks = [], 0
    for index, char in enumerate(text):
        category = unicodedata.category(char)
        is_joiner = char in "\u200c\u200d"
        marks = marks + 1 if category[0] == "M" and char not in "\ufe0e\ufe0f" else marks
        marks = marks if category[0] == "M" or is_joiner else 0
        hidden = category in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and not is_joiner
        unknown = category == "Cn" and ord(char) not in PICTOGRAPHS_TO_COME
        stray_joiner = is_joiner and (index == 0 or text[index - 1].isascii())
        if hidden or unknown or char in BIDI or stray_joiner or marks > 4:
            found.append(f"{index}:{ord(char):x}")
    return found


@settings(derandomize=True, max_examples=examples(400), deadline=None)
@given(NASTY)
def test_no_output_holds_a_dangerous_character(text: str) -> None:
    shown = inert(text)
    assert dangers(shown) == []
    assert inert(shown) == shown
    assert dangers(inert(text, newlines=True).replace("\n", "")) == []


def test_control_the_danger_check_sees_an_open_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.inert.text, "_stays", lambda *_: True)
    for raw in ("\x1b[2J", "a\u202eb", "\u200b", "a\u200db", "a" + "\u0301" * 5, "\U000e0041"):
        assert dangers(inert(raw))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("p\u0430tient takes aspirin", ["p\u0430tient"]),
        ("p\u0430in p\u0430in", ["p\u0430in"]),
        ("pa\u03b9n", ["pa\u03b9n"]),
        ("\u0570ome", ["\u0570ome"]),
        ("p\u200b\u0430in", ["p\u200b\u0430in"]),
        ("\u0430\u0441\u043f\u0438\u0440\u0438\u043d aspirin", []),
        ("\u03b2-blocker, TNF\u03b1, \u03b3GT, 5 \u03bcg, 3 k\u03a9", []),
        ("5 \u00b5g 10\u2079 na\u00efve", []),
        ("\u30c6\u30b9\u30c8\u3067\u3059\u6771\u4eacA\u30fc", []),
        ("\ud55c\uae00\u6f22\u5b57", []),
        ("\u30c6\ud55c", ["\u30c6\ud55c"]),
        ("\uff21\uff42c", []),
        ("e\u0301te\u0301", []),
        (ARABIC, []),
        ("", []),
    ],
)
def test_words_that_mix_scripts_are_named(text: str, words: list[str]) -> None:
    assert suspicious_words(text) == words


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("10 mg", "1O mg"),
        ("1 tablet", "l tablet"),
        ("Ill", "lIl"),
        ("aspirin", "\u0430spirin"),
        ("\u0391BC", "ABC"),
        ("ABC", "\uff21\uff22\uff23"),
        ("dose", "\U0001d41d\U0001d428\U0001d42c\U0001d41e"),
        ("modern", "modem"),
        ("not", "n\u200bot"),
        ("5-10", "5\u201310"),
        ("it's", "it\u2019s"),
        ("caf\u00e9", "cafe\u0301"),
        ("5 mg", "5\u00a0mg"),
        ("\u00b5g", "\u03bcg"),
    ],
)
def test_a_change_that_the_eye_misses_is_confusable(before: str, after: str) -> None:
    assert confusable_change(before, after)
    assert confusable_change(after, before)
    assert skeleton(before) == skeleton(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("same", "same"),
        ("10 mg", "100 mg"),
        ("Aspirin", "aspirin"),
        ("resume", "r\u00e9sum\u00e9"),
        ("10\u2079", "109"),
        ("mg", "\u03bcg"),
        ("a b", "ab"),
    ],
)
def test_a_change_that_shows_is_not_confusable(before: str, after: str) -> None:
    assert not confusable_change(before, after)


def test_a_huge_run_of_marks_takes_linear_work() -> None:
    blot = "a" + "\u0301" * 100_000 + "\u0323" * 100_000
    assert inert(blot).startswith("a" + "\u0301" * 4 + "\\u{301}")
    assert confusable_change(blot, blot + "\u0323")
    assert not confusable_change(blot, "a")
