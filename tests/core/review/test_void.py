"""An approval that no longer fits what would be written is void, and no write reaches the EHR."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.delta import GUARDS, is_guard
from core.gateway import guards, refresh
from core.lifecycle import State
from core.policy import sample_policy
from core.policy.verdict import Verdict
from core.review.approval import Holding
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.edit import edit as edit_change
from core.review.edit import editable
from core.roster import parse_roster
from sync.keys.ring import Ed25519Signer, KeyRing, generate
from tests.builders import Bench, exact_object, phone_change
from tests.core.gateway.scenario import approve, change, edit, run, staged

PATIENT = {"reference": "Patient/example"}
CODE = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
MEDICINE = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1191"}]}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


CHART: dict[str, dict[str, Any]] = {
    "Condition": {
        "clinicalStatus": coded(CLINICAL, "active"),
        "verificationStatus": coded(VERIFIED, "provisional"),
        "code": CODE,
        "subject": PATIENT,
    },
    "Observation": {
        "status": "final",
        "code": CODE,
        "subject": PATIENT,
        "valueQuantity": {"value": 68, "unit": "kg"},
    },
    "MedicationRequest": {
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": MEDICINE,
        "subject": PATIENT,
        "dosageInstruction": [{"text": "one a day"}],
    },
    "MedicationStatement": {
        "status": "active",
        "medicationCodeableConcept": MEDICINE,
        "subject": PATIENT,
        "dosage": [{"text": "one a day"}],
    },
    "AllergyIntolerance": {
        "clinicalStatus": coded(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"
        ),
        "code": CODE,
        "patient": PATIENT,
    },
}

ALLOW = """
[[allow]]
id = "notes-of-everything"
agents = ["scribe-1"]
ehrs = ["sandbox"]
types = ["Observation", "MedicationRequest", "MedicationStatement", "AllergyIntolerance"]
operations = ["update"]
paths = [
  "Observation.*", "MedicationRequest.*", "MedicationStatement.*", "AllergyIntolerance.*",
]
purposes = ["TREAT"]
workflows = ["*"]
models = ["*"]
prompts = ["*"]
tier = "medium"
route = "clinician"
"""

SHOWN = {**PATIENT, "display": "Ada S."}
ENCOUNTER = {"reference": "Encounter/e1"}
MOVES: dict[tuple[str, str], dict[str, Any]] = {
    ("Condition", "clinicalStatus"): {"clinicalStatus": coded(CLINICAL, "resolved")},
    ("Condition", "verificationStatus"): {"verificationStatus": coded(VERIFIED, "confirmed")},
    ("Condition", "code"): {"code": {**CODE, "text": "Weight"}},
    ("Condition", "subject"): {"subject": SHOWN},
    ("Condition", "encounter"): {"encounter": ENCOUNTER},
    ("Observation", "status"): {"status": "amended"},
    ("Observation", "code"): {"code": {**CODE, "text": "Weight"}},
    ("Observation", "subject"): {"subject": SHOWN},
    ("Observation", "encounter"): {"encounter": ENCOUNTER},
    ("Observation", "value"): {"valueQuantity": {"value": 86, "unit": "kg"}},
    ("MedicationRequest", "status"): {"status": "active"},
    ("MedicationRequest", "medication"): {"medicationCodeableConcept": {"text": "another"}},
    ("MedicationRequest", "subject"): {"subject": SHOWN},
    ("MedicationRequest", "encounter"): {"encounter": ENCOUNTER},
    ("MedicationRequest", "dosageInstruction"): {"dosageInstruction": [{"text": "two a day"}]},
    ("MedicationStatement", "status"): {"status": "stopped"},
    ("MedicationStatement", "medication"): {"medicationCodeableConcept": {"text": "another"}},
    ("MedicationStatement", "subject"): {"subject": SHOWN},
    ("MedicationStatement", "dosage"): {"dosage": [{"text": "two a day"}]},
    ("AllergyIntolerance", "clinicalStatus"): {
        "clinicalStatus": coded(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "inactive"
        )
    },
    ("AllergyIntolerance", "verificationStatus"): {
        "verificationStatus": coded(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "refuted"
        )
    },
    ("AllergyIntolerance", "code"): {"code": {**CODE, "text": "Peanut"}},
    ("AllergyIntolerance", "patient"): {"patient": SHOWN},
    ("AllergyIntolerance", "encounter"): {"encounter": ENCOUNTER},
    ("Patient", "active"): {"active": False},
    ("Patient", "deceased"): {"deceasedBoolean": True},
    ("Patient", "link"): {"link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}]},
}
"""(type, guard element) → how another's hand moves it."""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def adopt_policy(bench: Bench, *replaced: tuple[str, str]) -> None:
    text = sample_policy("sandbox") + ALLOW
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new)
    adopt(bench.workspace, "policy", text)


