from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core import adoption
from core.adoption import (
    Adopter,
    adopt,
    adopt_in,
    pinned_admins,
)
from core.adoption_check import adoption_problem, adoption_problems
from core.canonical import Number
from core.errors import BadInput, Failed, Refused
from core.ledger.event import Entry
from core.policy import inspection, sample_policy
from core.roster import parse_roster
from core.statement import peek, sign
from core.workspace import Workspace
from sync.keys.ring import KeyRing, generate
from sync.workspace.documents import roster_text
from sync.workspace.folder import OpenWorkspace


def _entries(opened: OpenWorkspace) -> list[Entry]:
    found = [opened.ledger.entry(seq) for seq in range(opened.ledger.size)]
    return [entry for entry in found if entry is not None]


def _core(opened: OpenWorkspace, clock: Any, ids: Any) -> Workspace:
    class Permit:
        async def evaluate(self, patient: str, purpose: str) -> str:
            return "permit"

    return Workspace("solo", "dr-lee", opened.ledger, opened.keys, clock, ids, {}, Permit())


@pytest.fixture
def core_workspace(workspace: OpenWorkspace, clock: Any, ids: Any) -> Workspace:
    return _core(workspace, clock, ids)


def test_what_create_adopted_holds(workspace: OpenWorkspace) -> None:
    entries = _entries(workspace)
    assert [entry.leaf["type"] for entry in entries] == ["ledger.opened"] + ["config.adopted"] * 4
    assert entries[0].leaf["data"]["checkpoint"] == {
        "kid": workspace.keys.signer("checkpoint").kid,
        "x": workspace.keys.public("checkpoint"),
    }
    pinned = pinned_admins(entries[0])
    assert pinned == {workspace.keys.signer("reviewer").kid: workspace.keys.public("reviewer")}
    assert adoption_problems(entries, pinned) == []


def test_an_adoption_takes_effect_and_follows_the_one_before(
    workspace: OpenWorkspace, core_workspace: Workspace
) -> None:
    before = workspace.ledger.config("policy")
    assert before is not None
    text = sample_policy("sandbox").replace('"Sample policy"', '"Another policy"')
    row = adopt(core_workspace, "policy", text)
    assert (row.kind, row.number, row.document, row.by) == ("policy", 2, text, "dr-lee")
    assert workspace.ledger.config("policy") == row
    leaf = _entries(workspace)[-1].leaf
    payload = peek(leaf["data"]["statement"])
    assert set(payload) == {"v", "team", "id", "at", "kind", "number", "digest", "prev"}
    assert payload["prev"] == before.digest
    assert payload["digest"] == row.digest
    assert leaf["refs"][0]["kind"] == "adoption"


def test_adopting_what_is_in_force_appends_nothing(
    workspace: OpenWorkspace, core_workspace: Workspace
) -> None:
    size = workspace.ledger.size
    row = adopt(core_workspace, "policy", sample_policy("sandbox"))
    assert row == workspace.ledger.config("policy")
    assert workspace.ledger.size == size


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("policy", "version = 1"),
        ("policy", "not toml"),
        ("roster", "version = 1"),
        ("phase", "4"),
        ("phase", ""),
        ("profile.sandbox", "x ="),
        ("profile.", ""),
        ("profile", ""),
        ("colour", "red"),
        ("phase", "1" * (adoption.MAX_DOCUMENT + 1)),
    ],
)
def test_an_invalid_document_is_refused(
    workspace: OpenWorkspace, core_workspace: Workspace, kind: str, text: str
) -> None:
    size = workspace.ledger.size
    with pytest.raises(BadInput):
        adopt(core_workspace, kind, text)
    assert workspace.ledger.size == size


@pytest.mark.parametrize("admins", ["absent", "revoked"])
def test_a_roster_that_leaves_no_admin_is_refused(
    workspace: OpenWorkspace, core_workspace: Workspace, admins: str
) -> None:
    text = roster_text("dr-lee", workspace.keys, ("scribe-1",))
    head, mark, tail = text.partition("[[admins]]")
    changed = head if admins == "absent" else f"{head}{mark}{tail}revoked = true\n"
    parse_roster(changed)
    with pytest.raises(Refused, match="no admin"):
        adopt(core_workspace, "roster", changed)


def _failing(word: str = "denied") -> str:
    text = sample_policy("sandbox").replace('expect = "review"', f'expect = "{word}"', 1)
    return text.replace("version = 1", "version = 1\nenforce_cases = true", 1)


def test_a_policy_that_fails_its_own_case_is_refused(
    workspace: OpenWorkspace, core_workspace: Workspace
) -> None:
    size = workspace.ledger.size
    with pytest.raises(BadInput, match="fails: outcome should be denied"):
        adopt(core_workspace, "policy", _failing())
    assert workspace.ledger.size == size


