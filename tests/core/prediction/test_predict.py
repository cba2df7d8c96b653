"""What a profile says is applied before approval, in words, with class, source and grade."""

from __future__ import annotations

from typing import Any

import pytest

from core import stamps
from core.canonical import JsonObject
from core.prediction import Kept, Prediction, predict
from tests.builders import CONDITION, PATIENT, exact_object
from tests.core.prediction.scenes import CUTS, KEEPS_NO_LABEL, profile

PHONE = stamps.label(exact_object(PATIENT))
PROBLEM = stamps.identify(stamps.label(exact_object(CONDITION)), "op-1")
NOTE = exact_object({"resourceType": "DocumentReference", "docStatus": "preliminary",
                     "status": "current", "description": "x" * 12})  # fmt: skip


def one(found: Prediction, fact: str) -> Any:
    (item,) = [item for item in found.facts if item.fact == fact]
    return item


def fact(name: str, value: str) -> str:
    return f'[facts.{name}]\nvalue = {value}\nsource = "S"\n'


def test_a_profile_that_knows_nothing_predicts_nothing() -> None:
    found = predict(profile(), "update", PHONE)
    assert (found.class_, found.facts, found.resource) == ("identical", (), PHONE)


def test_a_cut_is_said_with_both_values_and_where_it_is_known_from() -> None:
    found = predict(profile(CUTS), "update", PHONE)
    cut = one(found, "truncate Patient.telecom.value")
    assert cut.words == ("this EHR cuts telephone numbers and e-mail addresses at 6 characters")
    assert [(item.intended, item.persisted) for item in cut.differences] == [
        ("555 0100", "555 01"), ("555 0111", "555 01"),
    ]  # fmt: skip
    assert cut.class_ == "changed" and cut.is_loud and found.is_loud and found.class_ == "changed"
    told = cut.as_json()
    assert (told["source"], told["grade"], told["captured_on"]) == (
        "made up for this test", "documented", "2026-11-01",
    )  # fmt: skip
    assert "555" not in str({**cut.as_json(values=False), "words": cut.words})


def test_what_stays_within_the_limit_is_not_told() -> None:
    assert predict(profile(CUTS.replace("= 6", "= 8")), "update", PHONE).facts == ()


def test_another_interaction_or_type_is_not_told() -> None:
    only = """
[[transforms]]
do = "drop"
path = "Patient.telecom"
interactions = ["create"]
source = "S"
"""
    assert predict(profile(only), "update", PHONE).facts == ()
    assert predict(profile(CUTS), "create", PROBLEM).facts == ()


@pytest.mark.parametrize("over", ["reject", "unknown"])
def test_a_limit_that_may_refuse_is_loud_and_does_not_alter_what_comes_out(over: str) -> None:
    found = predict(profile(CUTS.replace("truncate", over)), "update", PHONE)
    limit = one(found, "limit Patient.telecom.value")
    assert limit.is_loud and found.resource == PHONE
    assert (limit.refuses, limit.sure) == ((True, True) if over == "reject" else (False, False))


@pytest.mark.parametrize("how", ["refused", "unknown", "ignored"])
def test_elements_that_are_not_kept(how: str) -> None:
    text = f'[[dropped]]\npaths = ["Condition.code"]\nhow = "{how}"\nsource = "S"\n'
    found = predict(profile(text), "create", PROBLEM)
    item = one(found, "drop Condition.code")
    assert item.is_loud and item.refuses == (how == "refused")
    assert ("code" in found.resource) == (how != "ignored")


def test_the_lost_label_of_the_ai_is_lossy_and_not_loud() -> None:
    found = predict(profile(KEEPS_NO_LABEL), "update", PHONE)
    label = one(found, "keeps_security")
    assert (label.words, label.class_) == ("the AI label will be dropped", "lossy")
    assert not label.is_loud and "security" not in found.resource.get("meta", {})


def test_a_label_of_sensitivity_that_gets_lost_is_loud() -> None:
    restricted = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    resource: JsonObject = {**PHONE, "meta": {"security": [restricted]}}
    found = predict(profile(KEEPS_NO_LABEL), "update", stamps.label(resource))
    assert one(found, "keeps_security").is_loud


@pytest.mark.parametrize("last", ["kept", "dropped"])
def test_what_was_measured_counts_before_what_the_profile_says(last: Any) -> None:
    seen = {"security": Kept(1, 3, last)}
    for parts in ((KEEPS_NO_LABEL,), (KEEPS_NO_LABEL.replace("false", "true"),), ()):
        found = predict(profile(*parts), "update", PHONE, seen=seen)  # type: ignore[arg-type]
        told = [item for item in found.facts if item.fact == "keeps_security"]
        assert len(told) == (1 if last == "dropped" else 0)
        for item in told:
            assert item.basis.grade == "measured" and "3 of 4 dropped" in item.basis.source


@pytest.mark.parametrize(
    ("state", "words"), [("unsigned", "filed unsigned"), ("mediated", "until somebody accepts it")]
)
def test_the_state_in_which_it_is_filed(state: str, words: str) -> None:
    found = predict(profile(fact("persisted_state", f'"{state}"')), "create", PROBLEM)
    assert words in one(found, "persisted_state").words and found.class_ == "identical"


def test_a_draft_where_there_are_none_becomes_final_and_that_is_loud() -> None:
    known = profile(fact("persisted_state", '"final-only"'))
    found = predict(known, "create", NOTE)
    assert one(found, "persisted_state").is_loud and found.resource["docStatus"] == "final"
    assert predict(known, "create", {**NOTE, "docStatus": "final"}).facts == ()


UPDATES = """
[[writes]]
types = ["Condition"]
interactions = ["update"]
axis = "advertised"
says = "{}"
source = "S"
"""


@pytest.mark.parametrize(
    ("correctable", "update", "told"),
    [("false", None, True), ("true", None, False), ("false", "yes", False), ("true", "no", True)],
)
def test_no_way_back_is_said_by_type(correctable: str, update: str | None, told: bool) -> None:
    parts = () if update is None else (UPDATES.format(update),)
    found = predict(profile(*parts, correctable=correctable), "create", PROBLEM)
    said = [item.words for item in found.facts]
    assert said == (["cannot be corrected through the API afterwards"] if told else [])


def test_an_update_can_be_updated_once_more() -> None:
    assert predict(profile(correctable="false"), "update", PHONE).facts == ()


NOTED = '[[notes]]\npath = "{}"\nwords = "does something"\nsource = "S"\n'


@pytest.mark.parametrize(
    ("path", "told"),
    [("Patient", True), ("Patient.telecom", True), ("Patient.photo", False), ("Resource", False),
     ("Condition", False)],
)  # fmt: skip
def test_a_note_is_told_where_what_it_is_about_is_there(path: str, told: bool) -> None:
    found = predict(profile(NOTED.format(path)), "update", PHONE)
    assert [item.words for item in found.facts] == (["this EHR: does something"] if told else [])


def test_words_never_quote_the_chart() -> None:
    found = predict(profile(CUTS, KEEPS_NO_LABEL), "update", PHONE)
    assert found.facts and not any("555" in item.words + item.fact for item in found.facts)
