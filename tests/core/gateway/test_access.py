"""An EHR that no longer lets this client write: on-call is told, and people see it."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from console.gateway import left_alone
from core.gateway import failing, guards
from core.ports import Request, Response
from core.records_failure import RefusedRow
from tests.builders import Bench, problem_change
from tests.core.gateway.failed import failed, speaks
from tests.core.gateway.scenario import approve, approved_phone, change, run, staged


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def told(bench: Bench) -> list[tuple[str, str]]:
    return [
        (row.kind, row.to) for row in bench.ledger.untold_notices() if row.kind == "access-refused"
    ]


ONCE = [("access-refused", '["role:on-call"]')]


async def test_a_403_is_told_to_on_call_once_and_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await approved_phone(bench)
    approve(bench, await staged(bench, problem_change(), evidence=[], correlation_id="two"))
    monkeypatch.setattr(guards, "paused", lambda *_: None)
    bench.ehr.faults = [403, 403]
    await run(bench)
    assert told(bench) == ONCE, "two writes, one trouble"
    since = failed(bench, id_).since
    assert bench.ledger.refused_access() == [RefusedRow("sandbox", "authorization", since, 2)]

    class Session:
        ehr_names = ("sandbox",)
        ledger = bench.ledger

    words = left_alone(Session(), UTC)  # type: ignore[arg-type]
    assert words.startswith("sandbox refuses access since ") and "(authorization)" in words


async def test_one_token_that_ran_out_is_no_refusal(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [401]
    await run(bench)
    assert change(bench, id_).state == "verified"
    assert not told(bench) and not bench.ledger.refused_access()


async def test_a_401_again_with_a_new_token_is_one(bench: Bench) -> None:
    await approved_phone(bench)
    bench.ehr.faults = [401, 401]
    await run(bench)
    assert told(bench) == ONCE
    assert [row.failure for row in bench.ledger.refused_access()] == ["authentication"]


async def test_control_without_the_rule_nobody_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failing, "refuses_access", lambda *_: False)
    await approved_phone(bench)
    bench.ehr.faults = [403]
    await run(bench)
    assert not told(bench)


async def test_what_the_vendor_says_of_a_provenance_is_read_in_its_dialect(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """eClinicalWorks answers 200 with the failure in its body: that is no Provenance stored."""
    id_ = await approved_phone(bench)
    send = bench.ehr.send

    async def answers(request: Request, *more: Any) -> Response:
        if request.type != "Provenance":
            return await send(request, *more)
        speaks(bench, "eclinicalworks")
        return Response(200, None, "Provenance/1", None, body_status="9999")

    monkeypatch.setattr(bench.ehr, "send", answers)
    await run(bench)
    written = bench.ledger.write(change(bench, id_).operation)
    assert written is not None and written.provenance != "written"
