"""What is labelled sensitive: hidden until revealed by who may, and never approved unseen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Conflict, Refused
from core.intake.sensitive import GROUPS
from core.ledger.label_events import REVEALED
from core.lifecycle import State
from core.policy import Policy, sample_policy
from core.policy.parse import parse_policy
from core.review.byhand import Entry, enter
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.edit import edit, editable
from core.review.hidden import Sight, hidden_of, reveal, sight_of
from core.review.permissions import Who
from core.veil import view_for
from core.view import proposal_json
from core.workspace import Workspace
from tests.builders import Bench, phone_change
from tests.core.gateway.scenario import staged
from tests.labelled import SECRET, colleague, label_note, label_patient, only, take_labels

NURSE, DOCTOR = frozenset({"nurse"}), frozenset({"physician"})
ROUTE = ("nurse", "physician")
PHONE = f"a new mobile number {SECRET}"
QUOTE = [{"source": "DocumentReference/n1", "quote": PHONE, "supports": [0]}]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def policy(more: str) -> Policy:
    return parse_policy(f"{sample_policy('sandbox')}\n{more}")


def who(roles: frozenset[str], *, enrolled: bool = True) -> Who:
    return Who("somebody", roles, listed=True, enrolled=enrolled)


def told(bench: Bench, workspace: Workspace | None = None) -> dict:
    row = bench.ledger.proposal(only(bench).proposal)
    assert row is not None
    view = view_for(workspace or bench.workspace, bench.ledger, row)
    return json.loads(json.dumps(proposal_json(view), default=lambda number: number.text))


def approve(bench: Bench, workspace: Workspace | None = None) -> None:
    row = only(bench)
    decide(workspace or bench.workspace, row.proposal, 0, Answer("approve", seen=row.change_digest))


async def of_labelled_note(bench: Bench, more: str = "") -> str:
    take_labels(bench, more)
    label_note(bench)
    return await staged(bench, phone_change(), evidence=QUOTE)


async def of_labelled_patient(bench: Bench, more: str = "") -> str:
    take_labels(bench, more)
    version = label_patient(bench)
    return await staged(bench, phone_change(base_version=version), evidence=[])


def test_a_listed_group_is_for_its_roles_alone() -> None:
    listed = policy('[labels]\nhiv = ["physician"]\n')
    assert "hiv" in sight_of(listed, who(DOCTOR), ROUTE).seen
    nurse = sight_of(listed, who(NURSE), ROUTE, {"hiv"})
    assert "hiv" not in nurse.seen | nurse.may


def test_an_unlisted_group_is_for_who_of_the_route_asks() -> None:
    plain = policy("")
    assert sight_of(plain, who(DOCTOR), ROUTE).seen == frozenset()
    assert sight_of(plain, who(NURSE), ROUTE).may == frozenset(GROUPS)
    assert sight_of(plain, who(NURSE), ROUTE, {"hiv"}).seen == {"hiv"}
    assert sight_of(plain, who(frozenset({"supervisor"})), ROUTE, {"hiv"}) == Sight()


def test_who_may_break_the_glass_may_reveal_any() -> None:
    listed = policy('[labels]\nhiv = ["physician"]\n[break_glass]\nroles = ["nurse"]\n')
    found = sight_of(listed, who(NURSE), ())
    assert found.may == frozenset(GROUPS) and not found.seen


def test_a_key_that_is_not_theirs_sees_nothing() -> None:
    listed = policy('[labels]\nhiv = ["physician"]\n')
    assert sight_of(listed, who(DOCTOR, enrolled=False), ROUTE, {"hiv"}) == Sight()
    assert sight_of(listed, Who("somebody", DOCTOR), ROUTE, {"hiv"}) == Sight()


async def test_a_labelled_quote_is_hidden_and_the_words_that_rest_on_it(bench: Bench) -> None:
    await of_labelled_note(bench)
    found = told(bench)
    (item,) = found["evidence"]
    assert item["hidden"] == found["hidden"] == found["changes"][0]["hidden"] == ["hiv"]
    assert item["quote"] is None and item["grounding"] == "verified"
    assert found["rationale"] is None
    assert PHONE not in json.dumps(found)
    # The change itself bears no label.
    assert found["changes"][0]["delta"][0]["after"] == SECRET


async def test_of_a_labelled_base_every_value_is_hidden(bench: Bench) -> None:
    await of_labelled_patient(bench)
    found = told(bench)
    (change,) = found["changes"]
    assert change["resource"] is None and change["hidden"] == ["hiv"]
    assert [(one["before"], one["after"]) for one in change["delta"]] == [(None, None)]
    assert change["paths"] and SECRET not in json.dumps(found)


async def test_revealing_shows_it_and_stands_in_the_trail_without_content(bench: Bench) -> None:
    id_ = await of_labelled_patient(bench)
    assert reveal(bench.workspace, id_, [0]) == {"hiv"}
    assert SECRET in json.dumps(told(bench)) and not told(bench)["hidden"]
    (entry,) = [one for one in bench.ledger.trail(id_) if one.leaf["type"] == REVEALED]
    assert entry.body is None
    assert entry.leaf["data"] == {"reviewer": "dr-lee", "groups": ["hiv"]}
    assert told(bench)["history"][-1]["text"] == "dr-lee reveals what is labelled hiv"
    size = bench.ledger.size
    assert reveal(bench.workspace, id_, [0]) == frozenset() and bench.ledger.size == size


async def test_what_one_reveals_stays_hidden_from_others(bench: Bench) -> None:
    id_ = await of_labelled_patient(bench)
    other = colleague(bench, "physician")
    reveal(bench.workspace, id_, [0])
    assert told(bench, other)["hidden"] == ["hiv"]


async def test_a_role_that_may_not_is_refused_and_nothing_is_recorded(bench: Bench) -> None:
    id_ = await of_labelled_patient(bench, '[labels]\nhiv = ["physician"]\n')
    for roles, name in ((("nurse",), "nurse-1"), (("supervisor",), "boss-1")):
        other = colleague(bench, *roles, name=name)
        size = bench.ledger.size
        with pytest.raises(Refused, match="HIV"):
            reveal(other, id_, [0])
        assert bench.ledger.size == size and told(bench, other)["hidden"] == ["hiv"]
    # The one who holds the role sees it without asking.
    assert not told(bench)["hidden"]


@pytest.mark.parametrize("of", [of_labelled_note, of_labelled_patient], ids=["quote", "values"])
async def test_nothing_hidden_is_approved_edited_or_typed(bench: Bench, of) -> None:
    id_ = await of(bench)
    row = only(bench)
    resource = editable(row, read_content(bench.ledger, row))
    for act in (
        lambda: approve(bench),
        lambda: edit(bench.workspace, id_, 0, resource, row.change_digest),
        lambda: enter(bench.workspace, id_, 0, Entry(row.change_digest)),
    ):
        with pytest.raises(Conflict, match="hidden from you, labelled HIV"):
            act()
    reveal(bench.workspace, id_, [0])
    approve(bench)
    assert bench.ledger.change(id_, 0).state == State.READY


@pytest.mark.parametrize("act", ["decide", "edit", "byhand"])
async def test_control_without_the_check_it_would_be_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    id_ = await of_labelled_note(bench)
    row = only(bench)
    resource = editable(row, read_content(bench.ledger, row))
    resource["telecom"][1]["value"] = "555 0777"
    monkeypatch.setattr(f"core.review.{act}.check_not_hidden", lambda *_: None)
    if act == "decide":
        approve(bench)
    elif act == "edit":
        edit(bench.workspace, id_, 0, resource, row.change_digest)
    else:
        enter(bench.workspace, id_, 0, Entry(row.change_digest))
    after = only(bench) if act == "edit" else bench.ledger.change(id_, 0)
    assert after is not None
    done = {"decide": after.state == State.READY, "edit": after.revision == 1,
            "byhand": after.state == State.MANUAL_ENTRY}  # fmt: skip
    assert done[act]


async def test_hidden_or_not_it_can_be_rejected(bench: Bench) -> None:
    id_ = await of_labelled_note(bench)
    decide(bench.workspace, id_, 0, Answer("reject", reason="not-supported"))
    assert bench.ledger.change(id_, 0).state == State.REJECTED


async def test_another_group_that_came_since_is_hidden_anew(bench: Bench) -> None:
    id_ = await of_labelled_patient(bench)
    reveal(bench.workspace, id_, [0])
    found = read_content(bench.ledger, only(bench))
    more = {**found.resource, "meta": {"security": [{"code": "R"}]}}
    sight = Sight(frozenset({"hiv"}))
    assert hidden_of(found, sight).groups == frozenset()
    assert hidden_of(replace(found, resource=more), sight).values == {"restricted"}
