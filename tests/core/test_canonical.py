"""Exact JSON: what is kept byte for byte, what is refused, and the canonical form."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import canonical
from core.canonical import (
    INTAKE,
    RESPONSE,
    Json,
    Limits,
    Number,
    c14n,
    digest,
    encode,
    exact,
    parse,
    parse_object,
    plain,
)
from core.errors import BadInput

NUMBERS = ["0", "-0", "1", "1.10", "1.0", "1e2", "1E2", "1E+2", "1e-02", "-0.0", "100", "0.10"]
HUGE_INT = "9" * 40


@pytest.mark.parametrize("text", [*NUMBERS, HUGE_INT])
def test_number_texts_are_kept(text: str) -> None:
    document = f'{{"a":[{text}]}}'.encode()
    assert parse(document) == {"a": [Number(text)]}
    assert encode(parse(document)) == c14n(parse(document)) == document


def test_numbers_are_equal_only_when_their_texts_are() -> None:
    assert Number("1.10") != Number("1.1") and Number("100") != Number("1e2")
    assert len({c14n(parse(text.encode())) for text in ("1e2", "1E2", "1E+2", "100")}) == 4


def test_values_for_arithmetic_and_back() -> None:
    assert Number("12").plain() == 12 and isinstance(Number("12").plain(), int)
    assert str(Number("1.10").plain()) == "1.10"
    assert plain({"a": [Number("1.5"), True, None]}) == {"a": [Decimal("1.5"), True, None]}
    assert exact({"a": (1, Decimal("1.10"), True)}) == {"a": [Number("1"), Number("1.10"), True]}


@pytest.mark.parametrize("value", [1.5, {1, 2}, b"x", object()])
def test_what_has_no_exact_form_is_a_programming_error(value: object) -> None:
    with pytest.raises(TypeError):
        exact(value)
    with pytest.raises(TypeError):
        encode({"a": value})


def test_plain_int_is_never_written_by_accident() -> None:
    with pytest.raises(TypeError):
        encode({"a": 1})


@pytest.mark.parametrize(
    "text",
    ["1E400", "1e31", "1e+31", "1e-31", "1e0000031", "1e" + "9" * 30, "9" * 41, "0." + "1" * 39],
)
def test_numbers_beyond_the_limits_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="number"):
        parse(text.encode())


@pytest.mark.parametrize("text", ["1e30", "1e-30", "1e00030", "9" * 40])
def test_numbers_at_the_limits_are_kept(text: str) -> None:
    assert parse(text.encode()) == Number(text)


def test_int_longer_than_the_interpreter_converts_is_kept_from_a_server() -> None:
    """Number texts are never converted while parsing, so no conversion limit or cost applies."""
    text = "7" * 1024
    assert parse(text.encode(), RESPONSE) == Number(text)
    with pytest.raises(BadInput):
        parse(b"7" * 1025, RESPONSE)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a":NaN}', "[-Infinity]"])
def test_nan_and_infinity_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a JSON number"):
        parse(text.encode())


@pytest.mark.parametrize("text", ["01", "+1", "1.", ".5", "1e", "0x1", "1_0", "--1", "{} {}", ""])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not JSON"):
        parse(text.encode())


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":1}', '{"a":1,"b":2,"a":3}', '[{"x":{"y":1,"y":2}}]', '{"a":1,"\\u0061":2}'],
)
def test_duplicate_keys_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="twice"):
        parse(text.encode())


def test_control_the_stock_parser_keeps_the_last_duplicate() -> None:
    assert json.loads('{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize(
    "text",
    [r'"\ud800"', r'"\udc00"', r'"a\udfffb"', r'{"\ud800":1}', r'["\udc00\ud800"]'],
)
def test_escaped_lone_surrogates_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="surrogate"):
        parse(text.encode())


def test_raw_surrogate_bytes_are_not_utf8() -> None:
    with pytest.raises(BadInput, match="UTF-8 at byte 1"):
        parse(b'"\xed\xa0\x80"')


def test_escaped_surrogate_pair_is_one_character() -> None:
    assert parse(rb'"\ud83d\ude00"') == "\U0001f600"


@pytest.mark.parametrize("data", [b"\xff", b'"\xc0\xaf"', b'"\xe9"', "{}".encode("utf-16")])
def test_other_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="UTF-8"):
        parse(data)


def test_byte_order_mark_is_refused_at_the_start_only() -> None:
    with pytest.raises(BadInput, match="byte order mark"):
        parse(b"\xef\xbb\xbf{}")
    assert parse('"\ufeff"'.encode()) == "\ufeff"


@pytest.mark.parametrize(("opening", "closing"), ["[]", ('{"a":', "}")])
def test_depth_is_limited(opening: str, closing: str) -> None:
    for levels in (64, 65):
        document = (opening * levels + "1" + closing * levels).encode()
        if levels == 64:
            parse(document)
        else:
            with pytest.raises(BadInput, match="nested deeper than 64"):
                parse(document)


@pytest.mark.parametrize(
    "inside", ["[" * 200, "{" * 200, '\\"' + "[" * 200, "\\\\", "\\\\\\" + '"[']
)
def test_brackets_inside_strings_do_not_count(inside: str) -> None:
    parse(f'{{"a":"{inside}","b":["{inside}"]}}'.encode())


def test_siblings_do_not_count_as_depth() -> None:
    parse(("[" + ",".join(["[]"] * 500) + "]").encode())


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 40_000, '["' + "[" * 1000])
def test_hostile_depth_is_refused_before_parsing(text: str) -> None:
    """Deep or unclosed text is bad input, never a recursion error."""
    with pytest.raises(BadInput):
        parse(text.encode())


@pytest.mark.parametrize("data", [b"\xff" * 11, b"[" * 11, b'"' + b"x" * 10])
def test_size_is_checked_before_anything_else(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("looked into a document that is too large")

    monkeypatch.setattr(canonical, "_check_depth", never)
    monkeypatch.setattr(canonical.json, "loads", never)
    with pytest.raises(BadInput, match="11 bytes; the limit is 10"):
        parse(data, Limits(max_bytes=10))


def test_default_limits_are_those_of_intake() -> None:
    assert parse(b"[" + b" " * (256 * 1024 - 2) + b"]") == []
    with pytest.raises(BadInput, match="bytes"):
        parse(b"[" + b" " * (256 * 1024 - 1) + b"]")
    assert Limits(256 * 1024, 64, 64 * 1024, 40, 30) == INTAKE


@pytest.mark.parametrize("wrap", ['"%s"', '{"%s":1}', '[{"a":"%s"}]'])
def test_strings_and_keys_are_limited(wrap: str) -> None:
    parse((wrap % ("x" * 65536)).encode())
    with pytest.raises(BadInput, match="a string has 65,537 characters"):
        parse((wrap % ("x" * 65537)).encode())


@pytest.mark.parametrize("data", [b"[]", b'"x"', b"1", b"null"])
def test_object_is_insisted_on(data: bytes) -> None:
    with pytest.raises(BadInput, match="not a JSON object"):
        parse_object(data)


def test_keys_are_ordered_by_utf16_code_unit() -> None:
    """U+1F600 begins with the unit D83D, so it sorts before U+FB33 though its code point is later.

    Source: RFC 8785 §3.2.3, its own example.
    """
    keys = ["€", "\r", "\ufb33", "1", "\U0001f600", "\x80", "ö"]
    assert list(json.loads(c14n(dict.fromkeys(keys)))) == [
        "\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33",
    ]  # fmt: skip
    assert sorted(keys)[-1] == "\U0001f600"


def test_control_sorting_by_code_point_gives_another_canonical_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(canonical, "_utf16", lambda key: key)
    with pytest.raises(AssertionError):
        test_keys_are_ordered_by_utf16_code_unit()


def test_encode_keeps_the_order_given_and_c14n_sorts_every_level() -> None:
    document = b'{"b":{"d":1,"c":2},"a":[{"z":1,"y":2}]}'
    assert encode(parse(document)) == document
    assert c14n(parse(document)) == b'{"a":[{"y":2,"z":1}],"b":{"c":2,"d":1}}'


@pytest.mark.parametrize("code", range(0x20))
def test_control_characters_are_escaped_as_rfc_8785_says(code: int) -> None:
    short = {8: rb"\b", 9: rb"\t", 10: rb"\n", 12: rb"\f", 13: rb"\r"}
    assert c14n(chr(code)) == b'"' + short.get(code, rb"\u%04x" % code) + b'"'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('"', '"\\""'),
        ("\\", '"\\\\"'),
        ("/", '"/"'),
        ("\x7f", '"\x7f"'),
        ("\u2028\u2029", '"\u2028\u2029"'),
        ("<>&'", '"<>&\'"'),
        ("€\U0001f600", '"€\U0001f600"'),
    ],
)
def test_nothing_else_is_escaped(text: str, wanted: str) -> None:
    assert c14n(text) == wanted.encode() and c14n({text: text}) == f"{{{wanted}:{wanted}}}".encode()


def test_unicode_is_not_normalised() -> None:
    assert c14n("é") != c14n("e\u0301")


def test_digest_is_domain_separated() -> None:
    data = b"{}"
    wanted = hashlib.sha256(b"countersign/v1/change\x00{}").hexdigest()
    assert digest("change", data) == wanted
    tags = ("change", "bytes", "shown", "base", "statement", "verdict")
    assert len({digest(tag, data) for tag in tags}) == len(tags)


def test_a_tag_and_its_data_cannot_trade_bytes() -> None:
    assert digest("a", b"b\x00c") != digest("ab", b"\x00c") != digest("a", b"bc")
    with pytest.raises(UnicodeEncodeError):
        digest("é", b"")


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_numbers = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.decimals(-(10**6), 10**6, allow_nan=False, places=4).map(lambda found: format(found, "f")),
    st.sampled_from(NUMBERS),
).map(Number)
json_values: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.none(), st.booleans(), _texts, _numbers),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_texts, inner, max_size=4)
    ),
    max_leaves=15,
)


@given(json_values)
def test_round_trip(value: Json) -> None:
    assert parse(encode(value)) == value
    assert parse(c14n(value)) == value
    assert c14n(parse(c14n(value))) == c14n(value)


@given(st.dictionaries(_texts, json_values, min_size=2, max_size=5), st.randoms())
def test_order_of_keys_never_alters_the_canonical_form(value: dict, random: object) -> None:
    keys = list(value)
    random.shuffle(keys)
    assert c14n({key: value[key] for key in keys}) == c14n(value)


@given(json_values)
def test_canonical_form_is_what_other_parsers_read(value: Json) -> None:
    def compared(found: Json) -> object:
        if isinstance(found, Number):
            return Decimal(found.text)
        if isinstance(found, list):
            return [compared(item) for item in found]
        if isinstance(found, dict):
            return {key: compared(item) for key, item in found.items()}
        return found

    read = json.loads(c14n(value), parse_int=Decimal, parse_float=Decimal)
    assert read == compared(value)


_LEAF = st.text(alphabet='[]{}"\\a', max_size=6) | st.none()
_NESTED = st.recursive(_LEAF, lambda inner: st.lists(inner, max_size=3), max_leaves=12)


def _levels(value: object) -> int:
    return 1 + max(map(_levels, value), default=0) if isinstance(value, list) else 0


@given(_NESTED, st.integers(0, 6))
def test_depth_counts_brackets_outside_strings_only(value: object, limit: int) -> None:
    text = json.dumps(value).encode()
    if _levels(value) <= limit:
        parse(text, Limits(max_depth=limit))
    else:
        with pytest.raises(BadInput, match="nested deeper"):
            parse(text, Limits(max_depth=limit))


@pytest.mark.parametrize(
    "text", ['"abc\\', '["\\', '"[[[[[[[[', '{"a": "\\ud800"}', '{"\\uDC00": 1}']
)
def test_what_does_not_end_or_is_half_a_character_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse(text.encode(), Limits(max_depth=4))
