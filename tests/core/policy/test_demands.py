"""Typed conditions on values and quotes, agents, urgencies and adoption phases, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.canonical import Number
from core.errors import BadInput
from core.policy import Request, Source, Verdict, evaluate, parse_policy
from core.policy.moments import earliest
from tests.core.policy.builders import PEOPLE, allow, create, document, forbid, request

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
UCUM = "http://unitsofmeasure.org"
OTHERS = Source("DocumentReference/n1", "q", "verified", "DocumentReference", "2026-11-20",
                agent_written=False, patient_written=False)  # fmt: skip


def _weight(text: str, unit: str = "kg", **members: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": Number(text), "code": unit, "system": UCUM, **members}}


def _observation(intended: dict[str, Any] | None, **fields: Any) -> Request:
    return create("Observation", "valueQuantity", intended=intended, now=NOW, **fields)


def _ask(text: str, asked: Request, phase: str = "3") -> Verdict:
    return evaluate(parse_policy(text), asked, PEOPLE, phase)


def _rule(check: str | None = None, **fields: str | None) -> str:
    usual = {
        "types": '["Observation"]', "operations": '["create", "update"]',
        "paths": '["Observation.*"]', "tier": '"medium"', "route": '"clinic"',
    }  # fmt: skip
    return document(allow(**{**usual, "check": check, **fields}))


def _checked(limits: str, asked: Request) -> Verdict:
    return _ask(_rule(f'[{{path = "Observation.value[x]", {limits}}}]'), asked)


@pytest.mark.parametrize(
    ("intended", "met"),
    [
        (_weight("68.40"), True),
        (_weight("1"), True),
        (_weight("300"), True),
        (_weight("300.01"), False),
        (_weight("0.999"), False),
        (_weight("68", "g"), False),
        (_weight("68", "KG"), False),
        (_weight("68", system="http://other"), False),
        (_weight("68", comparator="<"), False),
        ({"valueQuantity": {"value": Number("68"), "system": UCUM}}, False),
        ({"valueQuantity": {"code": "kg", "system": UCUM}}, False),
        ({"valueString": "68 kg"}, False),
        ({"_valueQuantity": {"extension": []}}, False),
        ({}, False),
        (None, False),
    ],
)
def test_bounds_in_a_unit(intended: dict[str, Any] | None, met: bool) -> None:
    verdict = _checked('min = 1, max = 300, unit = "kg"', _observation(intended))

    assert verdict.outcome == ("review" if met else "denied")
    assert met or "condition-not-met" in {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize(
    ("earlier", "met"),
    [
        (("70",), True), (("7",), True), (("700",), True), (("6.99",), False), (("701",), False),
        (("0",), False), (("-70",), False), (("70", "5"), False), ((), False), (None, False),
    ],
)  # fmt: skip
def test_at_most_ten_fold_of_the_value_before(earlier: Any, met: bool) -> None:
    before = None if earlier is None else tuple(_weight(text) for text in earlier)

    verdict = _checked("max_factor = 10", _observation(_weight("70"), earlier=before))

    assert (verdict.outcome == "review") is met


def test_a_first_value_may_do_without_a_predecessor_that_surely_is_not_there() -> None:
    limits = "max_factor = 10, first_value = true"

    assert _checked(limits, _observation(_weight("70"), earlier=())).outcome == "review"
    assert _checked(limits, _observation(_weight("70"), earlier=None)).outcome == "denied"
    other = (_weight("70000", "g"),)
    assert _checked(limits, _observation(_weight("70"), earlier=other)).outcome == "denied"


@pytest.mark.parametrize(
    ("otherwise", "outcome", "tier"),
    [("no-match", "review", "low"), ("highest-tier", "review", "high"), ("deny", "denied", "high")],
)
def test_what_an_unmet_check_leads_to_beside_a_laxer_rule(
    otherwise: str, outcome: str, tier: str
) -> None:
    check = f'[{{path = "Observation.value[x]", max = 10, otherwise = "{otherwise}"}}]'
    laxer = allow(id='"laxer"', types='["Observation"]', operations='["create"]',
                  paths='["Observation.*"]')  # fmt: skip

    verdict = _ask(_rule(check) + laxer, _observation({"valueInteger": Number("11")}))

    assert (verdict.outcome, verdict.tier) == (outcome, tier)
    assert all(trace.missed for trace in verdict.trace if trace.rule == "contact")


@pytest.mark.parametrize(
    ("limits", "value", "met"),
    [
        ('one_of = ["a", "b"]', "a", True), ('one_of = ["a"]', "A", False),
        ('none_of = ["a"]', "b", True), ('none_of = ["a"]', "a", False),
        ('none_of = ["a"]', {"text": "b"}, False),
        ('max_age = "1d"', "2026-11-22T09:00:00Z", True),
        ('max_age = "1d"', "2026-11-22T08:59:59Z", False),
        ('max_age = "1d"', "yesterday", False),
        ("not_future = true", "2026-11-23", True),
        ("not_future = true", "2026-11-24T00:00:00+14:00", False),
        ("not_future = true", "2026-11-25", False),
    ],
)  # fmt: skip
def test_codes_and_dates(limits: str, value: Any, met: bool) -> None:
    verdict = _checked(limits, _observation({"valueCode": value}))

    assert (verdict.outcome == "review") is met


def test_an_age_without_the_time_of_asking_is_unmet() -> None:
    asked = replace(_observation({"valueDateTime": "2026-11-23T08:00:00Z"}), now=None)

    assert _checked('max_age = "1d"', asked).outcome == "denied"


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-02-30", "2026-11-23T09:00:00", "26", "", "2026-11T09:00:00Z", "0001"]
)
def test_a_date_that_cannot_be_placed_is_none(text: str) -> None:
    assert earliest(text) is None


@pytest.mark.parametrize(
    ("demand", "sources", "met"),
    [
        ("{}", [OTHERS], True),
        ("{}", [replace(OTHERS, badge="weak")], False),
        ("{}", [replace(OTHERS, agent_written=True)], False),
        ("{}", [Source("DocumentReference/n1", "q", "verified")], False),
        ("{at_least = 2}", [OTHERS, OTHERS], False),
        ("{at_least = 2}", [OTHERS, replace(OTHERS, quote="r")], True),
        ('{kinds = ["Observation"]}', [OTHERS], False),
        ('{max_age = "4d"}', [OTHERS], True),
        ('{max_age = "3d"}', [OTHERS], False),
        ('{max_age = "3d"}', [replace(OTHERS, date="")], False),
        ("{patient_written = true}", [replace(OTHERS, patient_written=True)], True),
        ("{}", [], False),
    ],
)
def test_quotes_that_count(demand: str, sources: list[Source], met: bool) -> None:
    asked = _observation({}, sources=tuple(sources))

    assert (_ask(_rule(quotes=demand), asked).outcome == "review") is met


@pytest.mark.parametrize("written", ["agent_written", "patient_written"])
def test_an_agent_or_the_patient_alone_grounds_no_high_tier(written: str) -> None:
    high = _rule(needs='["evidence"]', tier='"high"', route='"pair"')
    alone = replace(OTHERS, **{written: True})

    found = _ask(high, _observation({}, sources=(alone,)))
    assert "evidence-not-independent" in {reason.code for reason in found.reasons}
    assert _ask(high, _observation({}, sources=(alone, OTHERS))).outcome == "review"
    assert _ask(_rule(needs='["evidence"]'), _observation({}, sources=(alone,))).outcome == "review"


def test_a_forbid_is_lifted_only_by_values_that_surely_meet_it() -> None:
    stop = forbid(
        paths='["Observation.value[x]"]', unless='[{path = "Observation.value[x]", max = 9}]'
    )
    text = _rule() + stop

    assert _ask(text, _observation({"valueInteger": Number("9")})).outcome == "review"
    assert _ask(text, _observation({"valueInteger": Number("10")})).outcome == "denied"
    assert _ask(text, _observation({"valueString": "9"})).outcome == "denied"
    assert _ask(text, _observation(None)).outcome == "denied"


AGENT = '[[agent]]\nid = "desk-1"\nmodels = ["m-1"]\nprompts = ["p-1"]\nmax_urgency = "urgent"\n'


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"model": "m-2"}, "model-not-registered"), ({"prompt": "p-2"}, "prompt-not-registered")],
)
def test_a_claim_outside_the_registered_ones_denies(fields: dict[str, str], code: str) -> None:
    text = document(allow(models='["*"]', prompts='["*"]'), AGENT)

    assert _ask(text, request(urgency="routine")).outcome == "review"
    found = _ask(text, request(urgency="routine", **fields))
    assert (found.outcome, found.reasons[0].code) == ("denied", code)


def test_an_urgency_above_the_cap_counts_as_the_cap_and_says_so() -> None:
    text = document(allow(urgencies='["urgent"]'), AGENT)

    found = _ask(text, request(urgency="stat"))
    assert (found.outcome, found.reasons[-1].code) == ("review", "urgency-capped")
    assert _ask(text, request(urgency="urgent")).reasons == ()
    assert _ask(text, request(urgency="routine")).outcome == "denied"
    assert _ask(text, request()).reasons[0].code == "request-incomplete"
    assert _ask(text + forbid(urgencies='["stat"]'), request(urgency="stat")).outcome == "denied"


DRAFT = {"values": {"status": ("preliminary",)}}
FINAL = {"values": {"status": ("final",)}}


@pytest.mark.parametrize(
    ("phase", "fields", "outcome"),
    [
        ("1", DRAFT, "review"), ("1", FINAL, "denied"), ("1", {}, "denied"),
        ("1", {**DRAFT, "operation": "update"}, "denied"),
        ("2", FINAL, "review"), ("2", {**DRAFT, "operation": "update"}, "denied"),
        ("3", {**FINAL, "operation": "update"}, "review"), ("", DRAFT, "denied"),
    ],
)  # fmt: skip
def test_a_phase_caps_what_rules_allow(phase: str, fields: dict[str, Any], outcome: str) -> None:
    found = _ask(_rule(), _observation({}, **fields), phase)

    assert found.outcome == outcome
    assert outcome == "review" or found.reasons[0].code == "phase-not-reached"


def test_before_phase_3_updates_of_the_lowest_tier_pass_and_nothing_without_a_person() -> None:
    auto = 'enabled = true\npaths = ["Patient.telecom"]'
    text = document(allow(route='"auto"'), auto=f"[auto]\n{auto}")

    assert _ask(document(allow()), request(), "2").outcome == "review"
    assert _ask(document(allow()), request(), "1").outcome == "denied"
    assert _ask(text, request(), "2").outcome == "denied"
    assert _ask(text, request(), "3").outcome == "auto"


V = 'path = "Observation.value[x]"'


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (_rule('[{path = "Observation.*", max = 1}]'), "allow[0].check[0].path"),
        (_rule('[{path = "Patient.name", max = 1}]'), "allow[0].check[0].path"),
        (_rule('[{path = "Observation.value[x]"}]'), "allow[0].check[0]"),
        (_rule('[{path = "Observation.value[x]", max = 1, min = 2}]'), "allow[0].check[0].min"),
        (_rule('[{path = "Observation.value[x]", max = nan}]'), "allow[0].check[0].max"),
        (_rule('[{path = "Observation.value[x]", max = 1e99}]'), "allow[0].check[0].max"),
        (_rule(f'[{{{V}, max_factor = 1}}]'), "allow[0].check[0].max_factor"),
        (_rule('[{path = "Observation.value[x]", one_of = []}]'), "allow[0].check[0].one_of"),
        (_rule('[{path = "Observation.value[x]", one_of = ["*"]}]'), "allow[0].check[0].one_of"),
        (_rule(f'[{{{V}, max = 1, not_future = true}}]'), "allow[0].check[0]"),
        (_rule(f'[{{{V}, one_of = ["a"], unit = "kg"}}]'), "allow[0].check[0].unit"),
        (_rule('[{path = "Observation.code", maxx = 1}]'), "allow[0].check[0].maxx"),
        (_rule(quotes="{at_least = 0}"), "allow[0].quotes.at_least"),
        (_rule(urgencies='["soon"]'), "allow[0].urgencies[0]"),
        (document(allow(), AGENT, AGENT), "agent[1].id"),
        (document(allow(), '[[agent]]\nid = "a"\nmax_open = 0\n'), "agent[0].max_open"),
        (document(allow(), forbid(unless='[{path = "Patient.name", otherwise = "deny", max = 1}]')),
         "forbid[0].unless[0].otherwise"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_stand_names_its_field_and_a_remedy(rule: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_policy(rule)

    assert caught.value.field == field
    assert caught.value.remedy


def test_an_unknown_key_of_a_check_is_answered_with_the_keys_of_a_check() -> None:
    with pytest.raises(BadInput, match="max_factor"):
        parse_policy(_rule('[{path = "Observation.code", maxx = 1}]'))
