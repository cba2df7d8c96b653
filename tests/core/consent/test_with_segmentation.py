"""The published tables of John Moehrke's ConsentWithSegmentation, as parametrised tests.

Source: github.com/JohnMoehrke/ConsentWithSegmentation, input/pagecontent/testplan.md (the Gherkin
feature "Basic Consent", its Examples table, and "only non-sensitive"), input/fsh/fshFood.fsh (the
Consents ex-consent-treat and ex-consent-son); the scenario "only non-sensitive" is also
github.com/JohnMoehrke/ConsentWithSeg-testing, input/tests/only-non-sensitive.feature. The tables
ask about reading; here the same Consents are asked about a write by the user's agent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from core.consent import evaluate
from tests.core.consent.test_evaluate import ASKED, actor, consent, purpose

BASIC: list[tuple[str, str, str, str]] = [
    ("none", "deny", "User1", "deny"),
    ("none", "deny", "User2", "deny"),
    ("none", "permit", "User1", "permit"),
    ("none", "permit", "User2", "permit"),
    *(
        ("permit", any_, user, "permit")
        for any_ in ("permit", "deny")
        for user in ("User1", "User2")
    ),
    *(("deny", any_, user, "deny") for any_ in ("permit", "deny") for user in ("User1", "User2")),
]


@pytest.mark.parametrize(("recorded", "default", "user", "auth"), BASIC)
def test_basic(recorded: str, default: Literal["permit", "deny"], user: str, auth: str) -> None:
    held = [] if recorded == "none" else [consent({"type": recorded})]
    answer = evaluate(held, replace(ASKED, agent=user), default)
    assert answer.partition(" ")[0].rpartition(":")[2] == auth


NON_SENSITIVE: dict[str, Any] = {
    "type": "permit",
    "actor": [actor("Device/User1")],
    "securityLabel": [{"code": "N"}],
}


@pytest.mark.parametrize(
    ("labels", "auth"), [({"N"}, "permit"), ({"R"}, "deny"), ({"ETH", "R"}, "deny")]
)
def test_only_non_sensitive(labels: set[str], auth: str) -> None:
    asked = replace(ASKED, agent="User1", labels=frozenset(labels))
    answer = evaluate([consent(NON_SENSITIVE)], asked, "deny")
    assert answer.partition(" ")[0].rpartition(":")[2] == auth


TREAT = {"type": "permit", "purpose": [purpose(one) for one in ("TREAT", "HPAYMT", "HOPERAT")]}


@pytest.mark.parametrize(
    ("why", "auth"),
    [("TREAT", "permit"), ("HPAYMT", "permit"), ("HOPERAT", "permit"), ("FAMRQT", "default:deny"),
     ("HMARKT", "default:deny")],
)  # fmt: skip
def test_ex_consent_treat(why: str, auth: str) -> None:
    answer = evaluate([consent(TREAT)], replace(ASKED, purpose=why), "deny")
    assert answer.partition(" ")[0] == auth


def _son(who: str, *labels: str) -> dict[str, Any]:
    return {
        "type": "permit",
        "actor": [actor(f"RelatedPerson/{who}")],
        "purpose": [purpose("FAMRQT")],
        "securityLabel": [{"code": label} for label in labels],
    }


SON = {
    "type": "deny",
    "purpose": [purpose("FAMRQT")],
    "provision": [_son("ex-son", "N"), _son("ex-son", "R", "PSY"), _son("ex-son2", "N")],
}


@pytest.mark.parametrize("labels", [set(), {"N"}, {"R"}])
def test_ex_consent_son_gives_an_agent_nothing(labels: set[str]) -> None:
    # The exceptions are the sons' own; no agent of this house is one of them.
    asked = replace(ASKED, purpose="FAMRQT", labels=frozenset(labels))
    assert evaluate([consent(SON)], asked, "permit").startswith("deny ")
    assert evaluate([consent(SON)], ASKED, "permit") == "default:permit"
