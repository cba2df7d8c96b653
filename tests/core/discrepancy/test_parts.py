"""Parts of what is one: of an extension's value, of a key, of an attachment's own words."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import JsonObject, Number
from core.discrepancy import change, compare, loss
from core.discrepancy import rules as table

XHTML = "http://www.w3.org/1999/xhtml"


def extended(*parts: JsonObject) -> JsonObject:
    held = {"url": "https://a.example/race", "extension": list(parts)}
    return {"resourceType": "Patient", "extension": [held]}


def part(url: str, text: str = "a") -> JsonObject:
    return {"url": url, "valueString": text}


ONE, OTHER, OWN = part("ombCategory"), part("text"), part("https://a.example/own")


@pytest.mark.parametrize(
    ("intended", "persisted", "class_"),
    [
        (extended(ONE), extended(ONE, OTHER), "changed"),
        (extended(ONE, OTHER), extended(OTHER), "changed"),
        # An absolute url is that of an extension of its own.
        (extended(ONE), extended(ONE, OWN), "enriched"),
        (extended(ONE, OWN), extended(ONE), "lossy"),
        ({"resourceType": "Patient"}, extended(ONE), "enriched"),
        (extended(ONE), {"resourceType": "Patient"}, "lossy"),
    ],
)
def test_a_part_of_an_extension_is_its_value(
    intended: JsonObject, persisted: JsonObject, class_: str
) -> None:
    assert compare(intended, persisted).class_ == class_


def test_without_its_rule_a_part_passes_as_an_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    left = tuple(rule for rule in table.RULES if rule is not change.extension_part)
    monkeypatch.setattr(table, "RULES", left)
    assert compare(extended(ONE), extended(ONE, OTHER)).class_ == "enriched"


def answered(link: str) -> JsonObject:
    return {"resourceType": "QuestionnaireResponse", "item": [{"linkId": link}]}


def given(lot: str) -> JsonObject:
    return {"resourceType": "Immunization", "lotNumber": lot}


def sampled(data: str) -> JsonObject:
    return {"resourceType": "Observation", "valueSampledData": {"data": data}}


CUT_KEYS = [
    (answered("smoker-now"), answered("smoker")),
    (given("ABCDE"), given("ABCD")),
    (sampled("E E U"), sampled("E E")),
]


@pytest.mark.parametrize(("intended", "persisted"), CUT_KEYS)
def test_a_part_of_a_key_is_another_key(intended: JsonObject, persisted: JsonObject) -> None:
    assert compare(intended, persisted).class_ in ("changed", "critical")


def test_without_their_names_cut_keys_pass_as_prose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "_KEYS", frozenset())
    assert compare(*CUT_KEYS[1]).class_ == "lossy"


def filed(**more: Any) -> JsonObject:
    held = {"contentType": "text/plain", "data": "SGVsbG8=", **more}
    return {"resourceType": "DocumentReference", "content": [{"attachment": held}]}


def test_a_size_is_judged_by_the_bytes_and_not_by_a_hash_that_was_wrong_before() -> None:
    wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    found = compare(filed(hash=wrong), filed(hash=wrong, size=Number("5")))
    assert found.class_ == "enriched", found.differences
    assert compare(filed(hash=wrong), filed(hash=wrong, size=Number("6"))).class_ == "changed"


def asked(**more: Any) -> JsonObject:
    item = {"linkId": "1", "type": "group", "item": [{"linkId": "1.1", "type": "string", **more}]}
    return {"resourceType": "Questionnaire", "item": [item]}


def test_what_an_item_need_not_say_may_be_written_out() -> None:
    assert compare(asked(), asked(required=False, repeats=False)).class_ == "enriched"
    assert compare(asked(), asked(required=True)).class_ == "changed"
    assert compare(asked(required=True), asked(required=False)).class_ == "changed"
    assert compare(asked(), asked(readOnly=False)).class_ == "changed"


def written(div: str) -> JsonObject:
    return {"resourceType": "Basic", "text": {"status": "additional", "div": div}}


def test_a_narrative_that_keeps_its_spaces_may_still_be_quoted_otherwise() -> None:
    div = f'<div xmlns="{XHTML}"><pre class="a">1  2</pre></div>'
    assert compare(written(div), written(div.replace('"', "'"))).class_ == "equivalent"
    assert compare(written(div), written(div.replace("  ", " "))).class_ == "changed"


def test_a_translation_that_denies_is_changed_beside_a_code_without_words() -> None:
    def said(*codings: JsonObject) -> JsonObject:
        return {"resourceType": "Condition", "code": {"coding": list(codings)}}

    plain = {"system": "urn:a", "code": "1"}
    other = {"system": "urn:b", "code": "2"}
    denied = {**other, "display": "Absence of asthma"}
    assert compare(said(plain), said(plain, {**other, "display": "Asthma"})).class_ == "enriched"
    assert compare(said(plain), said(plain, denied)).class_ == "changed"
    shown = {**plain, "display": "No asthma"}
    assert compare(said(shown), said(shown, denied)).class_ == "enriched"


def reached(system: Any, value: str) -> JsonObject:
    return {"resourceType": "Patient", "telecom": [{"system": system, "value": value}]}


@pytest.mark.parametrize("odd", [["phone"], {"phone": {}}, None, True, Number("1")])
def test_what_has_not_the_form_of_a_name_is_changed_and_not_an_error(odd: Any) -> None:
    assert compare(reached(odd, "1"), reached(odd, "2")).class_ == "changed"
    sides: list[JsonObject] = [
        {"resourceType": "Patient", "gender": "male"},
        {"resourceType": "Patient", "gender": "male", "_gender": {"extension": [{"url": odd}]}},
    ]
    assert compare(*sides).class_ == "changed"
    assert compare(extended(ONE), extended(ONE, {"url": odd})).class_ == "changed"
    assert compare(coded_in(odd), coded_in("urn:a")).class_ == "changed"


def test_an_id_beside_a_value_is_no_extension_without_a_url() -> None:
    sides: list[JsonObject] = [
        {"resourceType": "Patient", "gender": "male"},
        {"resourceType": "Patient", "gender": "male", "_gender": {"id": "g1"}},
    ]
    assert compare(*sides).class_ == "enriched"


def coded_in(system: Any) -> JsonObject:
    held = {"system": system, "code": "1", "display": "a"}
    return {"resourceType": "Condition", "code": {"coding": [held]}}