def adopt_roster(bench: Bench, *replaced: tuple[str, str]) -> None:
    config = bench.ledger.config("roster")
    assert config is not None
    text = config.document
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new, 1)
    adopt(bench.workspace, "roster", text)


def _joins(person: str, role: str, signer: Ed25519Signer) -> tuple[str, str]:
    """Return what puts a person into the roster's text."""
    key = f'[[people.keys]]\nkid = "{signer.kid}"\nx = "{signer.x}"'
    mark = "# The key that"
    return mark, f'[[people]]\nid = "{person}"\nroles = ["{role}"]\n{key}\n\n{mark}'


async def approved(bench: Bench, type_: str = "Patient", *replaced: tuple[str, str]) -> str:
    """Return an approved update: a phone number, or a note on a resource of that type."""
    adopt_policy(bench, *replaced)
    if type_ == "Patient":
        id_ = await staged(bench, phone_change())
    else:
        bench.ehr.put(exact_object({"resourceType": type_, "id": "r1", **CHART[type_]}))
        patch = [{"op": "add", "path": "/note", "value": [{"text": "Seen today."}]}]
        update = {"op": "update", "target": f"{type_}/r1", "base_version": "1", "patch": patch}
        id_ = await staged(bench, update, evidence=[])
    approve(bench, id_)
    assert change(bench, id_).state == State.READY
    return id_


@dataclass(frozen=True)
class Line:
    """One line of what voids an approval: what happens, the code, and the guard that sees it."""

    moves: Callable[[Bench], object]
    code: str
    off: Callable[[pytest.MonkeyPatch, Bench, str], None]
    ends: State = State.PENDING


def approvals_off(patch: pytest.MonkeyPatch, bench: Bench, id_: str) -> None:
    patch.setattr(guards, "approvals_hold", lambda *_: Holding(("dr-lee",), None))


def verdict_off(patch: pytest.MonkeyPatch, bench: Bench, id_: str) -> None:
    digest = change(bench, id_).verdict_digest
    patch.setattr(Verdict, "digest", lambda _self: digest)


def base_off(patch: pytest.MonkeyPatch, bench: Bench, id_: str) -> None:
    patch.setattr(refresh, "disturbed", lambda *_: ())


def _telecom(bench: Bench) -> None:
    telecom = copy.deepcopy(bench.ehr.current("Patient/example")["telecom"])
    telecom[0]["value"] = "555 0123"
    edit(bench, telecom=telecom)


def _elsewhere(bench: Bench) -> None:
    bench.ehr.base_url = "http://127.0.0.1:2/fhir"


def _another_person(bench: Bench) -> None:
    """Replace the roster: somebody else holds every role, and the signer is not in it."""
    other = generate().signers["reviewer"]
    own = bench.ring.signer("reviewer")
    people = f'[[people.keys]]\nkid = "{own.kid}"\nx = "{own.x}"'
    theirs = f'[[people.keys]]\nkid = "{other.kid}"\nx = "{other.x}"'
    adopt_roster(bench, (people, theirs), ('id = "dr-lee"', 'id = "dr-other"'))
    config = bench.ledger.config("roster")
    assert config is not None and parse_roster(config.document).people[0].id == "dr-other"


