"""Two policy owners: one puts a policy forward, another's signature puts it in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core import adoption, adoption_check, second_owner
from core.adoption import adopt, confirm, pinned_admins
from core.adoption_check import adoption_problems
from core.audit.statements import check_statement, statements_of
from core.errors import Conflict, NotFound, Refused
from core.ledger.event import Entry
from core.second_owner import PENDING, admin_owners, pending_policy
from core.statement import peek, sign
from core.trust import Untrusted, check_in_force
from core.workspace import Workspace, document, roster_in_force
from sync.keys.ring import generate
from sync.store.verify import verify_store
from tests.builders import Bench
from tests.owners import SECOND, join


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def second(bench: Bench) -> Workspace:
    return join(bench.workspace)


def edited(bench: Bench, word: str = "a remark") -> str:
    return f"{document(bench.ledger, 'policy').document}\n# {word}\n"


def entries(bench: Bench) -> list[Entry]:
    found = [bench.ledger.entry(seq) for seq in range(bench.ledger.size)]
    return [entry for entry in found if entry is not None]


def problems(bench: Bench, found: list[Entry] | None = None) -> list[tuple[int, str]]:
    found = entries(bench) if found is None else found
    return adoption_problems(found, pinned_admins(found[0]))


def test_one_owner_alone_adopts_in_one_step(bench: Bench) -> None:
    row = adopt(bench.workspace, "policy", edited(bench))
    assert (row.kind, row.number) == ("policy", 2)
    assert pending_policy(bench.ledger) is None


def test_two_different_owners_put_a_policy_in_force(bench: Bench, second: Workspace) -> None:
    text, before = edited(bench), document(bench.ledger, "policy")
    row = adopt(bench.workspace, "policy", text)
    assert (row.kind, row.by, row.number) == (PENDING, "dr-lee", 2)
    assert pending_policy(bench.ledger) == row
    assert document(bench.ledger, "policy") == before
    check_in_force(bench.ledger, "policy")

    now = adopt(second, "policy", text)
    assert (now.kind, now.by, now.number, now.document) == ("policy", SECOND, 2, text)
    assert document(bench.ledger, "policy") == now
    assert pending_policy(bench.ledger) is None
    assert problems(bench) == []
    check_in_force(bench.ledger, "policy")
    assert verify_store(bench.connection).problems == []


def test_both_statements_travel_and_hold(bench: Bench, second: Workspace) -> None:
    text = edited(bench)
    adopt(bench.workspace, "policy", text)
    adopt(second, "policy", text)
    last = entries(bench)[-1]
    texts = statements_of(last.leaf, None)
    checked = [check_statement(bench.ledger, last.seq, last.leaf, one) for one in texts]
    assert [(one.owner, one.problem) for one in checked] == [(SECOND, None), ("dr-lee", None)]


def test_the_same_person_signs_once_only(bench: Bench, second: Workspace) -> None:
    text = edited(bench)
    row = adopt(bench.workspace, "policy", text)
    size = bench.ledger.size
    assert adopt(bench.workspace, "policy", text) == row
    with pytest.raises(Refused, match="put it forward"):
        confirm(bench.workspace, row.digest)
    assert bench.ledger.size == size


def test_several_keys_of_one_person_count_once(bench: Bench) -> None:
    ring = generate()
    roster = document(bench.ledger, "roster").document
    own = f'kid = "{ring.signer("reviewer").kid}"\nx = "{ring.public("reviewer")}"\n'
    head, mark, tail = roster.partition("[[people.keys]]")
    adopt(
        bench.workspace, "roster", f"{head}[[people.keys]]\n{own}\n{mark}{tail}\n[[admins]]\n{own}"
    )
    assert set(admin_owners(roster_in_force(bench.ledger)).values()) == {"dr-lee"}
    assert adopt(replace(bench.workspace, keys=ring), "policy", edited(bench)).kind == "policy"


def test_a_second_key_of_the_first_person_is_no_second_owner(
    bench: Bench, second: Workspace
) -> None:
    ring = generate()
    roster = document(bench.ledger, "roster").document
    own = f'kid = "{ring.signer("reviewer").kid}"\nx = "{ring.public("reviewer")}"\n'
    head, mark, tail = roster.partition("[[people.keys]]")
    adopt(
        bench.workspace, "roster", f"{head}[[people.keys]]\n{own}\n{mark}{tail}\n[[admins]]\n{own}"
    )
    text = edited(bench)
    adopt(bench.workspace, "policy", text)
    assert adopt(replace(bench.workspace, keys=ring), "policy", text).kind == PENDING


def test_a_newer_one_takes_its_place(bench: Bench, second: Workspace) -> None:
    adopt(bench.workspace, "policy", edited(bench, "one"))
    newer = adopt(second, "policy", edited(bench, "two"))
    assert pending_policy(bench.ledger) == newer
    assert confirm(bench.workspace, newer.digest[:12]).document == newer.document


@pytest.mark.parametrize("what", ["roster", "policy"])
def test_it_lapses_when_policy_or_roster_changed_since(
    bench: Bench, second: Workspace, what: str
) -> None:
    row = adopt(bench.workspace, "policy", edited(bench))
    if what == "roster":
        adopt(second, "roster", document(bench.ledger, "roster").document + "\n# moved\n")
    else:
        other = edited(bench, "other")
        bench.clock.advance(minutes=1)
        adopt(second, "policy", other)
        adopt(bench.workspace, "policy", other)
    assert pending_policy(bench.ledger) is None
    with pytest.raises(NotFound):
        confirm(second, row.digest)
    if what == "roster":
        assert adopt(second, "policy", row.document).kind == PENDING


def test_confirming_another_than_the_pending_is_a_conflict(bench: Bench, second: Workspace) -> None:
    row = adopt(bench.workspace, "policy", edited(bench))
    for digest in ("0" * 64, row.digest[:11], ""):
        with pytest.raises(Conflict):
            confirm(second, digest)


def test_other_documents_still_want_one_signature(bench: Bench, second: Workspace) -> None:
    assert adopt(second, "phase", "2").kind == "phase"


def single(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adopt a policy past the guard, signed by one of two owners."""
    with monkeypatch.context() as patched:
        patched.setattr(adoption, "needs_second", lambda _kind, _owners: False)
        adopt(bench.workspace, "policy", edited(bench))


