"""Each preset is a valid document, and lets through and stops what its pattern says."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.canonical import Number
from core.errors import BadInput, NotFound
from core.policy import Request, Source, parse_policy
from core.policy.presets import PRESETS, preset
from tests.core.policy.builders import create, evaluate, request, touched

CROWD = {name: frozenset({"coordinator", "physician"}) for name in ("ann", "ben")}
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOURCE = Source("DocumentReference/n1", "q", "verified", "DocumentReference", "2026-11-22",
                agent_written=False, patient_written=False)  # fmt: skip


def _weight(value: str = "70", unit: str = "kg", date: str = "2026-11-22") -> dict[str, Any]:
    return {
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "valueQuantity": {
            "value": Number(value), "code": unit, "system": "http://unitsofmeasure.org",
        },
        "effectiveDateTime": date,
    }  # fmt: skip


def _made(kind: str, intended: dict[str, Any], **fields: Any) -> Request:
    usual = {
        "agent": "scribe-1", "intended": intended, "sources": (SOURCE,), "now": NOW,
        "has_encounter": True, "urgency": "routine",
    }  # fmt: skip
    return create(kind, "status", **{**usual, **fields})


def _changed(path: str, **fields: Any) -> Request:
    usual = {"agent": "front-desk-1", "touched": touched(path), "urgency": "routine"}
    return request(**{**usual, **fields})


RANK = {"telecom": [{"value": "1", "rank": Number("1")}, {"value": "2"}]}
KNOWN = {"model": "model-a@1", "prompt": "contact@1", "confidence": Decimal("0.99")}
CASES: list[tuple[str, str, Request, str]] = [
    ("read-only-summarization", "any write", _changed("Patient.telecom.value"), "denied"),
    ("draft-and-approve", "a draft note",
     _made("DocumentReference", {"docStatus": "preliminary"}), "review medium"),
    ("draft-and-approve", "a final note",
     _made("DocumentReference", {"docStatus": "final"}), "denied"),
    ("draft-and-approve", "a note without status", _made("DocumentReference", {}), "denied"),
    ("scoped-administrative", "a phone", _changed("Patient.telecom.value"), "review low"),
    ("scoped-administrative", "a name", _changed("Patient.name.family"), "denied"),
    ("scoped-administrative", "in a hurry",
     _changed("Patient.telecom.value", urgency="stat"), "denied"),
    ("conditional-clinical", "a weight",
     _made("Observation", _weight(), earlier=()), "review medium"),
    ("conditional-clinical", "a doubled weight",
     _made("Observation", _weight(), earlier=(_weight("35"),)), "review high"),
    ("conditional-clinical", "an unknown last weight",
     _made("Observation", _weight()), "review high"),
    ("conditional-clinical", "in pounds",
     _made("Observation", _weight(unit="[lb_av]"), earlier=()), "denied"),
    ("conditional-clinical", "an absurd weight",
     _made("Observation", _weight("700"), earlier=()), "denied"),
    ("conditional-clinical", "an old weight",
     _made("Observation", _weight(date="2026-10-01"), earlier=()), "denied"),
    ("conditional-clinical", "its own source",
     _made("Observation", _weight(), earlier=(), sources=()), "denied"),
    ("direct-autonomous", "an order of phones",
     _changed("Patient.telecom.rank", intended=RANK, **KNOWN), "auto low"),
    ("direct-autonomous", "a phone",
     _changed("Patient.telecom.value", intended=RANK, **KNOWN), "denied"),
    ("direct-autonomous", "unsure",
     _changed("Patient.telecom.rank", intended=RANK, **{**KNOWN, "confidence": Decimal("0.9")}),
     "review high"),
    ("direct-autonomous", "another model",
     _changed("Patient.telecom.rank", intended=RANK, **{**KNOWN, "model": "b"}), "denied"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [(name, asked, expected) for name, _, asked, expected in CASES],
    ids=[f"{name}: {what}" for name, what, _, _ in CASES],
)
def test_a_preset_says_of_its_pattern(name: str, asked: Request, expected: str) -> None:
    found = evaluate(parse_policy(preset(name, "north")), asked, CROWD)

    tier = "" if found.outcome == "denied" else f" {found.tier}"
    assert f"{found.outcome}{tier}" == expected


def test_every_pattern_of_the_table_is_a_preset_with_a_case() -> None:
    assert list(PRESETS) == list(dict.fromkeys(name for name, *_ in CASES))


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_only_the_ehr_it_is_bound_to(name: str) -> None:
    policy = parse_policy(preset(name, "north"))

    assert all(dict(rule.match.words)["ehr"] == {"north"} for rule in policy.allows)
    assert "EHR-NAME" not in preset(name, "north")


def test_another_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="draft-and-approve"):
        preset("yolo", "north")
    with pytest.raises(BadInput):
        preset("draft-and-approve", 'a"]')
