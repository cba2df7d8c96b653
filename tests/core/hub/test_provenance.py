"""What a solo workspace makes of Provenance that carries statements."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from core.canonical import JsonObject
from core.hub.provenance import inspect_provenance
from core.roster import Key, Person, Roster
from core.statement import sign
from tests.hub import new_signer

LEE, STRANGER = new_signer(), new_signer()
ROSTER = Roster(
    version=1, people=[Person(id="dr-lee", roles=["physician"], keys=[Key(kid=LEE.kid, x=LEE.x)])]
)
STATEMENT = "urn:countersign:statement"


def provenance(text: str, **overrides: Any) -> JsonObject:
    data = base64.b64encode(text.encode()).decode()
    return {
        "resourceType": "Provenance",
        "target": [{"reference": "Task/1"}],
        "activity": {"coding": [{"system": STATEMENT, "code": "decision"}]},
        "signature": [{"sigFormat": "application/jose", "data": data}],
        **overrides,
    }


def found(resource: JsonObject, *, known: bool = False) -> tuple[str, str]:
    judged = inspect_provenance(resource, ROSTER, lambda _: known)
    return judged.severity, judged.code


DECISION = sign("decision", {"reviewer": "dr-lee"}, LEE).text


def test_our_own_decision_is_known() -> None:
    assert found(provenance(DECISION), known=True) == ("ignore", "")


def test_a_valid_decision_that_we_never_made_alarms() -> None:
    assert found(provenance(DECISION)) == ("alarm", "foreign-decision")


def test_a_stranger_s_and_a_revoked_key_s_decision_alarms() -> None:
    text = sign("decision", {"reviewer": "dr-lee"}, STRANGER).text
    assert found(provenance(text)) == ("alarm", "unknown-signer")
    revoked = [Key(kid=LEE.kid, x=LEE.x, revoked=True)]
    roster = Roster(version=1, people=[Person(id="dr-lee", roles=[], keys=revoked)])
    judged = inspect_provenance(provenance(DECISION), roster, lambda _: False)
    assert judged.code == "unknown-signer"


@pytest.mark.parametrize(
    "text",
    ["no statement", DECISION[:-4] + "AAAA", sign("nonsense", {}, LEE).text,
     sign("admission", {}, LEE).text],
    ids=["text", "signature", "kind", "not-theirs-to-sign"],
)  # fmt: skip
def test_what_does_not_hold_is_quarantined(text: str) -> None:
    assert found(provenance(text)) == ("quarantine", "statement")


@pytest.mark.parametrize(
    "signature",
    [None, [], ["x"], [{"sigFormat": "application/jose", "data": "%%"}], [{"data": "AAAA"}]],
)
def test_a_statement_that_is_not_there_is_quarantined(signature: Any) -> None:
    assert found(provenance(DECISION, signature=signature)) == ("quarantine", "statement")


@pytest.mark.parametrize(
    "activity",
    [None, {}, {"coding": "x"}, {"coding": [{"system": "urn:else", "code": "decision"}]}],
)
def test_others_provenance_is_ignored(activity: Any) -> None:
    """So is what accompanies our own writes: its activity is a data operation."""
    assert found(provenance(DECISION, activity=activity)) == ("ignore", "")
