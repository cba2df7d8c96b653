from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.policy import REASONS, Touched, Verdict, parse_policy
from tests.core.policy.builders import PEOPLE, allow, document, evaluate, forbid, request, touched

URL = "http://example.org/ext"


def verdict(text: str, asked: Any = None, people: Any = None) -> Verdict:
    return evaluate(parse_policy(text), asked or request(), PEOPLE if people is None else people)


def codes(found: Verdict) -> list[str]:
    return [reason.code for reason in found.reasons]


def test_a_covered_change_goes_to_review_on_the_rules_route() -> None:
    found = verdict(document(allow()))

    assert (found.outcome, found.tier, found.rules) == ("review", "low", ("contact",))
    assert found.route is not None
    assert found.route.id == "desk"
    assert found.reasons == ()
    assert [(line.rule, line.matched, line.missed) for line in found.trace] == [
        ("contact", True, ())
    ]


def test_nothing_is_allowed_where_no_rule_stands() -> None:
    found = verdict(document())

    assert (found.outcome, found.tier, found.rules, found.route) == ("denied", "high", (), None)
    assert codes(found) == ["no-rule"]


@pytest.mark.parametrize(
    ("fields", "missed"),
    [
        ({"agent": "scribe-2"}, "agent scribe-2 is not in agents"),
        ({"ehr": "south"}, "ehr south is not in ehrs"),
        ({"operation": "create"}, "operation create is not in operations"),
        ({"purpose": "HMARKT"}, "purpose HMARKT is not in purposes"),
        ({"workflow": "other"}, "workflow other is not in workflows"),
        ({"model": "m-2"}, "model m-2 is not in models"),
        ({"prompt": "p-2"}, "prompt p-2 is not in prompts"),
        (
            {"type": "Person", "touched": touched("Person.telecom")},
            "type Person is not in types",
        ),
    ],
)
def test_each_match_field_must_match_and_says_so(fields: dict[str, Any], missed: str) -> None:
    found = verdict(document(allow()), request(**fields))

    assert found.outcome == "denied"
    assert codes(found) == ["no-rule"]
    assert missed in found.trace[0].missed


@pytest.mark.parametrize("key", ["agents", "ehrs", "purposes", "workflows", "models", "prompts"])
def test_a_star_takes_any_value(key: str) -> None:
    other = {"agent": "x", "ehr": "x", "purpose": "X", "workflow": "x", "model": "x", "prompt": "x"}
    field = key.removesuffix("s")
    asked = request(**{field: other[field]})

    assert verdict(document(allow()), asked).outcome == "denied"
    assert verdict(document(allow(**{key: '["*"]'})), asked).outcome == "review"


def test_one_rule_must_cover_every_touched_element() -> None:
    both = request(touched=touched("Patient.telecom.value", "Patient.name.family"))
    two = document(allow(), allow(id='"names"', paths='["Patient.name"]'))
    one = document(allow(paths='["Patient.telecom", "Patient.name"]'))

    found = verdict(two, both)
    assert found.outcome == "denied"
    assert codes(found) == ["no-rule", "path-not-covered"]
    assert found.trace[0].missed == ("path Patient.name.family is not covered",)
    assert verdict(one, both).outcome == "review"


def test_removal_is_allowed_only_where_it_is_named() -> None:
    asked = request(touched=(Touched("Patient.telecom", "removed"),))

    found = verdict(document(allow()), asked)
    assert codes(found) == ["no-rule", "effect-not-allowed"]
    assert found.trace[0].missed == ("effect removed on Patient.telecom is not allowed",)
    assert verdict(document(allow(effects='["removed"]')), asked).outcome == "review"


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({}, True),
        ({"paths": '["Patient.telecom.value"]'}, True),
        ({"paths": '["Patient.name"]'}, False),
        ({"effects": '["changed"]'}, True),
        ({"effects": '["removed"]'}, False),
        ({"agents": '["desk-1"]', "ehrs": '["north"]', "types": '["Patient"]'}, True),
        ({"operations": '["update"]', "purposes": '["TREAT"]'}, True),
        ({"workflows": '["intake"]', "models": '["m-1"]', "prompts": '["p-1"]'}, True),
        ({"agents": '["desk-2"]'}, False),
        ({"models": '["m-2"]'}, False),
        ({"paths": '["Patient.telecom"]', "prompts": '["p-2"]'}, False),
    ],
)
def test_a_forbid_that_matches_beats_every_allow(fields: dict[str, str], matches: bool) -> None:
    found = verdict(document(allow(), forbid(**fields)))

    assert (found.outcome == "denied") is matches
    assert (found.trace[0].kind, found.trace[0].matched) == ("forbid", matches)
    if matches:
        assert found.rules == ("stop",)
        assert [(r.code, r.text) for r in found.reasons] == [
            ("forbidden", "Not here; ask the desk.")
        ]
    else:
        assert found.trace[0].missed