def test_control_with_the_cases_unasked_it_would_be_adopted_and_stays_valid(
    workspace: OpenWorkspace, core_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(inspection, "check_adoptable", lambda _text: None)
        assert adopt(core_workspace, "policy", _failing()).number == 2
    entries = _entries(workspace)
    assert adoption_problems(entries, pinned_admins(entries[0])) == []


def _stranger(core_workspace: Workspace) -> Workspace:
    return replace(core_workspace, keys=generate())


def test_only_an_admin_of_the_roster_in_force_adopts(
    workspace: OpenWorkspace, core_workspace: Workspace
) -> None:
    size = workspace.ledger.size
    with pytest.raises(Refused, match="not an admin"):
        adopt(_stranger(core_workspace), "phase", "1")
    assert workspace.ledger.size == size


def test_control_with_the_guard_off_anyone_would(
    core_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = _stranger(core_workspace)
    kid, x = stranger.keys.signer("reviewer").kid, stranger.keys.public("reviewer")
    monkeypatch.setattr(adoption, "admins_in_force", lambda _reads: {kid: x})
    assert adopt(stranger, "phase", "1").number == 2


def test_a_new_roster_moves_the_right_to_adopt(
    workspace: OpenWorkspace, core_workspace: Workspace
) -> None:
    successor = generate()
    adopt(core_workspace, "roster", roster_text("dr-kim", successor, ()))
    with pytest.raises(Refused):
        adopt(core_workspace, "phase", "1")
    later = replace(core_workspace, keys=successor, reviewer="dr-kim")
    assert adopt(later, "phase", "1").by == "dr-kim"
    entries = _entries(workspace)
    assert adoption_problems(entries, pinned_admins(entries[0])) == []


Change = Callable[[dict[str, Any], KeyRing], None]


def _resigned(data: dict[str, Any], ring: KeyRing, **changed: Any) -> None:
    payload = peek(data["statement"]) | changed
    data["statement"] = sign("adoption", payload, ring.signer("reviewer")).text


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data, _: data.update(document=data["document"] + "\n"), "not the document"),
        (lambda data, _: data.update(digest="0" * 64), "differs from its statement in digest"),
        (lambda data, _: data.update(kind="roster"), "differs from its statement in kind"),
        (lambda data, _: data.update(number=Number("7")), "differs from its statement in number"),
        (lambda data, _: data.pop("statement"), "not signed by an admin"),
        (lambda data, _: data.update(statement="a.b.c"), "not signed by an admin"),
        (lambda data, _: _resigned(data, generate()), "not signed by an admin"),
    ],
)  # fmt: skip
def test_a_changed_adoption_is_noticed(
    workspace: OpenWorkspace, change: Change, problem: str
) -> None:
    entry = _entries(workspace)[2]
    admins = pinned_admins(_entries(workspace)[0])
    assert entry.leaf["data"]["kind"] == "policy"
    assert adoption_problem(entry, admins) is None
    change(entry.leaf["data"], workspace.keys)
    assert problem in str(adoption_problem(entry, admins))


def test_an_event_that_names_another_signer_is_noticed(workspace: OpenWorkspace) -> None:
    entries = _entries(workspace)
    entries[2].leaf["actor"]["kid"] = workspace.keys.signer("gateway").kid
    assert "another key" in str(adoption_problem(entries[2], pinned_admins(entries[0])))


def test_a_break_in_the_chain_is_noticed(
    workspace: OpenWorkspace, core_workspace: Workspace
) -> None:
    for phase in ("2", "1"):
        adopt(core_workspace, "phase", phase)
    entries = _entries(workspace)
    pinned = pinned_admins(entries[0])
    assert adoption_problems(entries, pinned) == []
    ((seq, problem),) = adoption_problems([*entries[:-2], entries[-1]], pinned)
    assert seq == entries[-1].seq
    assert "number 3, not 2" in problem
    data = entries[-1].leaf["data"]
    _resigned(data, workspace.keys, prev="0" * 64)
    ((_, problem),) = adoption_problems(entries, pinned)
    assert "does not follow" in problem


def test_a_roster_that_does_not_hold_gives_nobody_rights(
    workspace: OpenWorkspace, core_workspace: Workspace
) -> None:
    intruder = generate()
    adopt(core_workspace, "roster", roster_text("eve", intruder, ()))
    adopt(replace(core_workspace, keys=intruder, reviewer="eve"), "phase", "1")
    entries = _entries(workspace)
    _resigned(entries[-2].leaf["data"], intruder)
    problems = adoption_problems(entries, pinned_admins(entries[0]))
    assert [seq for seq, _ in problems] == [entries[-2].seq, entries[-1].seq]


def test_a_signed_document_that_is_not_valid_is_noticed(
    workspace: OpenWorkspace, ids: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopter = Adopter("solo", "dr-lee", workspace.keys.signer("reviewer"), ids)
    with monkeypatch.context() as patched, workspace.ledger.transaction() as transaction:
        patched.setattr(adoption, "check_document", lambda _kind, _text: None)
        adopt_in(transaction, adopter, "phase", "9")
    entries = _entries(workspace)
    ((_, problem),) = adoption_problems(entries, pinned_admins(entries[0]))
    assert "not valid" in problem


def test_a_pinned_key_that_is_not_its_kid_is_refused(workspace: OpenWorkspace) -> None:
    first = _entries(workspace)[0]
    first.leaf["data"]["admins"][0]["kid"] = "other"
    with pytest.raises(Failed, match="thumbprint"):
        pinned_admins(first)
    with pytest.raises(Failed, match="begin"):
        pinned_admins(_entries(workspace)[1])
