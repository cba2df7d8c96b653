"""A backup is put back: nothing it forgot is written twice, lost, or written against people."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, Failed, Refused, Unreachable
from core.gateway import doubted, restored
from core.gateway.restored import Searched, recover
from core.incident.freeze import declare, lift
from core.lifecycle import State
from core.review.content import read_content
from core.review.decide import Answer, decide
from core.review.edit import edit as edit_change
from core.review.edit import editable
from core.review.recall import recall
from sync.store.verify import verify_store
from tests.builders import Bench, phone_change, problem_change
from tests.core.gateway.restoring import (
    backup,
    lost,
    publish,
    put_back,
    recovered,
    round_of,
)
from tests.core.gateway.scenario import approve, change, edit, run, staged

ROUNDS = 3
CONFIRMED = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
            "code": "confirmed",
        }
    ]
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def both(bench: Bench) -> str:
    return await staged(bench, phone_change(), problem_change())


def effects(bench: Bench) -> list[int]:
    kinds = ("Patient/", "Condition/")
    return [len(chain) for ref, chain in bench.ehr.versions.items() if ref.startswith(kinds)]


async def settled(bench: Bench) -> None:
    for _ in range(ROUNDS):
        await round_of(bench)
        bench.clock.advance(seconds=130)


def states(bench: Bench, id_: str) -> list[str]:
    return [row.state for row in bench.ledger.changes(id_)]


def thaw(bench: Bench) -> None:
    for row in bench.ledger.freezes():
        lift(bench.workspace, row.id, "compared with what we know")


async def sent_and_forgotten(bench: Bench, *, approved: bool = True) -> str:
    """Write two changes, and put a backup from before back; approved there, or not yet."""
    id_ = await both(bench)
    kept = backup(bench)
    for index in (0, 1):
        approve(bench, id_, index)
    if approved:
        kept = backup(bench)
    await round_of(bench)
    assert states(bench, id_) == ["verified", "verified"] and effects(bench) == [2, 1]
    put_back(bench, kept)
    return id_


@pytest.mark.parametrize("approved", [True, False])
async def test_what_was_sent_is_found_and_is_not_sent_again(bench: Bench, approved: bool) -> None:
    id_ = await sent_and_forgotten(bench, approved=approved)
    done, searched = await recovered(bench)
    assert done.doubted == 2 and len(searched.found) == 2
    assert states(bench, id_) == ["ambiguous", "ambiguous"]
    await settled(bench)
    assert states(bench, id_) == ["verified", "verified"] and effects(bench) == [2, 1]
    assert verify_store(bench.connection).ok


async def test_until_it_is_recovered_nothing_is_published_and_so_nothing_is_sent(
    bench: Bench,
) -> None:
    await sent_and_forgotten(bench)
    sent = len(bench.ehr.sent)
    with pytest.raises(Failed, match="countersign recover"):
        await round_of(bench)
    assert len(bench.ehr.sent) == sent


async def test_what_was_never_sent_goes_back_to_people_and_is_frozen(bench: Bench) -> None:
    id_ = await both(bench)
    approve(bench, id_, 0)
    approve(bench, id_, 1)
    kept = backup(bench)
    recall(bench.workspace, id_, 0)
    await publish(bench)
    put_back(bench, kept)
    await recovered(bench)
    await settled(bench)
    # The recall is forgotten with the rest: no approval from before may send anything.
    assert states(bench, id_) == ["pending-human-review"] * 2 and effects(bench) == [1]
    approve(bench, id_, 1)
    await settled(bench)
    assert states(bench, id_)[1] == "ready-for-write" and effects(bench) == [1]
    thaw(bench)
    await settled(bench)
    assert states(bench, id_) == ["pending-human-review", "verified"] and effects(bench) == [1, 1]


async def test_control_without_the_doubt_a_recalled_approval_is_sent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restored, "_doubt", lambda *_: False)
    with pytest.raises(AssertionError):
        await test_what_was_never_sent_goes_back_to_people_and_is_frozen(bench)


async def test_a_freeze_that_was_forgotten_holds_all_the_same(bench: Bench) -> None:
    id_ = await both(bench)
    kept = backup(bench)
    declare(bench.workspace, {"type": "Patient"}, "wrong numbers")
    await publish(bench)
    put_back(bench, kept)
    await recovered(bench)
    await settled(bench)
    approve(bench, id_, 0)
    await settled(bench)
    assert effects(bench) == [1] and len(bench.ledger.freezes()) == 1


async def test_control_without_its_freeze_the_forgotten_one_is_broken(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restored, "_freeze", lambda *_: "none")
    with pytest.raises(AssertionError):
        await test_a_freeze_that_was_forgotten_holds_all_the_same(bench)


async def test_an_update_that_was_carried_to_a_newer_base_is_found(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    kept = backup(bench)
    edit(bench, gender="other")
    await round_of(bench)
    assert change(bench, id_).state == "verified" and effects(bench) == [3]
    # Without its Provenance only the versions tell.
    for reference in [one for one in bench.ehr.versions if one.startswith("Provenance/")]:
        bench.ehr.delete(reference)
    edit(bench, active=False)
    put_back(bench, kept)
    await recovered(bench)
    await run(bench)
    row = change(bench, id_)
    written = bench.ledger.write(row.operation)
    assert written is not None and written.version == "3" and written.provenance == "failed"
    assert row.state in ("verified", "exception") and effects(bench) == [4]


async def test_control_without_looking_at_each_version_it_is_not_found(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubted, "_is_ours", lambda *_: False)
    with pytest.raises(AssertionError):
        await test_an_update_that_was_carried_to_a_newer_base_is_found(bench)


async def test_a_revision_that_is_lost_goes_to_a_person(bench: Bench) -> None:
    id_ = await staged(bench, problem_change(), evidence=[])
    kept = backup(bench)
    row = change(bench, id_)
    content = read_content(bench.ledger, row)
    better = {**editable(row, content), "verificationStatus": CONFIRMED}
    edit_change(bench.workspace, id_, 0, better, row.change_digest)
    approve(bench, id_)
    await round_of(bench)
    assert change(bench, id_).state == "verified"
    put_back(bench, kept)
    await recovered(bench)
    await settled(bench)
    assert change(bench, id_).state == "exception"
    assert [one.class_ for one in bench.ledger.exceptions(id_, 0)] == ["written-otherwise"]


async def test_a_proposal_that_is_lost_is_told_of(bench: Bench) -> None:
    kept = backup(bench)
    id_ = await staged(bench, phone_change())
    approve(bench, id_)
    await round_of(bench)
    put_back(bench, kept)
    done, searched = await recovered(bench)
    assert done.doubted == 0 and bench.ledger.proposal(id_) is None
    [witness] = searched.forgotten
    assert witness.target == "Patient/example/_history/2" and witness.genuine
    assert witness.reviewer == "dr-lee"
    assert [row.category for row in bench.ledger.open_incidents()] == ["data-corruption"]


async def test_a_create_that_somebody_deleted_since_is_not_made_again(bench: Bench) -> None:
    id_ = await staged(bench, problem_change(), evidence=[])
    approve(bench, id_)
    kept = backup(bench)
    await round_of(bench)
    for reference in [
        one for one in bench.ehr.versions if one.startswith(("Condition/", "Provenance/"))
    ]:
        bench.ehr.delete(reference)
    put_back(bench, kept)
    await recovered(bench)
    await settled(bench)
    assert [one.class_ for one in bench.ledger.exceptions(id_, 0)] == ["deleted"]


async def test_events_appended_after_it_was_put_back_do_not_hide_it(bench: Bench) -> None:
    """The store grows past the published head: it is another history all the same."""
    id_ = await sent_and_forgotten(bench, approved=False)
    size = max(one.size for one in await lost(bench))
    while bench.ledger.size <= size:
        lift(bench.workspace, declare(bench.workspace, {"agent": "x"}, "drill"), "over")
    with pytest.raises(Failed, match="over other events"):
        await publish(bench)
    approve(bench, id_, 0)
    await recovered(bench)
    await settled(bench)
    assert states(bench, id_) == ["verified", "verified"] and effects(bench) == [2, 1]


async def test_once_recovered_it_is_over_and_the_next_loss_is_another(bench: Bench) -> None:
    await sent_and_forgotten(bench)
    heads = await lost(bench)
    await recovered(bench)
    assert await lost(bench) == []
    with pytest.raises(Conflict):
        recover(bench.workspace, heads, Searched((), ()), "again")
    kept = backup(bench)
    await settled(bench)
    assert verify_store(bench.connection, [("register", heads[0].note)]).ok
    put_back(bench, kept)
    assert len(await lost(bench)) == 1
    await recovered(bench)
    await settled(bench)
    assert effects(bench) == [2, 1]


@pytest.mark.parametrize("given_up", [True, False])
async def test_only_what_an_admin_gave_up_is_passed_over(bench: Bench, given_up: bool) -> None:
    id_ = await sent_and_forgotten(bench)
    [head] = await lost(bench)
    if given_up:
        await recovered(bench)
    report = verify_store(bench.connection, [("register", head.note)])
    assert report.ok is given_up and report.given_up == int(given_up)
    assert id_


async def test_who_is_no_admin_recovers_nothing(bench: Bench) -> None:
    await sent_and_forgotten(bench)
    heads, size = await lost(bench), bench.ledger.size
    (bench.path.parent / "other").mkdir()
    keys = Bench(bench.path.parent / "other", foreign=True).ring
    other = replace(bench.workspace, keys=keys)
    with pytest.raises(Refused):
        recover(other, heads, Searched((), ()), "mine now")
    assert bench.ledger.size == size


@pytest.mark.parametrize("what", ["capability", "search"])
async def test_nothing_is_recovered_half_blind(
    bench: Bench, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent_and_forgotten(bench)

    async def away(*_: Any) -> Any:
        raise Unreachable("the EHR is down")

    monkeypatch.setattr(bench.ehr, what, away)
    size = bench.ledger.size
    with pytest.raises(Unreachable):
        await recovered(bench)
    assert bench.ledger.size == size


async def test_it_is_one_transaction_whatever_append_fails(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await sent_and_forgotten(bench)
    heads, kept = await lost(bench), backup(bench)
    number = 0
    while True:
        transaction = bench.ledger.transaction
        left = [number]

        with monkeypatch.context() as patch:
            patch.setattr(bench.ledger, "transaction", partial(_dying, transaction, left))
            try:
                recover(bench.workspace, heads, Searched((), ()), "the disk died")
                break
            except _Died:
                number += 1
        assert states(bench, id_) == ["ready-for-write"] * 2 and bench.ledger.freezes() == []
        assert len(await lost(bench)) == 1
    assert number >= 6 and kept != backup(bench)
    await settled(bench)
    assert states(bench, id_) == ["verified", "verified"] and effects(bench) == [2, 1]


class _Died(Exception):
    """A process ends while it appends."""


def _dying(transaction: Any, left: list[int]) -> _Dying:
    return _Dying(transaction(), left)


class _Dying:
    """A transaction that ends its process at one of its appends."""

    def __init__(self, inner: Any, left: list[int]):
        self._inner, self._left = inner, left

    def __enter__(self) -> Any:
        found = self._inner.__enter__()
        append = found.append

        def counted(event: Any) -> Any:
            if not self._left[0]:
                raise _Died
            self._left[0] -= 1
            return append(event)

        found.append = counted
        return found

    def __exit__(self, *error: object) -> Any:
        return self._inner.__exit__(*error)


async def _cut(read: Any, left: list[int], *args: Any) -> Any:
    if not left[0]:
        raise Unreachable("cut")
    left[0] -= 1
    return await read(*args)


async def test_the_reads_that_settle_it_may_fail_at_every_step(bench: Bench) -> None:
    id_ = await sent_and_forgotten(bench)
    await recovered(bench)
    bench.ehr.down = True
    await run(bench)
    assert states(bench, id_) == ["ambiguous", "ambiguous"]
    bench.ehr.down = False
    read, number = bench.ehr.read, 0
    for number in range(8):
        bench.ehr.read = partial(_cut, read, [number])  # type: ignore[method-assign]
        await run(bench)
        assert effects(bench) == [2, 1]
    bench.ehr.read = read  # type: ignore[method-assign]
    await settled(bench)
    assert number == 7 and states(bench, id_) == ["verified", "verified"]
    assert effects(bench) == [2, 1]


async def test_a_deferred_and_a_put_off_change_are_doubted_too(bench: Bench) -> None:
    id_ = await staged(bench, phone_change())
    decide(bench.workspace, id_, 0, Answer("defer", until=bench.clock.now().replace(hour=10)))
    kept = backup(bench)
    bench.clock.advance(hours=2)
    await run(bench)
    approve(bench, id_)
    await round_of(bench)
    assert change(bench, id_).state == "verified"
    put_back(bench, kept)
    assert change(bench, id_).state == State.DEFERRED
    await recovered(bench)
    await settled(bench)
    assert change(bench, id_).state == "verified" and effects(bench) == [2]
