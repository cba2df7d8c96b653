"""An EHR that never confirms our Provenance is one exception, and then a fact that is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unreachable
from core.lifecycle import State
from core.reconcile import recheck
from core.reconcile.settle import settle
from core.reconcile.unconfirmed import unconfirmed_since
from tests.builders import Bench, problem_of
from tests.core.gateway.scenario import approve, change, edit, run, staged
from tests.core.gateway.test_provenance_lost import not_searched, outcomes
from tests.core.reconcile.again import the_exception, told, until_due

CODES = ("59621000", "44054006", "195967001", "38341003")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def written(bench: Bench, number: int) -> str:
    """Write a problem and let the time pass after which a Provenance is waited for no more."""
    id_ = await staged(bench, problem_of(CODES[number]), evidence=[], correlation_id=f"n-{number}")
    approve(bench, id_)
    await run(bench)
    bench.clock.advance(minutes=10)
    await run(bench)
    assert change(bench, id_).state == State.VERIFIED
    return id_


async def looked_at(bench: Bench, id_: str) -> str:
    until_due(bench, id_)
    await run(bench)
    return str(change(bench, id_).state)


async def test_the_first_is_an_exception_and_the_next_ones_are_not(bench: Bench) -> None:
    not_searched(bench, Unreachable("500"))
    first = await written(bench, 0)
    assert unconfirmed_since(bench.ledger, "sandbox") is None, "nobody was told yet"
    assert await looked_at(bench, first) == State.EXCEPTION
    found = the_exception(bench, first)
    assert (found.kind, found.class_) == ("side-effect", "lossy")
    assert unconfirmed_since(bench.ledger, "sandbox") == found.opened_at
    settle(bench.workspace, first, 0, "this EHR has no such search")
    for number in (1, 2):
        id_ = await written(bench, number)
        assert await looked_at(bench, id_) == State.VERIFIED
        assert outcomes(bench, id_) == ["unconfirmed"] and not bench.ledger.exceptions(id_, 0)
    assert len(told(bench, "provenance.unconfirmed")) == 1


async def test_control_without_what_is_known_each_would_be_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recheck, "without_known", lambda _reads, _change, looked: looked)
    not_searched(bench, Unreachable("500"))
    for number in (0, 1):
        id_ = await written(bench, number)
        assert await looked_at(bench, id_) == State.EXCEPTION
        settle(bench.workspace, id_, 0, "this EHR has no such search")


async def test_one_that_was_recorded_and_is_gone_still_shows(bench: Bench) -> None:
    search = bench.ehr.search
    kept = await written(bench, 0)
    assert outcomes(bench, kept) == ["written"]
    not_searched(bench, Unreachable("500"))
    first = await written(bench, 1)
    await looked_at(bench, first)
    assert unconfirmed_since(bench.ledger, "sandbox") is not None
    bench.ehr.search = search  # type: ignore[method-assign]
    for reference in [one for one in bench.ehr.versions if one.startswith("Provenance/")]:
        del bench.ehr.versions[reference]
    assert await looked_at(bench, kept) == State.EXCEPTION
    assert the_exception(bench, kept).class_ == "changed"


async def test_once_one_is_recorded_there_the_next_that_is_not_is_news_again(
    bench: Bench,
) -> None:
    search = bench.ehr.search
    not_searched(bench, Unreachable("500"))
    first = await written(bench, 0)
    assert await looked_at(bench, first) == State.EXCEPTION
    settle(bench.workspace, first, 0, "this EHR has no such search")
    bench.ehr.search = search  # type: ignore[method-assign]
    second = await written(bench, 1)
    assert outcomes(bench, second) == ["written"]
    assert unconfirmed_since(bench.ledger, "sandbox") is None
    not_searched(bench, Unreachable("500"))
    await looked_at(bench, await written(bench, 2))
    # Whichever is looked at first tells it: the first one's own is still owed, too.
    (again,) = bench.ledger.open_exceptions()
    assert (again.kind, again.class_) == ("side-effect", "lossy")
    assert len(told(bench, "provenance.unconfirmed")) == 2


async def test_what_else_is_wrong_beside_it_still_shows(bench: Bench) -> None:
    not_searched(bench, Unreachable("500"))
    await looked_at(bench, await written(bench, 0))
    id_ = await written(bench, 1)
    (reference,) = [
        one for one in bench.ehr.versions
        if one.startswith("Condition/") and CODES[1] in str(bench.ehr.current(one))
    ]  # fmt: skip
    edit(bench, reference, verificationStatus={"coding": [{"code": "refuted"}]})
    assert await looked_at(bench, id_) == State.EXCEPTION
    assert the_exception(bench, id_).kind == "drift"
