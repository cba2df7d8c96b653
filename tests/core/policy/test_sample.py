from __future__ import annotations

from typing import Any

import pytest

from core.errors import BadInput
from core.policy import Request, Verdict, parse_policy, sample_policy
from tests.core.policy.builders import create, evaluate, request, touched

ME = {"me": frozenset({"coordinator", "physician", "nurse", "supervisor"})}
TEAM = {**ME, "lee": frozenset({"physician"})}
ORDER = {"values": {"status": ("draft",), "intent": ("proposal",)}}


def verdict(asked: Request, people: dict[str, frozenset[str]] = ME) -> Verdict:
    return evaluate(parse_policy(sample_policy("sandbox")), asked, people)


def by(agent: str, **fields: Any) -> dict[str, Any]:
    return {"agent": agent, "ehr": "sandbox", **fields}


@pytest.mark.parametrize("agent", ["front-desk-1", "scribe-1"])
@pytest.mark.parametrize("element", ["telecom.value", "address.line", "name.family"])
@pytest.mark.parametrize("purpose", ["TREAT", "HOPERAT"])
def test_both_agents_may_update_contact_details(agent: str, element: str, purpose: str) -> None:
    asked = request(
        **by(agent, purpose=purpose, model="any", prompt="any", workflow="any"),
        touched=touched(f"Patient.{element}"),
    )
    found = verdict(asked)

    assert (found.outcome, found.rules) == ("review", ("patient-contact",))
    assert found.route is not None
    assert (found.route.id, found.route.quorum, found.route.hold_s) == ("coordinator", 1, 0)
    assert found.route.roles == ("coordinator",)
    assert found.route.rebase


@pytest.mark.parametrize(
    "asked",
    [
        create("Condition", "code.text", "subject.reference", **by("scribe-1")),
        create("Observation", "valueQuantity.value", **by("scribe-1")),
        create("DocumentReference", "content.attachment.data", **by("scribe-1")),
        request(
            **by("scribe-1"), type="Condition", touched=touched("Condition.clinicalStatus.coding")
        ),
    ],
)
def test_the_scribe_documents_for_one_clinician(asked: Request) -> None:
    found = verdict(asked)

    assert found.outcome == "review"
    assert found.route is not None
    assert found.route.id == "clinician"
    assert found.route.roles == ("nurse", "physician")
    assert found.route.quorum == 1


def test_a_medication_proposal_wants_two_clinicians_and_so_is_disabled_alone() -> None:
    asked = create("MedicationRequest", "status", "intent", **by("scribe-1", **ORDER))

    alone, team = verdict(asked), verdict(asked, TEAM)
    assert [reason.code for reason in alone.reasons] == ["route-disabled"]
    assert (team.outcome, team.tier, team.rules) == ("review", "high", ("medication-proposal",))
    assert team.route is not None
    assert (team.route.id, team.route.quorum) == ("two-clinicians", 2)


@pytest.mark.parametrize(
    "asked",
    [
        request(**by("front-desk-2")),
        request(**by("scribe-1", ehr="elsewhere")),
        request(**by("scribe-1", purpose="HMARKT")),
        request(**by("scribe-1"), touched=touched("Patient.birthDate")),
        request(**by("scribe-1"), touched=touched("Patient.telecom", effect="removed")),
        create("Patient", "name.family", **by("scribe-1")),
        create("Condition", **by("front-desk-1")),
        create("Condition", "meta.tag", **by("scribe-1")),
        create("Condition", "text.div", **by("scribe-1")),
        create("Condition", **by("scribe-1", flags=frozenset({"contained"}))),
        create("DocumentReference", **by("scribe-1", flags=frozenset({"attachment-url"}))),
        create("MedicationRequest", **by("front-desk-1", **ORDER)),
        create("MedicationRequest", **by("scribe-1", values={"intent": ("order",)})),
        request(**by("scribe-1"), type="Observation", touched=touched("Observation.status")),
        create("AllergyIntolerance", **by("scribe-1")),
        request(**by("scribe-1"), groundings=("not-found",)),
    ],
)
def test_everything_else_is_denied(asked: Request) -> None:
    assert verdict(asked, TEAM).outcome == "denied"


def test_no_confidence_alters_a_verdict_of_the_sample() -> None:
    policy = parse_policy(sample_policy("sandbox"))

    assert all(rule.min_confidence is None for rule in policy.allows)
    assert policy.consent_default == "permit"
    assert all(route.rebase and route.hold_s == 0 for route in policy.routes)


def test_the_sample_speaks_to_its_readers() -> None:
    text = sample_policy("north-ehr")

    assert text.count('ehrs = ["north-ehr"]') == 4
    assert "EHR-NAME" not in text
    for key in ("effects", "where", "needs", "min_confidence", "named", "medication_orders"):
        assert f"# {key}" in text


@pytest.mark.parametrize("name", ["", 'a"]', "a b", "a\n", "x" * 65])
def test_an_ehr_name_cannot_break_out_of_its_place(name: str) -> None:
    with pytest.raises(BadInput, match="EHR name"):
        sample_policy(name)
