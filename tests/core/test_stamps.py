from __future__ import annotations

from typing import Any

import pytest

from core.stamps import AI_LABEL, carries, identify, label, operations, search_for
from tests.builders import CONDITION, PATIENT


def test_the_label_is_put_on_once_and_keeps_what_stands_there() -> None:
    other = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    before: dict[str, Any] = {**PATIENT, "meta": {"versionId": "1", "security": [other]}}
    once = label(before)
    assert once["meta"] == {"versionId": "1", "security": [other, AI_LABEL]}
    assert label(once) == once
    assert before["meta"]["security"] == [other]


def test_a_label_with_a_display_counts() -> None:
    labelled = {**PATIENT, "meta": {"security": [{**AI_LABEL, "display": "AI asserted"}]}}
    assert label(labelled) == labelled


def test_a_new_meta_stands_after_type_and_id() -> None:
    assert list(label(PATIENT))[:3] == ["resourceType", "id", "meta"]
    assert list(label(CONDITION))[:2] == ["resourceType", "meta"]
    placed = {"active": True, "meta": {"versionId": "1"}, "resourceType": "Patient"}
    assert list(label(placed)) == list(placed)


@pytest.mark.parametrize("type_", ["Condition", "Observation", "Patient", "MedicationRequest"])
def test_a_type_with_identifiers_carries_the_operation_there(type_: str) -> None:
    own = {"system": "urn:x", "value": "1"}
    found = identify({"resourceType": type_, "identifier": [own]}, "op-1")
    assert found["identifier"] == [own, {"system": "urn:countersign:operation", "value": "op-1"}]
    assert carries(found, "op-1") and not carries(found, "op-2")
    assert search_for(type_, "op-1") == {"identifier": "urn:countersign:operation|op-1"}


@pytest.mark.parametrize("type_", ["Provenance", "Binary", "Bundle", "Consent2"])
def test_a_type_without_a_list_of_them_carries_a_tag(type_: str) -> None:
    found = identify({"resourceType": type_, "meta": {"tag": [{"code": "x"}]}}, "op-1")
    assert found["meta"]["tag"][0] == {"code": "x"}
    assert carries(found, "op-1") and not carries(found, "op-2")
    assert search_for(type_, "op-1") == {"_tag": "urn:countersign:operation|op-1"}


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"identifier": None, "meta": None},
        {"identifier": "op-1", "meta": "op-1"},
        {"identifier": [None, "op-1", {"value": "op-1"}], "meta": {"tag": "op-1"}},
        {"identifier": [{"system": "urn:other", "value": "op-1"}]},
        {"identifier": [{"system": "urn:countersign:operation"}]},
        {"meta": {"security": [{"system": "urn:countersign:operation", "code": "op-1"}]}},
    ],
)
def test_anything_else_carries_no_operation(resource: dict[str, Any]) -> None:
    assert not carries(resource, "op-1")


def test_a_lone_identifier_counts_like_a_list_of_one() -> None:
    own = {"system": "urn:countersign:operation", "value": "op-1"}
    assert operations({"resourceType": "Bundle", "identifier": own}) == {"op-1"}
