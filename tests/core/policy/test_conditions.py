from __future__ import annotations

from typing import Any

import pytest

from core.policy import Verdict, parse_policy
from tests.core.policy.builders import PEOPLE, allow, create, document, evaluate, request

URL = "http://example.org/ext"


def verdict(text: str, asked: Any = None, people: Any = None) -> Verdict:
    return evaluate(parse_policy(text), asked or request(), PEOPLE if people is None else people)


def codes(found: Verdict) -> list[str]:
    return [reason.code for reason in found.reasons]


@pytest.mark.parametrize(
    ("flag", "word", "code"),
    [
        ("contained", "contained", "contained-not-named"),
        ("modifier-extension", "modifier-extension", "modifier-extension-not-named"),
        (f"extension:{URL}", f"extension:{URL}", "extension-not-named"),
        ("absolute-reference", "absolute-reference", "absolute-reference-not-named"),
        ("attachment-url", "attachment-url", "attachment-url-not-named"),
        ("narrative", "text", "narrative-not-named"),
        (f"meta-profile:{URL}", f"meta-profile:{URL}", "meta-profile-not-named"),
    ],
)
def test_special_content_is_allowed_only_where_named(flag: str, word: str, code: str) -> None:
    asked = request(flags=frozenset({flag}))

    found = verdict(document(allow()), asked)
    assert found.outcome == "denied"
    assert codes(found) == ["no-rule", code]
    assert found.trace[0].missed == (f"{flag} is not in named",)
    assert verdict(document(allow(named=f'["{word}"]')), asked).outcome == "review"
    if ":" in flag:
        longer = request(flags=frozenset({flag + "/x"}))
        assert verdict(document(allow(named=f'["{word}"]')), longer).outcome == "denied"


def test_a_flag_of_an_unknown_kind_is_denied_under_any_rule() -> None:
    found = verdict(document(allow(named='["contained"]')), request(flags=frozenset({"new-kind"})))

    assert codes(found) == ["no-rule", "flag-not-named"]


def test_a_flag_that_nobody_names_is_told_even_where_no_rule_is_near() -> None:
    asked = request(agent="stranger", flags=frozenset({"contained"}))

    assert codes(verdict(document(allow()), asked)) == ["no-rule", "contained-not-named"]
    assert codes(verdict(document(allow(named='["contained"]')), asked)) == ["no-rule"]


@pytest.mark.parametrize(
    ("needs", "fields", "reasons"),
    [
        ("encounter", {"has_encounter": False}, ["no-rule", "encounter-required"]),
        ("encounter", {"has_encounter": True}, []),
        ("evidence", {"groundings": ()}, ["no-rule", "evidence-required"]),
        ("evidence", {"groundings": ("weak",)}, ["no-rule", "evidence-not-grounded"]),
        ("evidence", {"groundings": ("weak", "verified")}, []),
    ],
)
def test_what_a_rule_needs(needs: str, fields: dict[str, Any], reasons: list[str]) -> None:
    found = verdict(document(allow(needs=f'["{needs}"]')), request(**fields))

    assert codes(found) == reasons
    assert found.outcome == ("denied" if reasons else "review")


@pytest.mark.parametrize(
    ("values", "missed"),
    [
        ({"status": ("draft",)}, ()),
        ({"status": ("active",)}, ("status active is not in where.status",)),
        ({"status": ("draft", "active")}, ("status active is not in where.status",)),
        ({"status": ()}, ("status has no value",)),
        ({}, ("status has no value",)),
    ],
)
def test_where_limits_code_values(
    values: dict[str, tuple[str, ...]], missed: tuple[str, ...]
) -> None:
    found = verdict(document(allow(where='{status = ["draft"]}')), request(values=values))

    assert found.trace[0].missed == missed
    assert codes(found) == (["no-rule", "value-not-allowed"] if missed else [])


MEDICATION = {
    "types": '["MedicationRequest"]',
    "operations": '["create", "update"]',
    "paths": '["MedicationRequest.*"]',
}


@pytest.mark.parametrize("operation", ["create", "update"])
@pytest.mark.parametrize(
    ("status", "intent", "allowed"),
    [
        ("draft", "order", True),
        ("active", "proposal", True),
        ("active", "plan", True),
        ("active", "order", False),
        ("active", "", False),
        ("", "", False),
    ],
)
def test_a_medication_order_needs_a_rule_that_says_so(
    operation: str, status: str, intent: str, allowed: bool
) -> None:
    given = {"status": status, "intent": intent}
    values = {element: (value,) for element, value in given.items() if value}
    asked = create("MedicationRequest", operation=operation, values=values)

    found = verdict(document(allow(**MEDICATION)), asked)
    assert (found.outcome == "review") is allowed
    assert codes(found) == ([] if allowed else ["no-rule", "medication-order"])
    explicit = document(allow(**MEDICATION, medication_orders="true"))
    assert verdict(explicit, asked).outcome == "review"