def test_a_single_signed_adoption_lets_nothing_through(
    bench: Bench, second: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    single(bench, monkeypatch)
    ((seq, problem),) = problems(bench)
    assert seq == bench.ledger.size - 1 and "second policy owner" in problem
    with pytest.raises(Untrusted, match="second policy owner"):
        check_in_force(bench.ledger, "policy")
    assert any("second policy owner" in str(one) for one in verify_store(bench.connection).problems)


def test_control_without_the_check_it_is_accepted(
    bench: Bench, second: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    single(bench, monkeypatch)
    monkeypatch.setattr(adoption_check, "adoption_second_problem", lambda *_: None)
    assert problems(bench) == []
    check_in_force(bench.ledger, "policy")
    assert verify_store(bench.connection).problems == []


def test_an_adoption_of_one_owner_stays_valid_when_a_second_joins(bench: Bench) -> None:
    adopt(bench.workspace, "policy", edited(bench))
    join(bench.workspace)
    assert problems(bench) == []
    check_in_force(bench.ledger, "policy")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"digest": "0" * 64}, "digest differs"),
        ({"prev": "0" * 64}, "prev differs"),
        ({"team": "north"}, "team differs"),
    ],
)
def test_a_first_signature_for_something_else_does_not_hold(
    bench: Bench, second: Workspace, changed: dict[str, Any], problem: str
) -> None:
    text = edited(bench)
    adopt(bench.workspace, "policy", text)
    adopt(second, "policy", text)
    found = entries(bench)
    data = found[-1].leaf["data"]
    other = peek(data["first"]) | changed
    data["first"] = sign("adoption", other, bench.ring.signer("reviewer")).text
    ((_, told),) = problems(bench, found)
    assert problem in told


def test_one_owners_two_statements_do_not_hold(bench: Bench, second: Workspace) -> None:
    text = edited(bench)
    adopt(bench.workspace, "policy", text)
    adopt(second, "policy", text)
    found = entries(bench)
    data = found[-1].leaf["data"]
    data["first"] = data["statement"]
    ((_, told),) = problems(bench, found)
    assert "one policy owner" in told
    data["first"] = sign("adoption", peek(data["statement"]), generate().signer("reviewer")).text
    ((_, told),) = problems(bench, found)
    assert "not enrolled" in told


def test_a_stranger_puts_nothing_forward(bench: Bench, second: Workspace) -> None:
    stranger = replace(bench.workspace, keys=generate(), reviewer="eve")
    with pytest.raises(Refused, match="not an admin"):
        adopt(stranger, "policy", edited(bench))
    assert second_owner.pending_policy(bench.ledger) is None