def test_one_forbidden_element_among_several_is_enough_and_all_forbids_are_named() -> None:
    asked = request(touched=touched("Patient.telecom.value", "Patient.name.family"))
    rules = (
        allow(paths='["Patient.telecom", "Patient.name"]'),
        forbid(id='"z"', paths='["Patient.name"]'),
        forbid(id='"a"', agents='["desk-1"]'),
    )

    assert verdict(document(*rules), asked).rules == ("a", "z")


@pytest.mark.parametrize(
    ("fields", "people", "decides"),
    [
        ({"tier": '"medium"', "route": '"desk"'}, PEOPLE, "other"),
        ({"tier": '"low"', "route": '"pair"'}, PEOPLE, "other"),
        ({"tier": '"low"', "route": '"clinic"'}, PEOPLE, "contact"),
    ],
)
def test_the_strictest_of_several_rules_counts(
    fields: dict[str, str], people: Any, decides: str
) -> None:
    one, other = allow(), allow(id='"other"', **fields)

    assert verdict(document(one, other), people=people).rules == (decides,)
    assert verdict(document(other, one), people=people).rules == (decides,)


ORDER = [
    {},
    {"attestation": '["document-seen"]'},
    {"roles": '["physician"]'},
    {"hold": '"1h"'},
    {"rebase": "false"},
    {"expires": '"1h"'},
    {"reach_by": '"1h"'},
    {"id": '"z"'},
]


@pytest.mark.parametrize("stricter", ORDER[1:], ids=lambda fields: next(iter(fields)))
def test_each_criterion_of_the_order_decides_alone(stricter: dict[str, str]) -> None:
    usual = {
        "id": '"m"',
        "roles": '["physician", "nurse"]',
        "quorum": "1",
        "expires": '"8h"',
        "hold": '"0s"',
        "rebase": "true",
    }
    routes = [{**usual, "id": '"n"', **stricter}, usual]
    tables = ["\n".join(["[[route]]", *(f"{k} = {v}" for k, v in r.items())]) for r in routes]
    strict = allow(id='"strict"', route=routes[0]["id"])
    lax = allow(id='"lax"', route='"m"')

    for rules in ((strict, lax), (lax, strict)):
        assert verdict(document(*tables, *rules)).rules == ("strict",)


def test_a_route_that_may_write_unfenced_is_the_less_strict_one() -> None:
    common = 'roles = ["nurse"]\nquorum = 1\nexpires = "8h"\nhold = "0s"\nrebase = true'
    tables = (f'[[route]]\nid = "a"\n{common}', f'[[route]]\nid = "b"\n{common}\nunfenced = true')
    rules = (allow(id='"fenced"', route='"a"'), allow(id='"unfenced"', route='"b"'))

    assert verdict(document(*tables, *rules)).rules == ("fenced",)


def test_among_equal_quorums_the_highest_tiers_route_counts_as_stricter() -> None:
    narrow = """
[[route]]
id = "zz"
roles = ["physician"]
quorum = 2
expires = "1h"
hold = "30m"
rebase = false
"""
    rules = (allow(id='"narrow"', route='"zz"'), allow(id='"highest"', route='"pair"'))

    assert verdict(document(narrow, *rules)).rules == ("highest",)


def test_rules_equal_in_tier_and_route_decide_together() -> None:
    assert verdict(document(allow(id='"b"'), allow(id='"a"'))).rules == ("a", "b")


def test_confidence_below_the_minimum_moves_to_the_highest_tier_and_route() -> None:
    text = document(allow(min_confidence="0.8"))

    low = verdict(text, request(confidence=Decimal("0.79")))
    assert (low.outcome, low.tier, codes(low)) == ("review", "high", ["confidence-below-minimum"])
    assert low.route is not None
    assert low.route.id == "pair"
    assert verdict(text, request(confidence=Decimal("0.80"))).tier == "low"


@pytest.mark.parametrize(
    ("badge", "not_found", "outcome", "tier"),
    [
        ("verified", "deny", "review", "low"),
        ("weak", "deny", "review", "low"),
        ("not-found", "deny", "denied", "high"),
        ("not-found", "highest-tier", "review", "high"),
        ("unavailable", "deny", "review", "high"),
        ("unavailable", "highest-tier", "review", "high"),
    ],
)
def test_evidence_that_is_not_grounded_tightens(
    badge: str, not_found: str, outcome: str, tier: str
) -> None:
    found = verdict(document(allow(), not_found=not_found), request(groundings=("verified", badge)))

    assert (found.outcome, found.tier) == (outcome, tier)
    assert ("evidence-not-grounded" in codes(found)) is (tier == "high")
    assert found.route is None or found.route.id == {"low": "desk", "high": "pair"}[tier]


