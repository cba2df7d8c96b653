"""An approval that no longer fits what would be written is void, and no write reaches the EHR."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.delta import GUARDS, is_guard
from core.gateway import guards, refresh
from core.lifecycle import State
from core.policy.verdict import Verdict
from core.review.approval import Holding
from core.roster import parse_roster
from sync.keys.ring import generate
from tests.builders import Bench, exact_object
from tests.core.gateway.scenario import change, edit, run
from tests.core.review.voids import (
    CHART,
    MOVES,
    ROUTE,
    _joins,
    adopt_policy,
    adopt_roster,
    approved,
    reference,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


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
    edit(bench, reference(type_), **moved)
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
    edit(bench, reference(type_), **exact_object(MOVES[type_, element]))
    base_off(monkeypatch, bench, id_)
    await run(bench)
    assert bench.ehr.sent


def test_every_guard_element_is_moved_once() -> None:
    assert {element for _, element in MOVES} == set(GUARDS)
    for type_, element in MOVES:
        assert type_ == "Patient" or type_ in CHART, element
