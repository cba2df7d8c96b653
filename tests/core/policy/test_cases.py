"""Cases in a policy document, tried against the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest

from core.errors import BadInput
from core.policy import Request, parse_policy, sample_policy
from core.policy import case_request as module
from core.policy.case_request import request_keys
from core.policy.cases import Report, try_policy
from core.policy.inspection import check_adoptable, inspect_policy
from tests.core.policy.builders import allow, document, forbid

ASKED = {
    "name": '"a number"',
    "agent": '"desk-1"',
    "type": '"Patient"',
    "model": '"m-1"',
    "prompt": '"p-1"',
    "workflow": '"intake"',
    "touched": '["Patient.telecom.value"]',
    "expect": '"review"',
}


def case(**fields: str | None) -> str:
    found = {**ASKED, **fields}
    lines = [f"{key} = {value}" for key, value in found.items() if value is not None]
    return "\n".join(["[[case]]", *lines, ""])


def tried(*tables: str) -> Report:
    return try_policy(document(allow(), *tables))


def failures(*tables: str) -> tuple[str, ...]:
    return tuple(line for one in tried(*tables).failed for line in one.failures)


def test_a_case_that_comes_out_as_expected() -> None:
    whole = case(expect='"review"', tier='"low"', route='"desk"', rules='["contact"]', reasons="[]")
    assert failures(whole) == ()
    assert len(tried(whole).tried) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"expect": '"denied"'}, "outcome should be denied, but is review"),
        ({"tier": '"high"'}, "tier should be high, but is low"),
        ({"route": '"pair"'}, "route should be pair, but is desk"),
        ({"rules": "[]"}, "rules should be none, but is contact"),
        ({"reasons": '["no-rule"]'}, "reasons should be no-rule, but is none"),
        ({"agent": '"other"'}, "outcome should be review, but is denied"),
        ({"touched": '["Patient.telecom removed"]'}, "because of effect-not-allowed, no-rule"),
        ({"people": "{physician = 3}"}, "because of route-disabled"),
    ],
)
def test_what_came_otherwise_is_told(fields: dict[str, Any], told: str) -> None:
    assert told in failures(case(**fields))


def test_people_of_the_document_and_of_a_case() -> None:
    people = "[people]\ncoordinator = 0\n"
    assert "because of route-disabled" in failures(people, case())
    assert failures(people, case(people="{coordinator = 1}")) == ()


def test_the_default_effect_follows_the_operation() -> None:
    rule = allow(operations='["create", "update"]', effects='["added"]')
    text = document(rule, case(operation='"create"'))
    assert try_policy(text).failed == ()
    assert try_policy(document(rule, case(operation='"update"'))).failed


def test_a_case_without_ehr_is_about_the_only_one() -> None:
    assert failures(case()) == ()
    two = document(allow(ehrs='["north", "south"]'), case())
    with pytest.raises(BadInput) as caught:
        try_policy(two)
    assert caught.value.field == "case[0].ehr"


def test_every_fact_of_a_request_has_its_key() -> None:
    assert len(request_keys()) == len(fields(Request))
    rule = allow(
        types='["MedicationRequest"]', operations='["create"]', paths='["MedicationRequest.*"]',
        needs='["encounter", "evidence"]', min_confidence="0.8", where='{status = ["draft"]}',
        named='["contained"]', tier='"high"', route='"pair"',
    )  # fmt: skip
    whole = {
        "type": '"MedicationRequest"', "operation": '"create"', "ehr": '"north"',
        "touched": '["MedicationRequest.note added"]', "encounter": "true",
        "groundings": '["verified"]', "confidence": "0.85", "flags": '["contained"]',
        "values": '{status = "draft", intent = ["order"]}', "purpose": '"TREAT"',
        "sources": '[{reference = "DocumentReference/n", quote = "q", badge = "verified",'
        " agent_written = false, patient_written = false}]",
    }  # fmt: skip
    assert try_policy(document(rule, case(**whole))).failed == ()
    for left_out in ("encounter", "groundings", "sources", "flags", "values"):
        text = document(rule, case(**(whole if left_out == "flags" else {**whole, left_out: None})))
        if left_out == "flags":
            text = text.replace('named = ["contained"]', "")
        assert try_policy(text).failed, left_out
    lower = {**whole, "confidence": "0.5", "reasons": '["confidence-below-minimum"]'}
    assert try_policy(document(rule, case(**lower))).failed == ()


def test_a_fact_that_requests_learn_can_be_stated_at_once(monkeypatch: Any) -> None:
    @dataclass(frozen=True)
    class Quote:
        kind: str
        days: int = 0

    @dataclass(frozen=True)
    class Later(Request):
        amount: Decimal | None = None
        quotes: tuple[Quote, ...] = ()
        labels: frozenset[str] = field(default_factory=frozenset)

    Later.__annotations__ |= {
        "amount": Decimal | None, "quotes": tuple[Quote, ...], "labels": frozenset[str]
    }  # fmt: skip
    monkeypatch.setattr(module, "Request", Later)
    table = {"agent": "a", "ehr": "e", "type": "Patient", "touched": ["Patient.name"]}
    more = {"amount": Decimal("1.50"), "quotes": [{"kind": "note"}], "labels": ["R"]}
    made: Any = module.case_request({**table, **more}, "case[0]", None)
    assert (made.amount, made.quotes, made.labels) == (
        Decimal("1.50"), (Quote("note"),), frozenset({"R"})
    )  # fmt: skip
    assert module.case_request(table, "case[0]", None) != made
    with pytest.raises(BadInput, match=r"quotes\[0\].colour: unknown key"):
        module.case_request({**table, "quotes": [{"kind": "x", "colour": "y"}]}, "case[0]", None)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"colour": '"red"'}, "case[0].colour"),
        ({"name": None}, "case[0].name"),
        ({"expect": None}, "case[0].expect"),
        ({"expect": '"maybe"'}, "case[0].expect"),
        ({"agent": None}, "case[0].agent"),
        ({"agent": "3"}, "case[0].agent"),
        ({"touched": '"Patient.name"'}, "case[0].touched"),
        ({"touched": '["Patient.name gone at once"]'}, "case[0].touched[0]"),
        ({"touched": '["Patient.name lost"]'}, "case[0].touched[0].effect"),
        ({"touched": '["Condition.code"]'}, "case[0]"),
        ({"confidence": '"high"'}, "case[0].confidence"),
        ({"confidence": "1.5"}, "case[0]"),
        ({"encounter": '"yes"'}, "case[0].encounter"),
        ({"groundings": '["sure"]'}, "case[0].groundings[0]"),
        ({"values": '["draft"]'}, "case[0].values"),
        ({"values": "{status = 3}"}, "case[0].values.status[0]"),
        ({"rules": '["nobody"]'}, "case[0].rules"),
        ({"rules": '"contact"'}, "case[0].rules"),
        ({"tier": '"utmost"'}, "case[0].tier"),
        ({"route": '"away"'}, "case[0].route"),
        ({"people": "{physician = true}"}, "case[0].people"),
    ],
)
def test_a_malformed_case_is_refused_with_its_field(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(BadInput) as caught:
        try_policy(document(allow(), case(**fields)))
    assert caught.value.field == where
    assert caught.value.remedy


def test_an_unknown_key_is_answered_with_the_list() -> None:
    with pytest.raises(BadInput, match=r"name, expect, tier.*agent.*encounter"):
        try_policy(document(allow(), case(colour='"red"')))


def test_two_cases_share_no_name() -> None:
    with pytest.raises(BadInput, match=r"already stands at case\[0\]"):
        try_policy(document(allow(), case(), case()))


def test_coverage_counts_what_decided_and_what_matched() -> None:
    other = allow(id='"also"', tier='"medium"', route='"clinic"')
    never = allow(id='"never"', agents='["nobody"]')
    stop = forbid(paths='["Patient.birthDate"]')
    denied = case(name='"birth"', touched='["Patient.birthDate"]', expect='"denied"')
    report = try_policy(document(allow(), other, never, stop, case(), denied))
    found = {one.rule: (one.kind, one.decided, one.matched) for one in report.coverage}
    assert found == {
        "contact": ("allow", 0, 1),
        "also": ("allow", 1, 1),
        "never": ("allow", 0, 0),
        "stop": ("forbid", 1, 1),
    }
    assert [one.rule for one in report.uncovered] == ["contact", "never"]


def test_a_document_that_fails_its_own_case_is_not_adoptable() -> None:
    lax = document(allow(), case(expect='"denied"'))
    check_adoptable(lax)
    (found,) = [one for one in inspect_policy(lax, None) if one.field == "case[0]"]
    assert found.grade == "warning"
    text = document(allow(), case(expect='"denied"'), top="enforce_cases = true")
    parse_policy(text)
    with pytest.raises(BadInput, match="'a number' fails: outcome should be denied") as caught:
        check_adoptable(text)
    assert caught.value.field == "case[0]" and not inspect_policy(text, None)
    check_adoptable(document(allow(), case(), top="enforce_cases = true"))


def test_a_case_beyond_which_less_is_let_through_is_only_doubtful() -> None:
    text = document(allow(agents='["other"]'), case(), top="enforce_cases = true")
    check_adoptable(text)
    (found,) = [one for one in inspect_policy(text, None) if one.field == "case[0]"]
    assert found.grade == "warning" and "outcome should be review, but is denied" in found.problem


@pytest.mark.parametrize(
    ("told", "stops"),
    [
        ({"tier": '"medium"'}, True),
        ({"route": '"pair"'}, True),
        ({"route": '"clinic"'}, False),
        ({"rules": '["stop"]'}, False),
        ({"reasons": '["no-rule"]'}, False),
    ],
)
def test_what_asks_for_less_than_a_case_says_stops_adoption(
    told: dict[str, str], stops: bool
) -> None:
    rules = (allow(), forbid(agents='["x"]'), case(**told))
    text = document(*rules, top="enforce_cases = true")
    assert try_policy(text).failed
    if stops:
        with pytest.raises(BadInput):
            check_adoptable(text)
    else:
        check_adoptable(text)


def test_a_policy_in_force_is_readable_whatever_its_cases_say() -> None:
    text = document(allow(), case(colour='"red"'))
    assert parse_policy(text).allows
    with pytest.raises(BadInput):
        check_adoptable(text)


def test_cases_change_no_verdict() -> None:
    assert parse_policy(document(allow(), case())) == parse_policy(document(allow()))


@pytest.mark.parametrize("name", ["sandbox", "north.1", "a", "Epic_2"])
def test_the_sample_covers_every_rule_for_any_ehr(name: str) -> None:
    report = try_policy(sample_policy(name))
    assert report.tried and report.coverage
    assert (report.failed, report.uncovered) == ((), ())


def test_what_the_sample_only_shows_holds_too() -> None:
    text = sample_policy("sandbox")
    head, mark, tail = text.partition("# What must never pass belongs here too:\n#\n")
    assert mark
    shown = "\n".join(line.removeprefix("# ").removeprefix("#") for line in tail.splitlines())
    report = try_policy(head + shown)
    assert len(report.tried) == len(try_policy(text).tried) + 2
    assert report.failed == ()


def test_the_clinics_policy_covers_every_rule() -> None:
    text = resources.files("sync.clinic").joinpath("policy.toml").read_text("utf-8")
    report = try_policy(text.replace("EHR-NAME", "clinic"))
    assert report.tried
    assert (report.failed, report.uncovered) == ((), ())
