"""A version that another filed right after ours is noticed at the first look, by its content."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.canonical import exact
from core.ports import Fetched, Request, Response
from core.reconcile import check
from core.reconcile.look import is_later
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, change, edit, run
from tests.core.reconcile.again import HOME, MOBILE, telecom, the_exception, told

OTHER = {**MOBILE, "value": "555 0142"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def right_after(bench: Bench, **elements: Any) -> None:
    """Let somebody file another version as soon as ours was stored."""
    commit = bench.ehr._commit

    def both(request: Request) -> Response:
        answer = commit(request)
        if request.method == "PUT" and request.type == "Patient":
            edit(bench, **elements)
        return answer

    bench.ehr._commit = both  # type: ignore[method-assign]


def reads_of(bench: Bench) -> list[str | None]:
    """Note the version of each read of the patient after the write."""
    read, seen = bench.ehr.read, []

    async def noted(reference: str, version: str | None = None) -> Fetched | None:
        if bench.ehr.sent and reference == "Patient/example":
            seen.append(version)
        return await read(reference, version)

    bench.ehr.read = noted  # type: ignore[method-assign]
    return seen


async def test_what_undoes_ours_is_drift_at_once_and_says_since_when(bench: Bench) -> None:
    right_after(bench, **telecom(HOME, OTHER))
    id_ = await approved_phone(bench)
    done = await run(bench)
    assert (done.verified, done.exceptions) == (0, 1)
    found = the_exception(bench, id_)
    assert (found.kind, found.class_) == ("drift", "changed")
    entry = bench.ledger.entry(found.id)
    assert entry is not None and entry.body is not None
    assert [one["path"] for one in entry.body["differences"]] == ["Patient.telecom[1].value"]
    assert entry.body["changed_at"]
    assert told(bench, "reconciliation.recorded")[0]["later"] is True


@pytest.mark.parametrize("elements", [{"birthDate": "1971-01-01"}, telecom(MOBILE, HOME), {}])
async def test_what_does_not_undo_ours_is_verified_and_noted(
    bench: Bench, elements: dict[str, Any]
) -> None:
    right_after(bench, **elements)
    id_ = await approved_phone(bench)
    assert (await run(bench)).verified == 1
    assert change(bench, id_).state == "verified"
    assert told(bench, "reconciliation.recorded")[0]["later"] is True


async def test_control_without_a_look_at_the_later_version_it_would_be_verified(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "is_later", lambda *_: False)
    right_after(bench, **telecom(HOME, OTHER))
    await approved_phone(bench)
    assert (await run(bench)).verified == 1


async def test_in_the_usual_case_it_costs_no_read_more(bench: Bench) -> None:
    seen = reads_of(bench)
    await approved_phone(bench)
    assert (await run(bench)).verified == 1
    assert seen == [None]
    assert "later" not in told(bench, "reconciliation.recorded")[0]


async def test_an_ehr_whose_reads_lag_behind_is_not_called_drift(bench: Bench) -> None:
    """The current version is the one before ours for a while; ours is there by its own name."""
    read = bench.ehr.read

    async def lags(reference: str, version: str | None = None) -> Fetched | None:
        stale = version is None and bench.ehr.sent and reference == "Patient/example"
        return await read(reference, "1" if stale else version)

    bench.ehr.read = lags  # type: ignore[method-assign]
    await approved_phone(bench)
    assert (await run(bench)).verified == 1


async def test_where_earlier_versions_are_not_kept_the_later_one_is_judged(bench: Bench) -> None:
    read = bench.ehr.read

    async def newest_only(reference: str, version: str | None = None) -> Fetched | None:
        return None if version is not None else await read(reference)

    bench.ehr.read = newest_only  # type: ignore[method-assign]
    right_after(bench, **telecom(HOME, OTHER))
    id_ = await approved_phone(bench)
    await run(bench)
    assert the_exception(bench, id_).kind == "discrepancy"


@pytest.mark.parametrize(
    ("one", "other", "later"),
    [
        (("10", None), ("9", None), True),
        (("9", None), ("10", None), False),
        (("b", "2026-11-23T09:00:01Z"), ("a", "2026-11-23T10:00:00+01:00"), True),
        (("b", "2026-11-23T09:00:00Z"), ("a", "2026-11-23T09:00:00Z"), False),
        (("b", "2026-11-23T09:00:01"), ("a", "2026-11-23T09:00:00Z"), False),
        (("b", "soon"), ("a", None), False),
    ],
)
def test_which_version_is_later(one: Any, other: Any, later: bool) -> None:
    made = [
        Fetched(exact({"meta": {"lastUpdated": at}} if at else {}), version)
        for version, at in (one, other)
    ]
    assert is_later(*made) is later
