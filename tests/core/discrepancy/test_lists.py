"""Which lists are sets, and how items are laid side by side."""

from __future__ import annotations

from typing import Any

import pytest

from core.canonical import JsonObject
from core.discrepancy import alignment, compare
from core.discrepancy.sets import is_set
from tests.core.discrepancy.samples import SAMPLES
from tests.core.discrepancy.tree import drop, put


def classes(intended: JsonObject, persisted: JsonObject) -> dict[str, str]:
    return {one.path: one.class_ for one in compare(intended, persisted).differences}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("Patient.identifier", True),
        ("Patient.contact.telecom", True),
        ("Observation.component", True),
        ("Observation.component.referenceRange", True),
        ("Condition.code.coding", True),
        ("Condition.note", True),
        ("Condition.contained", True),
        ("Patient.extension.extension", True),
        ("Patient.meta.profile", True),
        ("MedicationRequest.dosageInstruction.timing.repeat.when", True),
        ("Patient.name.given", False),
        ("Patient.address.line", False),
        ("MedicationRequest.dosageInstruction", False),
        ("Composition.section", False),
        ("Composition.section.section.entry", False),
        ("List.entry", False),
        ("Bundle.entry", False),
        ("Communication.payload", False),
        ("Questionnaire.item.item", False),
        ("Claim.diagnosis", True),
        ("DiagnosticReport.media", False),
        ("Patient.gender", False),
        ("Patient.vendorList", False),
    ],
)
def test_a_list_is_a_set_only_where_someone_ruled_so(names: str, expected: bool) -> None:
    assert is_set(names) is expected


def test_a_reordered_set_is_one_equivalent_difference_at_the_list() -> None:
    sample = SAMPLES["patient"]
    found = classes(sample, put(sample, ("telecom",), sample["telecom"][::-1]))
    assert found == {"Patient.telecom": "equivalent"}


def test_a_difference_is_reported_inside_the_item_at_the_intended_index() -> None:
    sample = SAMPLES["patient"]
    mail = {**sample["telecom"][2], "value": "other@mail.example"}
    moved = put(sample, ("telecom",), [mail, *sample["telecom"][:2]])
    assert classes(sample, moved) == {
        "Patient.telecom": "equivalent",
        "Patient.telecom[2].value": "changed",
    }


def test_values_swapped_between_components_are_found_although_nothing_is_lost() -> None:
    sample = SAMPLES["blood-pressure"]
    one, other = (item["valueQuantity"] for item in sample["component"])
    swapped = put(sample, ("component", 0, "valueQuantity"), other)
    swapped = put(swapped, ("component", 1, "valueQuantity"), one)
    assert classes(sample, swapped) == {
        "Observation.component[0].valueQuantity.value": "critical",
        "Observation.component[1].valueQuantity.value": "critical",
    }


def test_an_added_item_carries_the_persisted_index() -> None:
    sample = SAMPLES["patient"]
    added = [{"system": "fax", "value": "1"}, *sample["telecom"]]
    assert classes(sample, put(sample, ("telecom",), added)) == {"Patient.telecom[0]": "changed"}


def test_a_dropped_item_in_an_ordered_list_does_not_shift_the_rest() -> None:
    sample = SAMPLES["metformin"]
    found = classes(sample, drop(sample, ("dosageInstruction", 0)))
    assert found == {"MedicationRequest.dosageInstruction[0]": "changed"}


def test_surplus_copies_are_changed_even_of_what_may_be_added() -> None:
    sample = SAMPLES["note"]
    tags = [*sample["meta"]["tag"], sample["meta"]["tag"][0]]
    found = classes(sample, put(sample, ("meta", "tag"), tags))
    assert found == {"DocumentReference.meta.tag[2]": "changed"}


def test_contained_resources_are_told_apart_by_their_id() -> None:
    sample = SAMPLES["note"]
    author, ward = sample["contained"]
    changed = put(sample, ("contained",), [ward, {**author, "name": [{"family": "Holmes"}]}])
    assert classes(sample, changed) == {
        "DocumentReference.contained": "equivalent",
        "DocumentReference.contained[0].name[0].family": "changed",
    }


def test_companions_belong_to_their_primitives_by_index() -> None:
    mark = {"extension": [{"url": "urn:a", "valueCode": "b"}]}
    base = {"resourceType": "Patient", "name": [{"given": ["A", "B"]}]}
    first, second = (put(base, ("name", 0, "_given"), one) for one in ([mark, None], [None, mark]))
    other = {"extension": [{"url": "urn:c", "valueCode": "b"}]}
    assert classes(first, put(base, ("name", 0, "_given"), [None, other])) == {
        "Patient.name[0]._given[0]": "lossy",
        "Patient.name[0]._given[1]": "enriched",
    }
    # The very same one beside another name speaks of that one.
    assert set(classes(first, second).values()) == {"changed"}
    assert classes(first, put(base, ("name", 0, "_given"), [mark])) == {}


@pytest.mark.parametrize("empty", [[], {}, None])
def test_an_element_without_content_may_be_left_out_but_not_added(empty: object) -> None:
    sample = SAMPLES["patient"]
    assert classes(sample, put(sample, ("vendorFlag",), empty)) == {"Patient.vendorFlag": "changed"}
    assert classes(sample, put(sample, ("photo",), empty)) == {"Patient.photo": "changed"}
    assert classes(put(sample, ("photo",), empty), sample) == {"Patient.photo": "equivalent"}


def test_a_set_whose_items_have_companions_keeps_its_order() -> None:
    mark = {"extension": [{"url": "urn:a", "valueCode": "b"}]}
    sides = [
        {"resourceType": "AllergyIntolerance", "category": order, "_category": [mark, None]}
        for order in (["food", "medication"], ["medication", "food"])
    ]
    assert compare(*sides).class_ == "changed"


def test_long_lists_of_strangers_fall_back_to_position_within_bounded_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = 0
    agreement = alignment._agreement

    def counted(*sides: Any) -> int:
        nonlocal asked
        asked += 1
        return agreement(*sides)

    monkeypatch.setattr(alignment, "_agreement", counted)
    sides: list[JsonObject] = [
        {
            "resourceType": "Patient",
            "telecom": [{"system": "phone", "value": f"{side}{n}"} for n in range(3_000)],
            "name": [{"given": [f"{side}{n % 7}" for n in range(3_000)]}],
        }
        for side in "ab"
    ]
    found = compare(*sides)
    assert asked <= alignment.MAX_LIKENESS**2
    assert len(found.differences) == 6_000
    assert found.differences[70].path == "Patient.telecom[70].value"
