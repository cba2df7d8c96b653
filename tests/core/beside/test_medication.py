"""The chart around a medicine: what is there, what is not, and what could not be read."""

from __future__ import annotations

from typing import Any

import pytest

from core.beside import medication
from core.beside.lines import medication_lines, reaction_lines
from core.beside.medication import NOT_CHECKED, context
from core.canonical import JsonObject
from core.intake.stage import stage
from core.review.content import read_content
from tests.builders import PATIENT, Bench, document, exact_object, proposal

LNC, SCT = "http://loinc.org", "http://snomed.info/sct"
ME = {"reference": "Patient/example"}


def order(**elements: Any) -> JsonObject:
    return exact_object({
        "resourceType": "MedicationRequest", "status": "draft", "intent": "proposal",
        "medicationCodeableConcept": {"coding": [{"system": SCT, "code": "27658006"}],
                                      "text": "Amoxicillin 500 mg oral capsule"},
        "subject": ME, "dosageInstruction": [{"text": "1 capsule three times a day"}], **elements,
    })  # fmt: skip


def put(bench: Bench, type_: str, id_: str, **elements: Any) -> None:
    whose = "patient" if type_ == "AllergyIntolerance" else "subject"
    bench.ehr.put(exact_object({"resourceType": type_, "id": id_, whose: ME, **elements}))


def observed(bench: Bench, id_: str, code: str, date: str, value: int, **more: Any) -> None:
    concept = {"coding": [{"system": LNC, "code": code}]}
    quantity = {"value": value, "unit": "u"}
    usual = {"status": "final", "code": concept, "effectiveDateTime": date}
    put(bench, "Observation", id_, **{**usual, "valueQuantity": quantity, **more})


def allergy(bench: Bench, id_: str, text: str, criticality: str | None = None, **more: Any) -> None:
    stated = {} if criticality is None else {"criticality": criticality}
    put(bench, "AllergyIntolerance", id_, code={"text": text}, **stated, **more)


async def around(bench: Bench, resource: JsonObject | None = None) -> JsonObject:
    found = await context(bench.ehr, bench.clock, exact_object(PATIENT), resource or order())
    assert found is not None
    return found


def told(found: JsonObject) -> str:
    return "\n".join(line.text for line in medication_lines({"medication": found}))


async def test_each_part_says_what_is_charted_and_where_it_came_from(bench: Bench) -> None:
    allergy(bench, "a1", "Latex", "low", reaction=[{"manifestation": [{"text": "Rash"}]}])
    allergy(bench, "a2", "Peanut", "high")
    put(bench, "MedicationRequest", "m1", status="active", intent="order",
        medicationCodeableConcept={"text": "Metformin 500 mg"},
        dosageInstruction=[{"text": "1 x 2"}])  # fmt: skip
    put(bench, "MedicationRequest", "m2", status="stopped", intent="order",
        medicationCodeableConcept={"text": "Old one"})  # fmt: skip
    observed(bench, "w1", "29463-7", "2024-01-01", 80)
    observed(bench, "w2", "3141-9", "2026-01-01", 82)
    observed(bench, "w3", "29463-7", "2026-06-01", 999, status="entered-in-error")
    observed(bench, "k1", "98979-8", "2026-02-01", 44)
    found = await around(bench)
    assert [item["says"] for item in found["allergies"]["items"]] == ["Peanut", "Latex"]
    assert [item["says"] for item in found["medicines"]["items"]] == ["Metformin 500 mg"]
    (weight,) = found["weight"]["items"]
    assert (weight["reference"], weight["version"], weight["date"]) == (
        "Observation/w2", "1", "2026-01-01",
    )  # fmt: skip
    text = told(found)
    for words in ("Latex (criticality low; Rash)", "Metformin 500 mg, 1 x 2", "weight: 82 u (2026-",
                  "eGFR: 44 u", "creatinine: none charted", "pregnancy: none charted",
                  "age: 56 y", NOT_CHECKED):  # fmt: skip
        assert words in text
    assert set(medication.references(found)) == {
        "AllergyIntolerance/a1", "AllergyIntolerance/a2", "MedicationRequest/m1",
        "Observation/w2", "Observation/k1",
    }  # fmt: skip