def _revoke(bench: Bench) -> None:
    own = bench.ring.signer("reviewer")
    people = f'[[people.keys]]\nkid = "{own.kid}"\nx = "{own.x}"'
    colleague = _joins("desk", "coordinator", generate().signers["reviewer"])
    adopt_roster(bench, (people, people + "\nrevoked = true"), colleague)


def _retire(bench: Bench) -> None:
    """Take the signer's role away; another holds it, so that the route stays open."""
    other = generate().signers["reviewer"]
    adopt_roster(
        bench,
        ('    "coordinator",\n', ""),
        _joins("desk", "coordinator", other),
    )  # fmt: skip


ROUTE = 'id = "coordinator"\nroles = ["coordinator"]\nquorum = 1\nexpires = "8h"'
LINES: dict[str, Line] = {
    "touched element of the base": Line(_telecom, "base-moved", base_off),
    "tier": Line(
        lambda bench: adopt_policy(bench, ('tier = "low"', 'tier = "medium"')),
        "verdict-changed",
        verdict_off,
    ),
    "rule": Line(
        lambda bench: adopt_policy(bench, ('id = "patient-contact"', 'id = "contact"')),
        "verdict-changed",
        verdict_off,
    ),
    "route": Line(
        lambda bench: adopt_policy(bench, (ROUTE, ROUTE.replace("8h", "7h"))),
        "verdict-changed",
        verdict_off,
    ),
    "attestation": Line(
        lambda bench: adopt_policy(bench, (ROUTE, ROUTE + '\nattestation = ["document-seen"]')),
        "verdict-changed",
        verdict_off,
    ),
    "role taken away": Line(_retire, "role-changed", approvals_off),
    "key revoked": Line(_revoke, "signature-invalid", approvals_off),
    "roster replaced": Line(_another_person, "signature-invalid", approvals_off),
    "another server": Line(_elsewhere, "change-altered", approvals_off),
    "expired before it was sent": Line(
        lambda bench: bench.clock.advance(hours=8), "expired", approvals_off, State.EXPIRED
    ),
}


@pytest.mark.parametrize("name", LINES)
async def test_it_is_void_and_waits_again_and_nothing_is_written(bench: Bench, name: str) -> None:
    line = LINES[name]
    id_ = await approved(bench)
    line.moves(bench)
    for _ in range(2):
        await run(bench)
        assert bench.ehr.sent == []
    row = change(bench, id_)
    assert (row.state, row.void) == (line.ends, line.code)
    assert [vote.void for vote in bench.ledger.decisions(id_, 0)] == [line.code]


@pytest.mark.parametrize("name", LINES)
async def test_control_with_the_guard_off_it_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    line = LINES[name]
    id_ = await approved(bench)
    line.moves(bench)
    line.off(monkeypatch, bench, id_)
    await run(bench)
    assert bench.ehr.sent, change(bench, id_).void


@pytest.mark.parametrize(("type_", "element"), MOVES)
async def test_a_guard_element_that_moved_in_the_base_voids(
    bench: Bench, type_: str, element: str
) -> None:
    id_ = await approved(bench, type_)
    moved = exact_object(MOVES[type_, element])
    assert all(is_guard(name) for name in moved)
    edit(bench, _reference(type_), **moved)
    await run(bench)
    row = change(bench, id_)
    assert (bench.ehr.sent, row.state, row.void) == ([], State.PENDING, "base-moved")
    assert row.revision == 1 and [vote.void for vote in bench.ledger.decisions(id_, 0)] == [
        "base-moved"
    ]


@pytest.mark.parametrize(("type_", "element"), MOVES)
async def test_control_without_the_guards_it_is_rebased_and_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, type_: str, element: str
) -> None:
    id_ = await approved(bench, type_)
    edit(bench, _reference(type_), **exact_object(MOVES[type_, element]))
    base_off(monkeypatch, bench, id_)
    await run(bench)
    assert bench.ehr.sent


def test_every_guard_element_is_moved_once() -> None:
    assert {element for _, element in MOVES} == set(GUARDS)
    for type_, element in MOVES:
        assert type_ == "Patient" or type_ in CHART, element


