"""Minors, proxies, hidden contacts, sensitive labels: inputs of the verdict, and what follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.adoption import adopt
from core.delta import delta
from core.gateway.run import run_once
from core.intake.person import person_flags
from core.intake.sensitive import GROUPS, groups
from core.policy import document as policy_document
from tests.builders import NOTE, PATIENT, Bench, exact_object, phone_change, problem_change
from tests.core.consent.test_hold import automatic
from tests.core.intake.scenario import codes, row, submit_changes

TODAY = date(2026, 11, 23)


def flags(changed: dict[str, Any], **patient: Any) -> frozenset[str]:
    base = exact_object({**PATIENT, **patient})
    resource = exact_object({**PATIENT, **patient, **changed})
    return person_flags(base, base, resource, delta(base, resource), TODAY, 18)


PHONE = {"telecom": [{"system": "phone", "value": "555 0199"}]}


@pytest.mark.parametrize(
    ("born", "minor"),
    [
        ("1970-01-01", False), ("2008-11-23", False), ("2008-11-24", True), ("2008-11", True),
        ("2008-10", False), ("2008", True), ("2007", False), ("2027-01-01", True), (None, True),
        ("unknown", True), ("2004-02-29", False), ("", True),
    ],
)  # fmt: skip
def test_who_may_be_a_minor(born: str | None, minor: bool) -> None:
    found = flags(PHONE, birthDate=born)
    assert ("minor" in found) is minor is ("minor-contact" in found)


def test_an_agent_cannot_make_a_minor_an_adult_in_the_same_change() -> None:
    assert "minor-contact" in flags({**PHONE, "birthDate": "1970-01-01"}, birthDate="2015-01-01")


def test_what_is_no_contact_of_a_minor_is_only_said() -> None:
    assert flags({"gender": "other"}, birthDate="2015-01-01") == {"minor"}


def test_who_acts_for_the_patient() -> None:
    assert "proxy" in flags({"contact": [{"name": {"family": "Synthetic"}}]})


LABELLED = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/"
            "extension-inline-sec-label",
            "valueCoding": {"code": "R"},
        }
    ]
}
CONF = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/iso21090-AD-use", "valueCode": "CONF"}
    ]
}


@pytest.mark.parametrize("mark", [LABELLED, CONF])
def test_a_hidden_contact_counts_where_it_is_touched(mark: dict[str, Any]) -> None:
    hidden = [{"system": "phone", "value": "555 0100", **mark}]
    assert "confidential-contact" in flags(PHONE, telecom=hidden)
    assert "confidential-contact" not in flags({"gender": "other"}, telecom=hidden)


@pytest.mark.parametrize(
    ("code", "group"),
    [("R", "restricted"), ("V", "very-restricted"), ("42CFRPart2", "part2"), ("PSY", "behavioural"),
     ("ETH", "substance-use"), ("HIV", "hiv"), ("SEX", "reproductive"), ("SDV", "violence")],
)  # fmt: skip
def test_groups(code: str, group: str) -> None:
    assert groups(frozenset({code})) == {group}


def test_what_is_not_sensitive_has_no_group() -> None:
    assert not groups(frozenset({"N", "HTEST", "AIAST"}))


def test_policy_names_the_groups_that_there_are() -> None:
    assert set(policy_document._LABELS) == set(GROUPS)


async def sent(bench: Bench) -> int:
    await run_once(bench.workspace, bench.epoch)
    return len(bench.ehr.sent)


async def test_a_minor_s_contact_never_goes_by_itself(bench: Bench) -> None:
    automatic(bench)
    bench.ehr.put(exact_object({**PATIENT, "birthDate": "2015-01-01"}))
    staged = await submit_changes(bench, phone_change(base_version="2"))
    assert staged.outcome != "auto" and "minor-contact" in codes(staged)
    assert not await sent(bench)


async def test_control_an_adult_s_does(bench: Bench) -> None:
    automatic(bench)
    assert (await submit_changes(bench, phone_change())).outcome == "auto"
    assert await sent(bench)


async def test_control_without_the_flag_the_minor_s_would(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.policy.engine.KEPT_FROM_AUTO", ())
    automatic(bench)
    bench.ehr.put(exact_object({**PATIENT, "birthDate": "2015-01-01"}))
    assert (await submit_changes(bench, phone_change(base_version="2"))).outcome == "auto"


async def test_the_age_of_majority_is_the_policy_s(bench: Bench) -> None:
    automatic(bench)
    text = bench.ledger.config("policy").document
    adopt(bench.workspace, "policy", text + "\n[minors]\nage_of_majority = 10\n")
    bench.ehr.put(exact_object({**PATIENT, "birthDate": "2015-01-01"}))
    assert (await submit_changes(bench, phone_change(base_version="2"))).outcome == "auto"


QUOTE = [{"source": "DocumentReference/n1", "quote": "essential hypertension", "supports": [0]}]
RESTRICTED = {"meta": {"security": [{"code": "R"}]}}


def names(bench: Bench, *labels: str) -> None:
    text = bench.ledger.config("policy").document
    listed = ", ".join(f'"{label}"' for label in labels)
    before, start, after = text.partition('id = "visit-documentation"\n')
    adopt(bench.workspace, "policy", f"{before}{start}named = [{listed}]\n{after}")


async def test_a_label_that_no_rule_names_denies(bench: Bench) -> None:
    bench.ehr.put(exact_object({**NOTE, **RESTRICTED}))
    staged = await submit_changes(bench, problem_change(), evidence=QUOTE)
    assert staged.outcome == "denied" and "label-not-named" in codes(staged)


async def test_control_without_the_label_it_goes_to_review(bench: Bench) -> None:
    assert (await submit_changes(bench, problem_change(), evidence=QUOTE)).outcome == "review"


async def test_named_it_is_raised_a_tier(bench: Bench) -> None:
    plain = row(bench, await submit_changes(bench, problem_change()))
    names(bench, "label:restricted")
    bench.ehr.put(exact_object({**NOTE, **RESTRICTED}))
    staged = await submit_changes(bench, problem_change(), correlation_id="c-2", evidence=QUOTE)
    assert "sensitive-label" in codes(staged) and row(bench, staged).tier != plain.tier
