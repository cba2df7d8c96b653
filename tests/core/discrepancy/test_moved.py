"""What stands at another element afterwards is no loss and no addition."""

from __future__ import annotations

import pytest

from core.canonical import JsonObject
from core.discrepancy import compare
from core.discrepancy import compare as walk

LEFT = {"url": "https://a.example/side", "valueCode": "left"}


def contacts(*extensions: list[JsonObject]) -> JsonObject:
    return {
        "resourceType": "Patient",
        "contact": [
            {
                "name": {"family": family, "given": [family[:1], family[1:2]]},
                "telecom": [{"system": "phone", "value": f"+1 201 555 01{len(family)}"}],
                **({"extension": held} if held else {}),
            }
            for family, held in zip(("Adler", "Barker"), extensions, strict=True)
        ],
    }


def codes(*displays: str | None) -> JsonObject:
    coding = [
        {"system": "urn:a", "code": str(number), **({"display": shown} if shown else {})}
        for number, shown in enumerate(displays)
    ]
    return {"resourceType": "Procedure", "code": {"coding": coding}}


def test_an_extension_that_moved_to_another_item_is_changed() -> None:
    found = compare(contacts([LEFT], []), contacts([], [LEFT]))
    assert found.class_ == "changed"
    assert {one.class_ for one in found.differences} == {"changed"}
    assert {one.reason for one in found.differences} == {"The EHR moved this to another element."}


def test_a_display_that_moved_to_another_code_is_changed() -> None:
    assert compare(codes("Left eye", None), codes(None, "Left eye")).class_ == "changed"


def test_a_loss_and_another_addition_stay_what_they_are() -> None:
    other = {"url": "https://a.example/other", "valueCode": "left"}
    assert compare(contacts([LEFT], []), contacts([], [other])).class_ == "lossy"
    assert compare(codes("Left eye", None), codes(None, "As we call it")).class_ == "lossy"


def test_a_label_that_went_to_another_list_of_meta_is_only_lost() -> None:
    label = {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
        "code": "AIAST",
    }
    sides: list[JsonObject] = [
        {"resourceType": "Basic", "meta": {name: [label]}, "code": {"text": "a"}}
        for name in ("security", "tag")
    ]
    assert compare(*sides).class_ == "lossy"


def test_without_the_look_at_all_differences_a_move_is_only_a_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(walk.__globals__, "told", tuple)
    assert compare(contacts([LEFT], []), contacts([], [LEFT])).class_ == "lossy"
