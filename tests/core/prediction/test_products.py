"""Every profile that ships says what it does without failing, and from where it is known."""

from __future__ import annotations

from typing import Any

import pytest

from core import stamps
from core.canonical import JsonObject
from core.prediction import Prediction, predict
from core.profile.parse import parse_profile
from sync.profiles import NAMES, load_profile
from tests.builders import CONDITION, PATIENT, exact_object
from tests.core.forms.samples import CREATES, GOOD, made

LONG = "Synthetic-Featherstonehaugh-Cholmondeley-Fortescue"
NAMED: JsonObject = exact_object(
    {**PATIENT, "name": [{"family": LONG, "given": ["Ada"]}], "address": [{"city": LONG}]}
)


def said(name: str, op: str, resource: JsonObject) -> Prediction:
    return predict(parse_profile(load_profile(name)), op, stamps.label(resource))


@pytest.mark.parametrize("name", NAMES)
def test_each_fact_has_words_and_a_source(name: str) -> None:
    resources: list[tuple[str, JsonObject]] = [
        ("update", NAMED),
        ("create", stamps.identify(exact_object(CONDITION), "op-1")),
        *(("create", made(form, GOOD[form])) for form in CREATES),
    ]
    for op, resource in resources:
        for one in said(name, op, resource).facts:
            assert one.words and one.basis.source and one.basis.grade != "unknown", one.fact
            assert LONG not in one.words


def facts(name: str, op: str, resource: Any) -> dict[str, str]:
    return {one.fact: one.words for one in said(name, op, resource).facts}


def test_a_server_that_does_as_it_is_told_gives_no_warning() -> None:
    for name in ("sandbox", "generic-r4"):
        assert not said(name, "update", NAMED).is_loud


def test_athenahealth_last_names_have_30_characters_and_more_is_not_known() -> None:
    # docs.athenahealth.com/api/guides/best-practices; truncate or reject is not said there.
    told = facts("athenahealth", "update", NAMED)["limit Patient.name.family"]
    assert "takes 30 characters of last names, here are 50" in told and "not known" in told


def test_what_holds_of_every_resource_is_left_to_the_profile() -> None:
    assert parse_profile(load_profile("epic")).notes
    assert not [fact for fact in facts("epic", "create", exact_object(CONDITION)) if "note" in fact]


def test_oracle_health_files_a_draft_note_as_final_and_a_patch_leads_back() -> None:
    # github.com/cerner/fhir.cerner.com content/millennium/r4: docStatus final only.
    note = made("note@1", GOOD["note@1"])
    found = said("oracle-health", "create", note)
    assert found.is_loud and found.resource["docStatus"] == "final"
    booked = made("appointment@1", GOOD["appointment@1"])
    assert "correctable" not in facts("oracle-health", "create", booked)


def test_epic_problems_cannot_be_corrected_through_the_api_and_observations_can() -> None:
    # fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4/metadata: Condition is create-only.
    assert "correctable" in facts("epic", "create", exact_object(CONDITION))
    assert "correctable" not in facts("epic", "create", made("vital-sign@1", GOOD["vital-sign@1"]))
