"""A change by a form is an ordinary change, and the ledger says which form made it."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.trail import trail
from core.canonical import c14n, parse_object
from core.errors import BadInput
from core.intake import build
from core.lifecycle import State
from core.review.edit import edit as edit_change
from core.review.edit import editable
from core.view import view_proposal
from tests.builders import CONDITION, Bench, exact_object
from tests.core.forms.samples import GOOD, formed, made
from tests.core.gateway.scenario import approve, run
from tests.core.gateway.scenario import change as change_row
from tests.core.intake.scenario import content, edit, row, submit_changes, update

PHONE = {"system": "phone", "use": "mobile", "value": "555 0199"}


async def test_what_a_form_makes_is_staged_approved_and_sent_as_such(bench: Bench) -> None:
    staged = await submit_changes(bench, formed("problem@1", GOOD["problem@1"]))
    assert staged.outcome == "review", staged.reasons
    found = content(bench, staged)
    assert (
        build.stamp(
            made("problem@1", GOOD["problem@1"]),
            row(bench, staged).operation,
            found.rung,
            create=True,
        )
        == found.resource
    )
    approve(bench, staged.proposal.id)
    await run(bench)
    change = change_row(bench, staged.proposal.id)
    assert change.state == State.VERIFIED
    written = bench.ledger.write(change.operation)
    assert written is not None and written.location is not None
    entry = bench.ledger.entry(written.intent_seq)
    assert entry is not None and entry.body is not None
    assert c14n(parse_object(entry.body["text"].encode())) == c14n(found.resource)


async def test_nothing_of_a_form_is_called_the_agents_own_wording(bench: Bench) -> None:
    staged = await submit_changes(bench, formed("vital-sign@1", GOOD["vital-sign@1"]))
    assert content(bench, staged).displays == ()


async def test_name_and_version_stand_in_the_leaf_and_no_value_does(bench: Bench) -> None:
    staged = await submit_changes(
        bench, formed("problem@1", GOOD["problem@1"]), {"op": "create", "resource": CONDITION}
    )
    entries = bench.ledger.trail(staged.proposal.id)
    proposed = [entry.leaf for entry in entries if entry.leaf["type"] == "change.proposed"]
    assert [leaf["data"].get("form") for leaf in proposed] == ["problem@1", None]
    assert b"Essential hypertension" not in c14n(proposed[0])
    told = [line.text for line in trail(entries) if line.type == "change.proposed"]
    assert "create Condition by the form problem@1" in told[0] and "form" not in told[1]
    view = view_proposal(bench.ledger, staged.proposal)
    assert [change.form for change in view.changes] == ["problem@1", None]


async def test_what_a_person_edited_is_no_longer_the_forms(bench: Bench) -> None:
    staged = await submit_changes(bench, formed("problem@1", GOOD["problem@1"]))
    change = row(bench, staged)
    resource = editable(change, content(bench, staged))
    code = {**resource["code"], "text": "Hypertension, essential"}
    edit_change(bench.workspace, staged.proposal.id, 0, {**resource, "code": code},
                change.change_digest)  # fmt: skip
    assert view_proposal(bench.ledger, staged.proposal).changes[0].form is None


def contact(**values: Any) -> dict[str, Any]:
    return formed("contact-details@1", values)


async def test_contact_details_take_the_place_of_the_same_use_and_no_other(bench: Bench) -> None:
    staged = await submit_changes(bench, contact(telecom=[PHONE]))
    found = content(bench, staged)
    assert [(item.path, item.effect) for item in found.delta] == [
        ("Patient.telecom[1].value", "changed")
    ]
    approve(bench, staged.proposal.id)
    await run(bench)
    assert bench.ehr.current("Patient/example")["telecom"] == [
        {"system": "phone", "value": "555 0100", "use": "home"},
        {"system": "phone", "value": "555 0199", "use": "mobile"},
    ]


async def test_what_is_not_there_yet_is_added(bench: Bench) -> None:
    values = {"telecom": [{"system": "email", "use": "home", "value": "ada@example.org"}],
              "address": GOOD["contact-details@1"]["address"]}  # fmt: skip
    staged = await submit_changes(bench, contact(**values))
    assert {(item.path, item.effect) for item in content(bench, staged).delta} == {
        ("Patient.telecom[2]", "added"), ("Patient.address", "added"),
    }  # fmt: skip


async def test_a_form_is_filled_in_on_what_the_agent_read_and_carried_on(bench: Bench) -> None:
    edit(bench, "Patient/example", maritalStatus={"text": "unknown"})
    staged = await submit_changes(bench, contact(telecom=[PHONE]))
    resource = content(bench, staged).resource
    assert resource["telecom"][1]["value"] == "555 0199" and "maritalStatus" in resource


TWO = [
    {"system": "phone", "value": "555 0111", "use": "mobile"},
    {"system": "phone", "value": "555 0122", "use": "mobile", "rank": 2},
    {"system": "phone", "value": "555 0133", "use": "mobile", "period": {"end": "2020"}},
]


async def test_nobody_guesses_which_of_two_is_meant(bench: Bench) -> None:
    edit(bench, "Patient/example", telecom=TWO)
    with pytest.raises(BadInput) as caught:
        await submit_changes(bench, {**contact(telecom=[PHONE]), "base_version": "2"})
    assert caught.value.field == "changes[0].values.telecom[0]"
    named = {**PHONE, "instead_of": "555 0122"}
    staged = await submit_changes(bench, {**contact(telecom=[named]), "base_version": "2"})
    assert content(bench, staged).resource["telecom"] == [
        *exact_object({"telecom": TWO})["telecom"][:1],
        exact_object({**PHONE, "rank": 2}),
        *exact_object({"telecom": TWO})["telecom"][2:],
    ]


async def test_since_when_the_old_value_held_is_not_said_of_the_new_one(bench: Bench) -> None:
    old = {**TWO[0], "rank": 1, "period": {"start": "2019"}}
    edit(bench, "Patient/example", telecom=[old])
    staged = await submit_changes(bench, {**contact(telecom=[PHONE]), "base_version": "2"})
    assert content(bench, staged).resource["telecom"] == [exact_object({**PHONE, "rank": 1})]


async def test_instead_of_names_something_that_is_there(bench: Bench) -> None:
    named = {**PHONE, "instead_of": "555 9999"}
    with pytest.raises(BadInput) as caught:
        await submit_changes(bench, contact(telecom=[named]))
    assert caught.value.field == "changes[0].values.telecom[0].instead_of"


async def test_a_form_for_another_type_never_reaches_the_chart(bench: Bench) -> None:
    with pytest.raises(BadInput) as caught:
        await submit_changes(
            bench, update("Condition/c1", form="contact-details@1", values={"telecom": [PHONE]})
        )
    assert caught.value.field == "changes[0].target"
