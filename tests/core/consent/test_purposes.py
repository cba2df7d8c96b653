"""Purposes subsume as v3 ActReason publishes it; what it does not place never allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.consent import evaluate
from core.consent.purposes import PARENTS, covering
from tests.core.consent.test_evaluate import ASKED, consent, purpose


def asked(of: str, about: str, type_: str, default: str = "deny") -> str:
    found = consent({"type": type_, "purpose": [purpose(about)]})
    answer = evaluate([found], replace(ASKED, purpose=of), default)  # type: ignore[arg-type]
    return answer.partition(" ")[0]


@pytest.mark.parametrize("child", ["CLINTRL", "COC", "ETREAT", "BTG", "ERTREAT", "POPHLTH"])
def test_treatment_covers_its_kinds_and_not_the_other_way(child: str) -> None:
    assert asked(child, "TREAT", "permit") == "permit"
    assert asked(child, "TREAT", "deny", "permit") == "deny"
    assert asked("TREAT", child, "deny", "permit") == "default:permit"
    assert asked("TREAT", child, "permit") == "default:deny"


@pytest.mark.parametrize(
    ("of", "about", "expected"),
    [
        ("PATADMIN", "HOPERAT", "permit"),
        ("HTEST", "HOPERAT", "permit"),
        ("ELIGVER", "HPAYMT", "permit"),
        ("TREAT", "PurposeOfUse", "permit"),
        ("TREAT", "HOPERAT", "default:deny"),
        ("ETREAT", "BTG", "default:deny"),
    ],
)
def test_other_branches(of: str, about: str, expected: str) -> None:
    assert asked(of, about, "permit") == expected


@pytest.mark.parametrize(("of", "about"), [("TREATDS", "TREAT"), ("PMTDS", "HPAYMT")])
@pytest.mark.parametrize("type_", ["permit", "deny"])
def test_what_may_be_part_of_it_neither_allows_nor_is_passed_over(
    of: str, about: str, type_: str
) -> None:
    assert asked(of, about, type_, "permit") == "unreadable"


@pytest.mark.parametrize("type_", ["permit", "deny"])
def test_a_purpose_of_nobody_s_table_never_allows(type_: str) -> None:
    assert asked("TREAT", "LOCALX", type_, "permit") == "unreadable"


def test_the_table_is_a_tree_under_purpose_of_use() -> None:
    assert all("PurposeOfUse" in covering(code) for code in PARENTS)
    assert "PurposeOfUse" not in PARENTS
