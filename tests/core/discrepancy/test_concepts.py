"""Codes that were translated, replaced or marked, with and without an adopted map."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import JsonObject, exact
from core.concept_maps import NO_MAPS, Maps, parse_maps
from core.discrepancy import Comparison, compare, wholes
from tests.core.concept_map_samples import ICD, SAMPLE, SNOMED, concept_map, target, text

MAPS = parse_maps(text(SAMPLE))
DIABETES = {"system": SNOMED, "code": "44054006", "display": "Diabetes mellitus type 2"}
TYPE_2 = {"system": ICD, "code": "E11", "display": "Type 2 diabetes mellitus"}
ANY_DIABETES = {"system": SNOMED, "code": "73211009"}
WIDER = {"system": ICD, "code": "E14"}
NARROWER = {"system": ICD, "code": "E10"}
LOCAL = {"system": "urn:local", "code": "dm2"}


def condition(*codings: dict[str, Any], **more: Any) -> JsonObject:
    found = exact({"resourceType": "Condition", "code": {"coding": list(codings), **more}})
    assert isinstance(found, dict)
    return found


def judged(
    ours: list[dict[str, Any]], theirs: list[dict[str, Any]], maps: Maps = MAPS
) -> Comparison:
    return compare(condition(*ours), condition(*theirs), maps=maps)


@pytest.mark.parametrize(
    ("ours", "theirs", "with_map", "without"),
    [
        # The code was replaced.
        ([DIABETES], [TYPE_2], "equivalent", "changed"),
        ([TYPE_2], [DIABETES], "equivalent", "changed"),
        ([ANY_DIABETES], [WIDER], "changed", "changed"),
        ([ANY_DIABETES], [NARROWER], "changed", "changed"),
        ([{**DIABETES, "code": "46635009"}], [NARROWER], "changed", "changed"),
        ([DIABETES], [LOCAL], "changed", "changed"),
        # A translation beside the kept code.
        ([DIABETES], [DIABETES, TYPE_2], "enriched", "enriched"),
        ([DIABETES], [TYPE_2, DIABETES], "enriched", "enriched"),
        ([ANY_DIABETES], [ANY_DIABETES, WIDER], "enriched", "enriched"),
        ([DIABETES], [DIABETES, LOCAL], "enriched", "enriched"),
        # Beside it, but no translation of it.
        ([{"system": SNOMED, "code": "46635009"}], [{"system": SNOMED, "code": "46635009"}, TYPE_2],
         "changed", "enriched"),
        ([DIABETES], [DIABETES, ANY_DIABETES], "changed", "changed"),
        ([DIABETES], [DIABETES, {"code": "dm2"}], "changed", "changed"),
        ([DIABETES], [DIABETES, {"system": "urn:local"}], "changed", "changed"),
        # One of two was dropped.
        ([DIABETES, TYPE_2], [TYPE_2], "equivalent", "changed"),
        ([DIABETES, TYPE_2], [DIABETES], "equivalent", "changed"),
        ([DIABETES, LOCAL], [LOCAL], "changed", "changed"),
        ([DIABETES, LOCAL], [TYPE_2, LOCAL], "equivalent", "changed"),
        ([DIABETES], [], "changed", "changed"),
        ([], [DIABETES], "changed", "changed"),
    ],
)  # fmt: skip
def test_codes_of_a_concept(
    ours: list[dict[str, Any]], theirs: list[dict[str, Any]], with_map: str, without: str
) -> None:
    found = judged(ours, theirs)
    assert found.class_ == with_map, found.differences
    assert judged(ours, theirs, NO_MAPS).class_ == without


@pytest.mark.parametrize(
    ("theirs", "word"),
    [(WIDER, "broader"), (NARROWER, "narrower")],
)
def test_the_reason_says_what_the_map_says(theirs: dict[str, Any], word: str) -> None:
    reasons = [one.reason for one in judged([ANY_DIABETES], [theirs]).differences]
    assert f"The EHR holds a {word} code, an adopted map says." in reasons


def test_within_one_system_the_map_counts_as_well() -> None:
    maps = parse_maps(
        text(concept_map({"1": [target("2", "equal"), target("3", "wider")]}, target=SNOMED))
    )
    one, two, three = ({"system": SNOMED, "code": code, "display": code} for code in "123")
    found = judged([one], [two], maps)
    assert (found.class_, len(found.differences)) == ("equivalent", 1)
    found = judged([one], [three], maps)
    assert found.class_ == "changed"
    assert any("broader" in item.reason for item in found.differences)


def test_a_single_coding_is_mapped_and_a_label_is_not() -> None:
    def encounter(coding: dict[str, Any]) -> JsonObject:
        found = exact({"resourceType": "Encounter", "status": "finished", "class": coding})
        assert isinstance(found, dict)
        return found

    assert compare(encounter(DIABETES), encounter(TYPE_2), maps=MAPS).class_ == "equivalent"
    assert compare(encounter(DIABETES), encounter(TYPE_2)).class_ == "changed"
    label = [
        {"resourceType": "Condition", "meta": {"security": [one]}} for one in (DIABETES, TYPE_2)
    ]
    assert compare(*label, maps=MAPS).class_ == "changed"


def test_a_map_never_settles_a_modifier_or_a_side() -> None:
    maps = parse_maps(
        text(
            concept_map({"active": [target("resolved", "equal")]}, source="urn:c", target="urn:c"),
            concept_map({"7771000": [target("24028007", "equal")]}, target=SNOMED),
        )
    )
    status = [
        {
            "resourceType": "Condition",
            "clinicalStatus": {"coding": [{"system": "urn:c", "code": c}]},
        }
        for c in ("active", "resolved")
    ]
    assert compare(*status, maps=maps).class_ == "changed"
    left, right = ({"system": SNOMED, "code": code} for code in ("7771000", "24028007"))
    assert judged([left], [right], maps).class_ == "critical"


def test_a_translation_that_says_the_other_side_is_critical() -> None:
    left = {"system": SNOMED, "code": "1", "display": "Fracture of left femur"}
    right = {**LOCAL, "display": "Right femur fracture"}
    assert judged([left], [left, right]).class_ == "critical"
    assert (
        judged([left], [left, {**right, "display": "Femur fracture (left)"}]).class_ == "enriched"
    )
    both = {**right, "display": "Fracture of left and right femur"}
    assert judged([left], [left, both]).class_ == "enriched"


def test_oracle_keeps_one_code_as_the_users_and_adds_another() -> None:
    """Condition keeps one userSelected true + one false coding (Oracle Health, reference §4 O4)."""
    kept = {**DIABETES, "userSelected": True}
    added = {**LOCAL, "userSelected": False}
    assert judged([DIABETES], [kept, added]).class_ == "enriched"
    assert judged([kept], [kept, added]).class_ == "enriched"
    for other in (
        [{**DIABETES, "userSelected": False}, {**LOCAL, "userSelected": True}],
        [DIABETES, {**LOCAL, "userSelected": True}],
    ):
        assert judged([DIABETES], other).class_ == "changed"
    assert judged([kept], [{**DIABETES, "userSelected": False}]).class_ == "changed"
    assert judged([kept], [DIABETES]).class_ == "changed"


@pytest.mark.parametrize(
    ("added", "class_"),
    [
        ("Diabetes mellitus type 2", "enriched"),
        ("Diabetes mellitus type 1", "changed"),
        ("Type 2 diabetes mellitus", "changed"),
    ],
)
def test_a_text_may_repeat_the_display_of_what_was_intended(added: str, class_: str) -> None:
    found = compare(condition(DIABETES), condition(DIABETES, TYPE_2, text=added))
    assert found.class_ == class_


def test_another_text_is_changed_whatever_the_codes_say() -> None:
    words = ("diabetes", "old diabetes", "no diabetes")
    ours, other, denied = (condition(DIABETES, text=one) for one in words)
    assert compare(ours, other, maps=MAPS).class_ == "changed"
    assert compare(ours, denied, maps=MAPS).class_ == "critical"


def test_many_codings_are_not_weighed_against_each_other() -> None:
    ours = [{"system": f"urn:{n}", "code": "1"} for n in range(100)]
    assert judged(ours, [*ours, LOCAL]).class_ == "changed"


def test_only_the_guards_keep_a_side_from_being_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = parse_maps(text(concept_map({"7771000": [target("24028007", "equal")]}, target=SNOMED)))
    left, right = ({"system": SNOMED, "code": code} for code in ("7771000", "24028007"))
    monkeypatch.setattr(wholes, "GUARDS", ())
    assert judged([left], [right], maps).class_ == "equivalent"


def test_without_the_relation_a_broader_code_would_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Maps, "relation", lambda *_: "same")
    assert judged([ANY_DIABETES], [WIDER]).class_ == "equivalent"
