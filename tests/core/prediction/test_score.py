"""Predicted against observed."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from core import stamps
from core.canonical import JsonObject
from core.discrepancy import compare
from core.prediction import Scores, predict, score
from tests.builders import PATIENT, exact_object
from tests.core.prediction.scenes import CUTS, KEEPS_NO_LABEL, doing, profile

PHONE = stamps.label(exact_object(PATIENT))
KNOWN = profile(CUTS, KEEPS_NO_LABEL)
CUT, LABEL = "truncate Patient.telecom.value", "keeps_security"
BASE = "https://ehr.example/fhir"


def told(persisted: JsonObject) -> Scores:
    differ = partial(compare, base_url=BASE)
    return score(predict(KNOWN, "update", PHONE), persisted, differ(PHONE, persisted), differ)


def outcomes(found: Scores) -> dict[str, str]:
    return {one.fact: one.outcome for one in found.facts}


def expected() -> JsonObject:
    return predict(KNOWN, "update", PHONE).resource


def test_all_as_expected_with_the_servers_own_bookkeeping() -> None:
    kept = {**expected(), "meta": {"versionId": "2", "lastUpdated": "2026-11-23T09:00:00Z"}}
    found = told(kept)
    assert outcomes(found) == {CUT: "as-expected", LABEL: "as-expected"} and not found.unexpected


def test_what_was_foretold_and_did_not_happen() -> None:
    found = told(PHONE)
    assert outcomes(found) == {CUT: "did-not-happen", LABEL: "did-not-happen"}
    assert not found.unexpected


def test_one_of_two() -> None:
    assert outcomes(told(doing(KNOWN, PHONE))) == {CUT: "as-expected", LABEL: "did-not-happen"}


def test_what_nobody_foretold() -> None:
    found = told({**expected(), "birthDate": "1970-01-02"})
    assert found.unexpected == (("Patient.birthDate", "changed"),)
    assert set(outcomes(found).values()) == {"as-expected"}


def test_another_cut_than_foretold_is_otherwise() -> None:
    shorter: list[Any] = [{**item, "value": item["value"][:4]} for item in PHONE["telecom"]]
    found = told({**expected(), "telecom": shorter})
    assert outcomes(found)[CUT] == "otherwise" and not found.unexpected


def test_what_is_not_sure_is_not_scored() -> None:
    unsure = profile(CUTS.replace("truncate", "unknown"))
    found = score(predict(unsure, "update", PHONE), PHONE, compare(PHONE, PHONE), compare)
    assert found.facts == () and found.unexpected == ()


@pytest.mark.parametrize("kept", [PHONE, doing(KNOWN, PHONE)])
def test_nothing_of_the_chart_is_in_it(kept: JsonObject) -> None:
    assert "555" not in str(told({**kept, "birthDate": "1970-01-02"}).as_json())
