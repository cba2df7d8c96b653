"""The example Consents of IHE Privacy Consent on FHIR as a table (IHE/ITI.PCF, consent.fsh).

Each provision states what the instance `ex-consent-NAME` states. What a Consent says about the
time, author, encounter or instance of data cannot be judged of a write: doubt never allows, so that
such an example is unreadable where it could be about us.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.consent import evaluate
from tests.core.consent.test_evaluate import ASKED, actor, consent, purpose

TPO = [purpose("TREAT"), purpose("HPAYMT"), purpose("HOPERAT")]
N, R, PSY, SEX = {"code": "N"}, {"code": "R"}, {"code": "PSY"}, {"code": "SEX"}
IN_2022 = {"start": "2022-01", "end": "2022-12"}
FOO_BAR = {"system": "http://example.org/policies/purposeOfUse", "code": "FooBar"}
OURS, PRACTITIONER = "Organization/ours", "Practitioner/ex-practitioner"


def data(meaning: str, *references: str) -> list[dict[str, Any]]:
    return [{"meaning": meaning, "reference": {"reference": one}} for one in references]


def tpo(*, but: dict[str, Any] | None = None, **criteria: Any) -> dict[str, Any]:
    found = {"type": "permit", "purpose": TPO, **criteria}
    return found if but is None else {**found, "provision": [but]}


def deny(**criteria: Any) -> dict[str, Any]:
    return {"type": "deny", **criteria}


BY = data("authoredby", PRACTITIONER)
RELATED = data("related", "Encounter/ex-encounter")
WEIGHT = data("instance", "Observation/ex-weight", "Encounter/ex-encounter")
ALCOHOL = data("instance", "Observation/ex-alcoholUse")
MORE = {"type": "permit"}
FOCUSED = {"securityLabel": [N], "actor": [actor(PRACTITIONER)]}

EXAMPLES: dict[str, dict[str, Any]] = {
    "basic-treat": tpo(),
    "basic-ink": tpo(),
    "expired-treat": tpo(period={"end": "2022-12-31"}),
    "basic-reject": deny(purpose=TPO),
    "intermediate-timeframe": tpo(dataPeriod=IN_2022),
    "intermediate-not-timeframe": tpo(but=deny(dataPeriod=IN_2022)),
    "intermediate-authoredby": tpo(data=BY),
    "intermediate-not-authoredby": tpo(but=deny(data=BY)),
    "intermediate-encounter": tpo(data=RELATED),
    "intermediate-not-encounter": tpo(but=deny(data=RELATED)),
    "intermediate-data": tpo(data=WEIGHT),
    "intermediate-not-data": tpo(but=deny(data=ALCOHOL)),
    "intermediate-purpose": {
        "type": "permit", "purpose": [FOO_BAR], "actor": [actor("Organization/ex-org-researcher")],
    },
    "advanced-normal": tpo(securityLabel=[N]),
    "advanced-normal-restricted": tpo(securityLabel=[N, R]),
    "advanced-normal-not-restricted": tpo(securityLabel=[N], but=deny(securityLabel=[R])),
    "advanced-normal-focused-restricted": tpo(**FOCUSED, but={**MORE, "securityLabel": [R]}),
    "advanced-normal-focused-psy": tpo(**FOCUSED, but={**MORE, "securityLabel": [PSY]}),
    "advanced-normal-focused-psy-or-sex": tpo(
        **FOCUSED, but={**MORE, "securityLabel": [PSY, SEX]}
    ),
}  # fmt: skip

UNJUDGED = [name for name in EXAMPLES if name.startswith("intermediate-") and "purpose" not in name]
TABLE: list[tuple[str, str, set[str], str, str]] = [
    ("basic-treat", "TREAT", set(), OURS, "permit"),
    ("basic-treat", "HPAYMT", set(), OURS, "permit"),
    ("basic-treat", "HRESCH", set(), OURS, "default:deny"),
    ("basic-ink", "HOPERAT", set(), OURS, "permit"),
    ("expired-treat", "TREAT", set(), OURS, "deny"),
    ("expired-treat", "HRESCH", set(), OURS, "default:deny"),
    ("basic-reject", "TREAT", set(), OURS, "deny"),
    ("basic-reject", "HRESCH", set(), OURS, "default:deny"),
    *((name, "TREAT", set[str](), OURS, "unreadable") for name in UNJUDGED),
    *((name, "HRESCH", set[str](), OURS, "default:deny") for name in UNJUDGED),
    ("intermediate-purpose", "TREAT", set(), OURS, "default:deny"),
    ("intermediate-purpose", "TREAT", set(), "Organization/ex-org-researcher", "unreadable"),
    ("advanced-normal", "TREAT", {"N"}, OURS, "permit"),
    ("advanced-normal", "TREAT", {"R"}, OURS, "default:deny"),
    ("advanced-normal", "TREAT", set(), OURS, "default:deny"),
    ("advanced-normal-restricted", "TREAT", {"R"}, OURS, "permit"),
    ("advanced-normal-restricted", "TREAT", {"PSY"}, OURS, "default:deny"),
    ("advanced-normal-not-restricted", "TREAT", {"N"}, OURS, "permit"),
    ("advanced-normal-not-restricted", "TREAT", {"N", "R"}, OURS, "deny"),
    ("advanced-normal-focused-restricted", "TREAT", {"N"}, PRACTITIONER, "permit"),
    ("advanced-normal-focused-restricted", "TREAT", {"N", "R"}, PRACTITIONER, "permit"),
    ("advanced-normal-focused-restricted", "TREAT", {"N"}, OURS, "default:deny"),
    ("advanced-normal-focused-psy", "TREAT", {"N", "PSY"}, PRACTITIONER, "permit"),
    ("advanced-normal-focused-psy", "TREAT", {"PSY"}, OURS, "default:deny"),
    ("advanced-normal-focused-psy-or-sex", "TREAT", {"N", "SEX"}, PRACTITIONER, "permit"),
    ("advanced-normal-focused-psy-or-sex", "TREAT", {"N", "SEX"}, OURS, "default:deny"),
]


@pytest.mark.parametrize(("name", "why", "labels", "whose", "expected"), TABLE)
def test_cell(name: str, why: str, labels: set[str], whose: str, expected: str) -> None:
    asked = replace(ASKED, purpose=why, labels=frozenset(labels), actors=frozenset({whose}))
    answer = evaluate([consent(EXAMPLES[name], dateTime="2022-06-13")], asked, "deny")
    assert answer.partition(" ")[0] == expected


def test_the_table_speaks_of_every_example() -> None:
    assert {name for name, *_ in TABLE} == set(EXAMPLES)