STRICT = ("rebase = true", "rebase = false")


@pytest.mark.parametrize("rebase", [True, False])
@pytest.mark.parametrize("type_", [*CHART, "Patient"])
async def test_another_element_is_rebased_where_the_route_lets_it(
    bench: Bench, type_: str, *, rebase: bool
) -> None:
    id_ = await approved(bench, type_, *(() if rebase else (STRICT,)))
    edit(bench, _reference(type_), language="de")
    await run(bench)
    row = change(bench, id_)
    if rebase:
        assert row.state == State.VERIFIED and row.rebased_digest is not None
        assert bench.ehr.current(_reference(type_))["language"] == "de"
    else:
        assert (bench.ehr.sent, row.state, row.void) == ([], State.PENDING, "base-moved")


def _reference(type_: str) -> str:
    return "Patient/example" if type_ == "Patient" else f"{type_}/r1"


SAME: dict[str, Callable[[Bench], object]] = {
    "a comment": lambda bench: adopt_policy(bench, ("version = 1", "# read again\nversion = 1")),
    "another name": lambda bench: adopt_policy(bench, ('name = "Sample policy"', 'name = "Ours"')),
    "another rule": lambda bench: adopt_policy(
        bench, ('id = "medication-proposal"', 'id = "medication-drafts"')
    ),
    "another route": lambda bench: adopt_policy(bench, ('expires = "4h"', 'expires = "2h"')),
    "another agent": lambda bench: adopt_policy(
        bench, ('agents = ["front-desk-1", "scribe-1"]', 'agents = ["front-desk-2", "scribe-1"]')
    ),
    "a colleague": lambda bench: _hire(bench),
}


def _hire(bench: Bench) -> None:
    other = generate().signers["reviewer"]
    adopt_roster(
        bench,
        _joins("new", "nurse", other),
    )  # fmt: skip


@pytest.mark.parametrize("name", SAME)
async def test_an_edit_of_the_documents_that_leaves_the_verdict_equal_voids_nothing(
    bench: Bench, name: str
) -> None:
    id_ = await approved(bench)
    before = [bench.ledger.config(kind) for kind in ("policy", "roster")]
    SAME[name](bench)
    assert [bench.ledger.config(kind) for kind in ("policy", "roster")] != before
    await run(bench)
    row = change(bench, id_)
    assert (row.state, row.void) == (State.VERIFIED, None) and len(bench.ehr.sent) == 2
    assert [vote.void for vote in bench.ledger.decisions(id_, 0)] == [None]


async def test_an_edited_change_is_checked_judged_and_decided_anew(bench: Bench) -> None:
    """With two people needed, the first one's approval does not cover what the second edits."""
    adopt_policy(bench, (ROUTE, ROUTE.replace("quorum = 1", "quorum = 2")))
    ring = _second_coordinator(bench)
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    before = change(bench, id_)
    assert before.state == State.PENDING
    draft = copy.deepcopy(editable(before, read_content(bench.ledger, before)))
    draft["telecom"][1]["value"] = "555 0177"
    second = replace(bench.workspace, reviewer="desk", keys=ring)
    digest = edit_change(second, id_, 0, draft, before.change_digest)
    after = change(bench, id_)
    assert [vote.void for vote in bench.ledger.decisions(id_, 0)] == ["edited"]
    assert after.verdict_digest and after.revision == 1 and after.change_digest == digest
    # Where two must decide, the editor alone never suffices.
    decide(second, id_, 0, Answer("approve", seen=digest))
    await run(bench)
    assert change(bench, id_).state == State.PENDING and bench.ehr.sent == []
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    assert bench.ehr.current("Patient/example")["telecom"][1]["value"] == "555 0177"


def _second_coordinator(bench: Bench) -> KeyRing:
    ring = generate()
    signer = ring.signers["reviewer"]
    adopt_roster(
        bench,
        _joins("desk", "coordinator", signer),
    )  # fmt: skip
    return replace(bench.ring, signers={**bench.ring.signers, "reviewer": signer})
