"""The published Consents about AI (github.com/JohnMoehrke/ConsentAboutAI, FHIR R4) as one table.

Each provision states what the example of that name states; the columns are who asks, for what
purpose and with which security labels. The examples assume that nothing else permits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.consent import evaluate
from tests.core.consent.test_evaluate import ASKED, actor, consent, purpose

CLINICAL = [purpose("TREAT"), purpose("HPAYMT"), purpose("HOPERAT")]
NORMAL, RESTRICTED = [{"code": "N"}], [{"code": "R"}]
SENSITIVE = [{"code": "ETH"}, {"code": "BH"}, {"code": "PREGNANT"}]
TRAINING = [purpose("MLTRAINING")]

EXAMPLES: dict[str, dict[str, Any]] = {
    "AllowCDS": {"type": "permit", "purpose": [purpose("TREATDS")]},
    "DenyCDS": {"type": "deny", "purpose": [purpose("TREATDS")]},
    "AllowMLtraining": {"type": "permit", "purpose": TRAINING},
    "DenyMLtraining": {"type": "deny", "purpose": TRAINING},
    "AllowSpecificAIforSpecificPurpose": {
        "type": "permit", "actor": [actor("Device/AIdevice")], "purpose": [purpose("TREATDS")],
    },
    "AllAiProvisions": {
        "type": "permit",
        "purpose": [*CLINICAL, *TRAINING],
        "provision": [
            {"type": "deny", "securityLabel": SENSITIVE, "purpose": TRAINING},
            {"type": "permit", "securityLabel": NORMAL, "purpose": TRAINING},
            {"type": "deny", "provision": [
                {"type": "permit", "securityLabel": NORMAL, "purpose": CLINICAL},
                {"type": "permit", "securityLabel": RESTRICTED, "purpose": CLINICAL,
                 "actor": [actor("CareTeam/ex-patient-careteam")]},
            ]},
        ],
    },
}  # fmt: skip

TABLE: list[tuple[str, str, str, set[str], str]] = [
    ("AllowCDS", "any", "TREATDS", set(), "permit"),
    ("AllowCDS", "any", "MLTRAINING", set(), "default:deny"),
    ("AllowCDS", "any", "TREAT", set(), "default:deny"),
    ("DenyCDS", "any", "TREATDS", set(), "deny"),
    ("DenyCDS", "any", "TREAT", set(), "default:deny"),
    ("AllowMLtraining", "any", "MLTRAINING", set(), "permit"),
    ("AllowMLtraining", "any", "TREATDS", set(), "default:deny"),
    ("DenyMLtraining", "any", "MLTRAINING", set(), "deny"),
    ("AllowSpecificAIforSpecificPurpose", "AIdevice", "TREATDS", set(), "permit"),
    ("AllowSpecificAIforSpecificPurpose", "other", "TREATDS", set(), "default:deny"),
    ("AllowSpecificAIforSpecificPurpose", "AIdevice", "MLTRAINING", set(), "default:deny"),
    ("AllAiProvisions", "any", "TREAT", {"N"}, "permit"),
    ("AllAiProvisions", "any", "TREAT", set(), "deny"),
    ("AllAiProvisions", "any", "TREAT", {"R"}, "deny"),
    ("AllAiProvisions", "any", "MLTRAINING", {"N", "BH"}, "deny"),
    ("AllAiProvisions", "any", "MARKETING", {"N"}, "default:deny"),
]


@pytest.mark.parametrize(("name", "agent", "why", "labels", "expected"), TABLE)
def test_cell(name: str, agent: str, why: str, labels: set[str], expected: str) -> None:
    asked = replace(ASKED, agent=agent, purpose=why, labels=frozenset(labels))
    answer = evaluate([consent(EXAMPLES[name])], asked, "deny")
    assert answer.partition(" ")[0] == expected


def test_the_table_speaks_of_every_example() -> None:
    assert {name for name, *_ in TABLE} == set(EXAMPLES)
