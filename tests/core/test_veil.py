"""What a view leaves out: labelled neighbours, kept chart, differences, messages, notes."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.beside.lines import duplicate_lines, medication_lines, message_lines
from core.records_context import Kept
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.hidden import Sight, hidden_of, reveal
from core.veil import compared_for, kept_for, veiled
from core.view import view_proposal
from tests.builders import CONDITION, Bench, exact_object, phone_change, problem_change
from tests.core.gateway.scenario import run, staged
from tests.labelled import HIV, SECRET, label_patient, only, take_labels

ME = {"reference": "Patient/example"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def spoken(item: dict) -> dict:
    return {"says": "Secretvir", "value": "1 tablet", "date": "2026", "status": "active", **item}


async def test_a_labelled_duplicate_in_the_chart_is_marked_at_intake_and_hidden(
    bench: Bench,
) -> None:
    gone = {"coding": [{"system": "x", "code": "resolved"}]}
    bench.ehr.put(exact_object({**CONDITION, **HIV, "id": "c7", "clinicalStatus": gone}))
    id_ = await staged(bench, problem_change(), evidence=[])
    content = read_content(bench.ledger, only(bench))
    assert hidden_of(content, Sight()).beside == {"hiv"}
    row = bench.ledger.proposal(id_)
    assert row is not None
    view = veiled(view_proposal(bench.ledger, row), {})
    (change,) = view.changes
    assert change.content is not None and not change.hidden.values
    (line,) = duplicate_lines(change.content.beside)
    assert line.text == "likely the same, Condition/c7 version 1: hidden: labelled HIV"
    assert change.content.resource == content.resource


def test_around_a_hidden_order_nothing_is_told() -> None:
    part = {"why": None, "items": [spoken({"reference": "MedicationRequest/1"})], "more": False}
    none = {"why": None, "items": [], "more": False}
    conflict = spoken({"how": "same", "criticality": "high", "reaction": "Hives", "version": "1",
                       "reference": "AllergyIntolerance/1"})  # fmt: skip
    beside = {
        "medication": {
            "at": "2026-11-23T09:00:00.000Z", "birth": "1970-01-01",
            "conflicts": [conflict], "medicine_read": True,
            "allergies": part, "medicines": part, "weight": part, "egfr": none,
            "creatinine": none, "pregnancy": none,
        },
        "message": {"to": [spoken({"addresses": ["555"], "reference": "Patient/1"})],
                    "by": ["sms"], "text": ["Secretvir is ready"]},
    }  # fmt: skip
    from core.veil import _beside

    found = _beside(beside, Sight(), frozenset({"hiv"}))
    told = " ".join(line.text for line in (*medication_lines(found), *message_lines(found)))
    assert "Secretvir" not in told and "Hives" not in told and "555" not in told
    assert "SAME: hidden: labelled HIV, AllergyIntolerance/1 version 1" in told
    assert "RECIPIENT AND TEXT hidden: labelled HIV. A message cannot be called back." in told
    # One of them labelled by itself leaves the others as they are.
    alone = {"medication": {"allergies": {"items": [spoken({"labels": ["hiv"]}), spoken({})]}}}
    items = _beside(alone, Sight(), frozenset())["medication"]["allergies"]["items"]
    assert [one["says"] for one in items] == [None, "Secretvir"]


def test_a_kept_piece_of_the_chart_is_hidden_by_what_it_bears_now() -> None:
    def kept(id_: str, **more: object) -> Kept:
        resource = exact_object({"resourceType": "Condition", "id": id_, **more})
        return Kept(f"Condition/{id_}", "1", "2026-11-23T08:00:00.000Z", False, resource)

    pair = [kept("1", **HIV), kept("2")]
    hidden, plain = kept_for(pair, Sight())
    assert hidden[0].resource is None and hidden[1] == {"hiv"} and plain == (pair[1], frozenset())
    assert kept_for(pair, Sight(frozenset({"hiv"})))[0] == (pair[0], frozenset())


async def test_what_reconciliation_found_is_hidden_until_it_is_revealed(bench: Bench) -> None:
    take_labels(bench)
    version = label_patient(bench)
    id_ = await staged(bench, phone_change(base_version=version), evidence=[])
    row = only(bench)
    reveal(bench.workspace, id_, [0])
    decide(bench.workspace, id_, 0, Answer("approve", seen=row.change_digest))
    bench.ehr.transform = lambda found: {**found, "gender": "male"}
    await run(bench)
    shown = compared_for(bench.workspace, bench.ledger, row)
    assert any(one["persisted"] == "male" for one in shown.differences) and shown.sent is not None
    adopt_others(bench)
    hidden = compared_for(bench.workspace, bench.ledger, row)
    assert hidden.hidden == {"hiv"} and hidden.sent is None and hidden.differences
    assert {(one["intended"], one["persisted"]) for one in hidden.differences} == {(None, None)}
    assert SECRET not in str(hidden)


def adopt_others(bench: Bench) -> None:
    """Put a policy in force by which the labels are for somebody else's eyes."""
    from core.adoption import adopt

    row = bench.ledger.config("policy")
    assert row is not None
    adopt(bench.workspace, "policy", f'{row.document}\n[labels]\nhiv = ["somebody-else"]\n')
