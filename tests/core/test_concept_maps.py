"""Reading ConceptMaps: what two codes are to each other, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from core.concept_maps import NO_MAPS, parse_maps
from core.errors import BadInput
from tests.core.concept_map_samples import ICD, SAMPLE, SNOMED, concept_map, target, text


def coding(system: str, code: str, **more: str) -> dict[str, Any]:
    return {"system": system, "code": code, **more}


def snomed(code: str, **more: str) -> dict[str, Any]:
    return coding(SNOMED, code, **more)


def icd(code: str, **more: str) -> dict[str, Any]:
    return coding(ICD, code, **more)


@pytest.mark.parametrize(
    ("ours", "theirs", "relation"),
    [
        (snomed("44054006"), icd("E11"), "same"),
        (icd("E11"), snomed("44054006"), "same"),
        (snomed("44054006"), icd("E11.9"), "same"),
        (snomed("73211009"), icd("E14"), "broader"),
        (icd("E14"), snomed("73211009"), "narrower"),
        (snomed("73211009"), icd("E10"), "narrower"),
        (snomed("46635009"), icd("E10"), "overlapping"),
        (snomed("46635009"), icd("E11"), "unmatched"),
        (snomed("38341003"), icd("I10"), "unmatched"),
        (icd("I10"), snomed("38341003"), "unmatched"),
        (snomed("59621000"), icd("I10"), "overlapping"),
        (snomed("44054006"), icd("E10"), None),
        (snomed("1"), icd("E11"), None),
        (snomed("44054006"), coding("urn:local", "E11"), None),
        # Nothing is chained: both are the same as E11, not as each other.
        (icd("E11"), icd("E11.9"), None),
        (snomed("44054006"), {"code": "E11"}, None),
        ({}, {}, None),
    ],
)
def test_what_two_codes_are_to_each_other(ours: Any, theirs: Any, relation: str | None) -> None:
    assert parse_maps(text(SAMPLE)).relation(ours, theirs) == relation
    assert NO_MAPS.relation(ours, theirs) is None


def test_a_version_that_is_stated_on_both_sides_must_agree() -> None:
    found = parse_maps(
        text(concept_map({"1": [target("A", "equal")]}, sourceVersion="2024", targetVersion="10"))
    )
    assert found.is_same(snomed("1"), icd("A"))
    assert found.is_same(snomed("1", version="2024"), icd("A", version="10"))
    assert not found.is_same(snomed("1", version="2023"), icd("A"))
    assert not found.is_same(snomed("1"), icd("A", version="9"))


@pytest.mark.parametrize(
    ("second", "relation"),
    [("equal", "same"), ("narrower", "narrower"), ("relatedto", "overlapping")],
)
def test_where_maps_disagree_the_worse_counts(second: str, relation: str) -> None:
    maps = (concept_map({"1": [target("A", one)]}) for one in ("equivalent", second))
    assert parse_maps(text(*maps)).relation(snomed("1"), icd("A")) == relation


def test_broader_and_narrower_at_once_is_neither() -> None:
    maps = (concept_map({"1": [target("A", one)]}) for one in ("wider", "narrower"))
    assert parse_maps(text(*maps)).relation(snomed("1"), icd("A")) == "overlapping"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"resourceType": "Patient"}, "ConceptMap"),
        ({"resourceType": "Bundle", "type": "collection"}, "ConceptMap.group"),
        ({"resourceType": "Bundle", "entry": [{}]}, "Bundle.entry[0].resource"),
        (concept_map({"1": [target("A", "equal")]}, status="draft"), "ConceptMap.status"),
        (concept_map({"1": [target("A", "equal")]}, status="retired"), "ConceptMap.status"),
        (concept_map({"1": [target("A", "much alike")]}), "ConceptMap"),
        (concept_map({"1": [target("A", "equal")]}, target=None), "ConceptMap"),
        (concept_map({"1": []}), "ConceptMap"),
        (concept_map({"1": [target(None, "equal")]}), "ConceptMap.group"),
        ({"resourceType": "ConceptMap", "status": "active"}, "ConceptMap.group"),
    ],
)
def test_what_is_no_usable_map_is_refused_by_its_field(document: Any, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_maps(text(document))
    assert refused.value.field == field
    assert refused.value.remedy


def test_a_group_without_its_systems_is_refused() -> None:
    document = concept_map({"1": [target("A", "equal")]})
    del document["group"][0]["source"]
    with pytest.raises(BadInput) as refused:
        parse_maps(text(document))
    assert refused.value.field == "ConceptMap.group[0]"
