"""Messages: to the patient, or to a related person of that patient, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from core.beside import message as messages
from core.beside.around import after_edit
from core.beside.lines import message_lines
from core.errors import BadInput
from core.intake.stage import stage
from tests.builders import Bench, document, exact_object, proposal

ME = {"reference": "Patient/example"}
MOTHER: dict[str, Any] = {
    "resourceType": "RelatedPerson", "id": "r1", "patient": ME,
    "name": [{"given": ["Mo"], "family": "Synthetic"}], "relationship": [{"text": "mother"}],
    "telecom": [{"system": "email", "value": "mo@example.org", "use": "home"},
                {"system": "phone", "value": "555 0001", "use": "old"}],
}  # fmt: skip
FIELD = "changes[0].resource.recipient[0]"


def sending(*recipients: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "Communication", "status": "preparation", "subject": ME,
        "recipient": list(recipients), "payload": [{"contentString": "Your results are in."}],
        **elements,
    }  # fmt: skip


async def refused(bench: Bench, resource: dict[str, Any]) -> BadInput:
    change = {"op": "create", "resource": resource}
    with pytest.raises(BadInput) as caught:
        await stage(bench.workspace, document(proposal(change, evidence=[])))
    return caught.value


@pytest.mark.parametrize(
    ("recipient", "field"),
    [
        ({"reference": "RelatedPerson/nobody"}, FIELD),
        ({"reference": "RelatedPerson/theirs"}, FIELD),
        ({"reference": "RelatedPerson/gone"}, FIELD),
        ({"reference": "Group/g1"}, FIELD),
        ({"reference": "CareTeam/t1"}, FIELD),
        ({"display": "Somebody"}, FIELD),
        ({"reference": "https://elsewhere.example/RelatedPerson/r1"}, FIELD),
        (None, "changes[0].resource.recipient"),
    ],
)
async def test_anybody_else_is_refused_by_field(
    bench: Bench, recipient: dict[str, Any] | None, field: str
) -> None:
    bench.ehr.put(exact_object({**MOTHER, "id": "gone", "active": False}))
    theirs = {**MOTHER, "id": "theirs", "patient": {"reference": "Patient/other"}}
    bench.ehr.put(exact_object(theirs))
    resource = sending(*([] if recipient is None else [recipient]))
    if recipient is None:
        resource.pop("recipient")
    error = await refused(bench, resource)
    assert error.field == field and error.remedy


async def test_what_is_not_there_and_what_is_anothers_sound_the_same(bench: Bench) -> None:
    theirs = {**MOTHER, "patient": {"reference": "Patient/other"}}
    bench.ehr.put(exact_object(theirs))
    one = await refused(bench, sending({"reference": "RelatedPerson/r1"}))
    two = await refused(bench, sending({"reference": "RelatedPerson/r2"}))
    assert str(one) == str(two) and one.remedy == two.remedy


async def test_control_the_recipient_check_is_what_refuses(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_is_theirs", lambda *_: True)
    theirs = {**MOTHER, "patient": {"reference": "Patient/other"}}
    bench.ehr.put(exact_object(theirs))
    change = {"op": "create", "resource": sending({"reference": "RelatedPerson/r1"})}
    await stage(bench.workspace, document(proposal(change, evidence=[])))


async def test_the_reviewer_reads_to_whom_by_what_and_the_text(bench: Bench) -> None:
    bench.ehr.put(exact_object(MOTHER))
    medium = [{"text": "e-mail"}]
    resource = exact_object(sending(ME, {"reference": "RelatedPerson/r1"}, medium=medium))
    found = await messages.message(bench.ehr, "Patient/example", resource)
    lines = [line.text for line in message_lines({"message": found})]
    assert lines[0].startswith("TO Ada Synthetic, Patient/example version 1: home phone 555 0100")
    assert lines[1] == (
        "TO Mo Synthetic (mother), RelatedPerson/r1 version 1: home email mo@example.org"
    )
    assert lines[2:] == [
        "BY e-mail. A message cannot be called back.", "SAYS Your results are in.",
    ]  # fmt: skip


async def test_an_edit_may_change_the_words_and_never_the_recipient(bench: Bench) -> None:
    before = exact_object(sending(ME))
    found = await messages.message(bench.ehr, "Patient/example", before)
    other = exact_object(sending(ME, payload=[{"contentString": "Call us."}]))
    edited = after_edit({"message": found}, before, other)
    assert edited["message"]["text"] == ["Call us."] and edited["message"]["to"] == found["to"]
    with pytest.raises(BadInput) as caught:
        after_edit({"message": found}, before, exact_object(sending({"display": "x"})))
    assert caught.value.field == "resource.recipient"