@pytest.mark.parametrize("how", ["unsearchable", "unsearched"])
@pytest.mark.parametrize(
    ("type_", "names"),
    [("AllergyIntolerance", ["allergies"]), ("MedicationRequest", ["active medicines"]),
     ("Observation", ["weight", "eGFR", "creatinine", "pregnancy"])],
)  # fmt: skip
async def test_what_was_not_read_never_looks_like_none(
    bench: Bench, type_: str, names: list[str], how: str
) -> None:
    setattr(bench.ehr, how, frozenset({type_}))
    text = told(await around(bench))
    for name in names:
        assert f"{name}: could not be read" in text
        assert f"{name}: none charted" not in text


@pytest.mark.parametrize(
    ("charted", "words"),
    [
        ({"coding": [{"system": SCT, "code": "27658006"}]}, "TO THE SAME SUBSTANCE"),
        ({"text": "amoxicillin"}, "TO A SUBSTANCE OF THAT NAME"),
        ({"text": "Oxicillin"}, None),
        ({"coding": [{"system": LNC, "code": "27658006"}]}, None),
    ],
)
async def test_a_reaction_to_the_medicine_itself_is_loud(
    bench: Bench, charted: dict[str, Any], words: str | None
) -> None:
    put(bench, "AllergyIntolerance", "a1", code=charted, criticality="high")
    lines = list(reaction_lines({"medication": await around(bench)}))
    assert [line.loud for line in lines] == [True] * len(lines)
    assert (words is not None) == bool(lines)
    assert words is None or (words in lines[0].text and "AllergyIntolerance/a1" in lines[0].text)


async def test_a_refuted_allergy_is_none(bench: Bench) -> None:
    refuted = {"coding": [{"system": "x", "code": "refuted"}]}
    allergy(bench, "a1", "amoxicillin", verificationStatus=refuted)
    found = await around(bench)
    assert not found["conflicts"] and not found["allergies"]["items"]


async def test_a_medicine_by_reference_is_looked_up_or_said_to_be_unread(bench: Bench) -> None:
    coded = {"coding": [{"system": SCT, "code": "27658006"}]}
    put(bench, "AllergyIntolerance", "a1", code=coded)
    by = {"medicationCodeableConcept": None, "medicationReference": {"reference": "Medication/m"}}
    resource = {key: item for key, item in order(**by).items() if item is not None}
    assert (await around(bench, resource))["medicine_read"] is False
    bench.ehr.put({"resourceType": "Medication", "id": "m",
                   "ingredient": [{"itemCodeableConcept": coded}]})  # fmt: skip
    found = await around(bench, resource)
    assert found["medicine_read"] is True and found["conflicts"]


async def test_nothing_is_read_for_another_change(bench: Bench) -> None:
    staged = await stage(bench.workspace, document(proposal(evidence=[])))
    assert set(bench.ehr.searched) == {"Condition"}
    row = bench.ledger.change(staged.proposal.id, 0)
    assert row is not None and "medication" not in read_content(bench.ledger, row).beside


async def test_an_order_keeps_it_in_its_body(bench: Bench) -> None:
    allergy(bench, "a1", "Amoxicillin", "high")
    change = {"op": "create", "resource": {**order()}}
    staged = await stage(bench.workspace, document(proposal(change, evidence=[])))
    row = bench.ledger.change(staged.proposal.id, 0)
    assert row is not None
    found = read_content(bench.ledger, row).beside["medication"]
    assert found["conflicts"][0]["says"] == "Amoxicillin"
    leaves = bench.connection.execute("SELECT leaf FROM leaf").fetchall()
    assert leaves and not any(b"Amoxicillin" in bytes(leaf[0]) for leaf in leaves)
