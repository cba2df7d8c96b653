"""What Consents come to: bases, exceptions, periods, actors, revocation; doubt never allows."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.consent import Asked, denies, evaluate, labels_of, permits

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ASKED = Asked("Patient/1", "scribe-1", "TREAT", "Condition", "create", NOW)
OURS = replace(ASKED, actors=frozenset({"Organization/ours"}))


def concept(code: str, system: str = "http://example.org/codes") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def consent(
    provision: dict[str, Any] | None = None, rule: str | None = None, **more: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Consent",
        "id": "c1",
        "meta": {"versionId": "3"},
        "status": "active",
        "scope": concept("patient-privacy"),
        "category": [concept("59284-0")],
        "patient": {"reference": "Patient/1"},
        "dateTime": "2026-01-01",
    }
    if provision is not None:
        found["provision"] = provision
    if rule is not None:
        found["policyRule"] = concept(rule)
    return {**found, **more}


def actor(reference: str) -> dict[str, Any]:
    return {"role": concept("PRCP"), "reference": {"reference": reference}}


def purpose(code: str) -> dict[str, Any]:
    return {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": code}


def word(*consents: dict[str, Any], asked: Asked = ASKED, default: Any = "permit") -> str:
    return evaluate(consents, asked, default).partition(" ")[0]


PERMIT, DENY = {"type": "permit"}, {"type": "deny"}
PAST, FUTURE = {"end": "2026-11-22"}, {"start": "2026-11-24"}
AROUND = {"start": "2026", "end": "2026-11"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (consent(rule="OPTIN"), "permit"),
        (consent(rule="OPTOUT"), "deny"),
        (consent(PERMIT), "permit"),
        (consent(DENY), "deny"),
        (consent({}, "OPTIN"), "permit"),
        (consent({"period": AROUND}, "OPTIN"), "permit"),
        (consent({"period": PAST}, "OPTIN"), "deny"),
        (consent({"period": FUTURE}, "OPTIN"), "deny"),
        (consent({"period": AROUND}, "OPTOUT"), "deny"),
        (consent({"period": PAST}, "OPTOUT"), "default:permit"),
        (consent(PERMIT, status="inactive"), "deny"),
        (consent(PERMIT, status="rejected"), "deny"),
        (consent(DENY, status="inactive"), "default:permit"),
        (consent(DENY, status="draft"), "default:permit"),
        (consent(DENY, status="entered-in-error"), "default:permit"),
        (consent(DENY, scope=concept("research")), "default:permit"),
        (consent(DENY, scope=concept("some-other-scope")), "deny"),
        (consent(DENY, patient={"reference": "Patient/2"}), "default:permit"),
        (consent(DENY, patient={"reference": "http://ehr/fhir/Patient/1"}), "deny"),
    ],
)  # fmt: skip
def test_base_period_status_scope_and_patient(given: dict[str, Any], expected: str) -> None:
    assert word(given) == expected


@pytest.mark.parametrize(
    ("criterion", "asked", "met"),
    [
        ({"purpose": [purpose("TREAT")]}, ASKED, True),
        ({"purpose": [purpose("HOPERAT"), purpose("TREAT")]}, ASKED, True),
        ({"purpose": [purpose("MLTRAINING")]}, ASKED, False),
        ({"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Condition"}]},
         ASKED, True),
        ({"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]},
         ASKED, False),
        ({"action": [concept("collect")]}, ASKED, True),
        ({"action": [concept("access"), concept("correct")]}, ASKED, True),
        ({"action": [concept("access")]}, ASKED, False),
        ({"action": [concept("collect")]}, replace(ASKED, operation="update"), False),
        ({"actor": [actor("Device/scribe-1")]}, ASKED, True),
        ({"actor": [{"role": concept("PRCP"), "reference": {"identifier": {"value": "scribe-1"}}}]},
         ASKED, True),
        ({"actor": [actor("Device/other")]}, ASKED, False),
        ({"actor": [actor("Organization/ours")]}, OURS, True),
        ({"actor": [actor("Organization/other")]}, OURS, False),
        ({"securityLabel": [{"code": "PSY"}]}, replace(ASKED, labels=frozenset({"PSY"})), True),
        ({"securityLabel": [{"code": "PSY"}]}, ASKED, False),
        ({"purpose": [purpose("TREAT")], "action": [concept("access")]}, ASKED, False),
    ],
)  # fmt: skip
def test_each_criterion_of_a_typed_root_and_of_an_exception(
    criterion: dict[str, Any], asked: Asked, met: bool
) -> None:
    root_permit = consent({"type": "permit", **criterion})
    assert word(root_permit, asked=asked, default="deny") == ("permit" if met else "default:deny")
    root_deny = consent({"type": "deny", **criterion})
    assert word(root_deny, asked=asked) == ("deny" if met else "default:permit")
    exception = consent({"provision": [{"type": "deny", **criterion}]}, "OPTIN")
    assert word(exception, asked=asked) == ("deny" if met else "permit")
    allowed = consent({"provision": [{"type": "permit", **criterion}]}, "OPTOUT")
    assert word(allowed, asked=asked) == ("permit" if met else "deny")


@pytest.mark.parametrize(
    "criterion",
    [
        {"actor": [actor("Organization/x")]},
        {"actor": [{"role": concept("PRCP"), "reference": {"display": "Somebody"}}]},
        {"data": [{"meaning": "related", "reference": {"reference": "Task/1"}}]},
        {"dataPeriod": AROUND},
        {"code": [concept("34133-9")]},
        {"class": [{"system": "urn:ietf:bcp:13", "code": "application/hl7-cda+xml"}]},
    ],
)
def test_what_cannot_be_told_never_allows_and_never_widens(criterion: dict[str, Any]) -> None:
    assert word(consent({"provision": [{"type": "deny", **criterion}]}, "OPTIN")) == "unreadable"
    assert word(consent({"type": "permit", **criterion})) == "unreadable"
    assert not permits(
        evaluate(
            [consent({"provision": [{"type": "permit", **criterion}]}, "OPTOUT")], ASKED, "deny"
        )
    )


def test_exceptions_alternate_and_the_deciding_one_is_named() -> None:
    deep = {"type": "deny", "provision": [{"type": "permit", "purpose": [purpose("TREAT")]}]}
    given = consent({"provision": [{"type": "permit", "purpose": [purpose("X")]}, deep]}, "OPTIN")
    assert evaluate([given], ASKED, "deny") == "permit Consent/c1 version 3 provision 2.1"
    other = replace(ASKED, purpose="HPAYMT")
    assert evaluate([given], other, "permit") == "deny Consent/c1 version 3 provision 2"


def test_a_denial_overrides_within_and_between_consents() -> None:
    both = consent({"provision": [PERMIT, DENY]}, "OPTIN")
    assert word(both) == "deny"
    assert word(consent(PERMIT), consent(DENY)) == "deny"
    assert word(consent(PERMIT), consent(PERMIT)) == "permit"
    assert word(consent(PERMIT), consent({}, id="odd")) == "unreadable"
    assert word(consent(DENY), consent({}, id="odd")) == "deny"


def test_only_a_newer_consent_heals_a_revoked_one() -> None:
    revoked = consent(PERMIT, status="inactive", dateTime="2026-02-01")
    assert word(revoked, consent(PERMIT, dateTime="2026-03-01")) == "permit"
    assert word(revoked, consent(PERMIT, dateTime="2026-01-01")) == "deny"
    assert word(revoked, consent(PERMIT, dateTime="2026-02-01")) == "deny"


BROKEN: list[dict[str, Any]] = [
    consent(),
    consent({}),
    consent({"type": "perhaps"}),
    consent(PERMIT, status="strange"),
    consent(PERMIT, scope=None),
    consent(PERMIT, patient=None),
    consent({"type": "permit", "period": {}}),
    consent({"type": "permit", "period": {"start": "yesterday"}}),
    consent({"type": "permit", "period": {"start": "2026-13"}}),
    consent({"type": "permit", "period": {"end": "2026-11-31"}}),
    consent({"type": "permit", "purpose": [{"display": "treatment"}]}),
    consent({"type": "permit", "actor": [{"role": concept("PRCP")}]}),
    consent({"provision": {"type": "permit"}}, "OPTIN"),
    consent({"provision": ["permit"]}, "OPTIN"),
    consent({"provision": [{"purpose": [purpose("TREAT")]}]}, "OPTIN"),
    consent(rule=None, policyRule=concept("Policy-basic-normal")),
    consent(rule=None, policyRule={"coding": [{"code": "OPTIN"}, {"code": "OPTOUT"}]}),
    consent(provision=None, rule=None, policy=[{"uri": "http://example.org/policy"}]),
    consent(["permit"]),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("given", BROKEN)
def test_what_cannot_be_read_never_allows(given: dict[str, Any]) -> None:
    answer = evaluate([given], ASKED, "permit")
    assert answer.startswith("unreadable ") and not permits(answer) and not denies(answer)


def test_a_bottomless_consent_is_unreadable() -> None:
    provision: dict[str, Any] = {"type": "permit"}
    for _ in range(50):
        provision = {"type": "permit", "provision": [provision]}
    assert word(consent(provision)) == "unreadable"


@pytest.mark.parametrize(
    ("period", "at", "inside"),
    [
        ({"end": "2026-11-23"}, NOW, True),
        ({"end": "2026-11"}, datetime(2026, 11, 30, 23, 59, tzinfo=UTC), True),
        ({"end": "2026-12"}, datetime(2026, 12, 31, 23, 59, tzinfo=UTC), True),
        ({"end": "2026-11"}, datetime(2026, 12, 1, tzinfo=UTC), False),
        ({"end": "2025"}, NOW, False),
        ({"start": "2026-11-23T09:00:00Z"}, NOW, True),
        ({"start": "2026-11-23T09:00:01Z"}, NOW, False),
        ({"start": "2026-11-23T10:00:00+02:00"}, NOW, True),
        ({"end": "2026-11-23T08:59:59Z"}, NOW, False),
    ],
)
def test_a_bound_includes_all_it_names(period: dict[str, str], at: datetime, inside: bool) -> None:
    given = consent({"type": "permit", "period": period})
    assert word(given, asked=replace(ASKED, at=at)) == ("permit" if inside else "deny")


def test_labels_are_read_from_what_is_there_and_what_is_to_be() -> None:
    here = {"meta": {"security": [{"code": "PSY"}, {"display": "x"}, "odd"]}}
    assert labels_of(here, None, {"meta": {"security": [{"code": "R"}]}}) == {"PSY", "R"}
    assert labels_of({"meta": []}, {}) == frozenset()


@pytest.mark.parametrize("answer", ["", "Permit", "permitted", "unreadable x", "deny x", "none"])
def test_only_the_known_words_allow(answer: str) -> None:
    assert not permits(answer)


PROVISIONS = st.recursive(
    st.fixed_dictionaries(
        {}, optional={"type": st.sampled_from(["permit", "deny"]),
                      "purpose": st.sampled_from([[purpose("TREAT")], [purpose("X")]]),
                      "period": st.sampled_from([PAST, AROUND])},
    ),
    lambda inner: st.builds(
        lambda one, below: {**one, "provision": below},
        st.fixed_dictionaries({}, optional={"type": st.sampled_from(["permit", "deny"])}),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip
CONSENTS = st.lists(
    st.builds(
        lambda provision, rule, status: consent(provision, rule, status=status),
        PROVISIONS,
        st.sampled_from([None, "OPTIN", "OPTOUT"]),
        st.sampled_from(["active", "inactive", "draft"]),
    ),
    max_size=4,
)


@given(CONSENTS, CONSENTS, st.sampled_from(["permit", "deny"]))
def test_adding_a_denial_or_revoking_never_allows(
    some: list[dict[str, Any]], more: list[dict[str, Any]], default: Any
) -> None:
    before = evaluate(some, ASKED, default)
    assert not permits(evaluate([*some, consent(DENY), *more], ASKED, default))
    assert evaluate(deepcopy(some), ASKED, default) == before
    if not permits(before) and not before.startswith("default"):
        revoked = [{**one, "status": "inactive"} for one in more]
        assert not permits(evaluate([*some, *revoked], ASKED, default))


@pytest.mark.parametrize(
    ("permitted", "revoked"),
    [
        ("2026-03-01T01:00:00+14:00", "2026-02-28T20:00:00Z"),
        ("2026-03-01", "2026-03-01T23:00:00Z"),
        ("2026", "2026-02-01"),
        ("2026-03-01", None),
        (None, "2026-03-01"),
        ("2026-03-01", "some day"),
    ],
)
def test_a_permission_not_surely_newer_than_the_revoked_one_does_not_heal_it(
    permitted: str | None, revoked: str | None
) -> None:
    newer = consent(PERMIT, id="c2", dateTime=permitted)
    former = consent(PERMIT, status="inactive", dateTime=revoked)

    assert word(newer, former) == "deny"


def test_a_permission_newer_in_its_own_zone_heals() -> None:
    newer = consent(PERMIT, id="c2", dateTime="2026-02-28T20:00:00-05:00")

    former = consent(PERMIT, status="inactive", dateTime="2026-02-28T23:00:00Z")
    assert word(newer, former) == "permit"


@pytest.mark.parametrize("end", ["9999", "9999-12", "9999-12-31", "9999-12-31T23:59:59Z"])
def test_a_consent_may_be_given_for_ever(end: str) -> None:
    assert word(consent({"type": "permit", "period": {"end": end}})) == "permit"