@pytest.mark.parametrize(
    ("tier", "route", "raised", "expected"),
    [
        ("low", "desk", "medium", "desk"),
        ("medium", "clinic", "high", "pair"),
        ("high", "clinic", "high", "clinic"),
    ],
)
def test_a_kept_narrative_raises_the_tier_by_one(
    tier: str, route: str, raised: str, expected: str
) -> None:
    text = document(allow(tier=f'"{tier}"', route=f'"{route}"'))
    found = verdict(text, request(flags=frozenset({"narrative-kept"})))

    assert (found.outcome, found.tier) == ("review", raised)
    assert found.route is not None
    assert found.route.id == expected
    assert codes(found) == ["narrative-kept"]


@pytest.mark.parametrize(
    ("people", "outcome"),
    [
        ({}, "denied"),
        ({"ben": frozenset({"physician", "nurse"})}, "denied"),
        ({"ben": frozenset({"physician"}), "ann": frozenset({"coordinator"})}, "denied"),
        ({"ben": frozenset({"physician"}), "eve": frozenset({"nurse"})}, "review"),
    ],
)
def test_a_route_without_enough_distinct_people_is_disabled_not_weakened(
    people: dict[str, frozenset[str]], outcome: str
) -> None:
    strict = allow(id='"strict"', tier='"high"', route='"pair"')
    found = verdict(document(allow(), strict), people=people)

    assert found.outcome == outcome
    assert found.rules == ("strict",)
    assert codes(found) == ([] if outcome == "review" else ["route-disabled"])


def test_tightening_into_a_disabled_route_denies_and_says_both() -> None:
    solo = {"ann": frozenset({"coordinator", "physician"})}
    found = verdict(document(allow()), request(groundings=("unavailable",)), solo)

    assert (found.outcome, found.route) == ("denied", None)
    assert codes(found) == ["route-disabled", "evidence-not-grounded"]


AUTO = '[auto]\nenabled = true\npaths = ["Patient.telecom"]\n'


def test_automatic_approval_has_no_route_and_any_doubt_ends_it() -> None:
    text = document(allow(route='"auto"'), auto=AUTO)

    found = verdict(text, people={})
    assert (found.outcome, found.tier, found.route) == ("auto", "low", None)
    for fields in ({"flags": frozenset({"narrative-kept"})}, {"groundings": ("unavailable",)}):
        doubted = verdict(text, request(**fields))
        assert doubted.outcome == "review"
        assert doubted.route is not None
        assert doubted.route.id == "pair"
    with_person = document(allow(route='"auto"'), allow(id='"seen"'), auto=AUTO)
    assert verdict(with_person).rules == ("seen",)


OPEN = allow(
    **dict.fromkeys(("agents", "ehrs", "operations", "purposes"), '["*"]'),
    **dict.fromkeys(("workflows", "models", "prompts"), '["*"]'),
)


@pytest.mark.parametrize(
    "fields",
    [
        *({name: ""} for name in ("agent", "model", "prompt", "ehr", "purpose", "workflow")),
        {"agent": " "},
        {"operation": "delete"},
        {"type": ""},
        {"type": "Person"},
        {"confidence": Decimal("NaN")},
        {"confidence": Decimal("Infinity")},
        {"confidence": Decimal("-0.1")},
        {"confidence": Decimal("1.01")},
        {"groundings": ("checked",)},
        {"touched": (Touched("Patient.telecom", "moved"),)},  # type: ignore[arg-type]
        {"touched": touched("Patient")},
        {"touched": touched("Patient.telecom[0].value")},
        {"touched": touched("Patient.telecom", "Person.telecom")},
        {"touched": touched("Patient.telecom._value")},
    ],
    ids=str,
)
def test_a_missing_or_unreadable_fact_never_allows(fields: dict[str, Any]) -> None:
    assert verdict(document(OPEN)).outcome == "review"

    found = verdict(document(OPEN), request(**fields))
    assert found.outcome == "denied"
    assert codes(found) == ["request-incomplete"]


@pytest.mark.parametrize("operation", ["create", "update"])
def test_a_change_that_touches_nothing_is_denied(operation: str) -> None:
    found = verdict(document(OPEN), request(touched=(), operation=operation))

    assert (found.outcome, codes(found)) == ("denied", ["nothing-changed"])


def test_reasons_are_static_sentences_that_repeat_nothing_of_the_request() -> None:
    marked = f"extension:{URL}/Ada-Lovelace"
    found = verdict(document(allow()), request(workflow="Ada", flags=frozenset({marked})))

    assert found.reasons
    for reason in found.reasons:
        assert reason.text == REASONS[reason.code]
        assert "Ada" not in reason.code
    assert all(text.endswith(".") and text.count(". ") == 0 for text in REASONS.values())
