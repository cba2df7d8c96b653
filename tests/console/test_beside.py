"""What the chart says beside a change, on screen and in `show`: read, marked, never overlooked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from console.commands.showing import print_proposal
from core.beside.medication import NOT_CHECKED
from core.view import proposal_json, view_proposal
from sync.keys.ring import generate
from tests.builders import CONDITION, exact_object, problem_change
from tests.console.desk import Desk, text_of
from tests.scale import in_ci

pytestmark = in_ci

ME = {"reference": "Patient/example"}
SIZES = [(80, 24), (120, 40), (160, 50)]
ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest", "status": "draft", "intent": "proposal", "subject": ME,
    "medicationCodeableConcept": {"text": "Amoxicillin 500 mg oral capsule"},
    "dosageInstruction": [{"text": "1 capsule three times a day"}],
}  # fmt: skip
HOSTILE = "[@click=app.quit]Latex[/]\u202e"


def put(desk: Desk, type_: str, id_: str, **elements: Any) -> None:
    desk.bench.ehr.put(exact_object({"resourceType": type_, "id": id_, **elements}))


@pytest.fixture
def ward(desk: Desk) -> Desk:
    """An order for somebody with a reaction to it, and a problem that was there before."""
    allergy = {"patient": ME, "criticality": "high", "code": {"text": "Amoxicillin"}}
    put(desk, "AllergyIntolerance", "a1", **allergy,
        reaction=[{"manifestation": [{"text": "Hives"}]}])  # fmt: skip
    put(desk, "AllergyIntolerance", "a2", patient=ME, code={"text": HOSTILE})
    put(desk, "Observation", "w1", status="final", subject=ME,
        code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        effectiveDateTime="2026-11-01", valueQuantity={"value": 81, "unit": "kg"})  # fmt: skip
    gone = {"coding": [{"system": "x", "code": "resolved"}]}
    put(desk, "Condition", "c7", **{**CONDITION, "clinicalStatus": gone, "id": "c7"})
    desk.bench.ehr.unsearchable = frozenset({"MedicationStatement"})
    _two_people(desk)
    desk.propose_now({"op": "create", "resource": ORDER}, evidence=[], urgency="urgent")
    desk.propose_now(problem_change(), evidence=[])
    return desk


def _two_people(desk: Desk) -> None:
    """Add a second clinician, so that the route of medication is staffed."""
    bench = desk.bench
    row = bench.ledger.config("roster")
    assert row is not None
    ring = generate()
    key = f'{{ kid = "{ring.signer("reviewer").kid}", x = "{ring.public("reviewer")}" }}'
    two = f'[[people]]\nid = "dr-two"\nroles = ["physician"]\nkeys = [{key}]'
    text = f"{row.document}\n{two}\n"
    bench.connection.execute("UPDATE config SET document = ? WHERE kind = 'roster'", (text,))


async def test_the_order_shows_reaction_context_and_the_standing_line(ward: Desk) -> None:
    app = ward.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        shown = text_of(app)
    for words in ("SUBSTANCE OF THAT NAME", "Amoxicillin (criticality high; Hives)", "81 kg",
                  NOT_CHECKED, "eGFR: none charted"):  # fmt: skip
        assert words in shown


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "160x50"])
@pytest.mark.parametrize("keys", [("enter",), ("enter", "n")], ids=["order", "duplicate"])
def test_screen(
    ward: Desk, snap_compare: Callable[..., bool], size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    assert snap_compare(ward.app(), press=keys, terminal_size=size)


def test_screen_without_colour(
    ward: Desk, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(ward.app(), press=("enter",), terminal_size=(80, 24))


def test_show_says_the_same_in_words_and_in_json(
    ward: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    for change in ward.ledger.changes_in("pending-human-review"):
        row = ward.ledger.proposal(change.proposal)
        assert row is not None
        view = view_proposal(ward.ledger, row)
        print_proposal(view, ward.bench.clock.now())
        (found,) = proposal_json(view)["changes"]
        told = capsys.readouterr().out
        if change.type == "MedicationRequest":
            assert NOT_CHECKED in told and "allergies: Amoxicillin" in told
            assert "\u202e" not in told
            assert found["context"]["medication"]["weight"]["items"][0]["version"] == "1"
        else:
            assert "likely the same, Condition/c7 version 1" in told
            assert found["context"]["duplicates"]["found"][0]["strength"] == "likely"
