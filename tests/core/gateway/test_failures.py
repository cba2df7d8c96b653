"""Each class of failure is followed by its one action, at a time that the ledger records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.errors import BadInput, Refused
from core.failure.classes import Failure
from core.failure.due import GIVE_UP
from core.failure.say import said
from core.gateway import failing, guards
from core.gateway import run as round_
from core.ledger.event import moment
from core.ports import Response
from core.records_failure import FailureRow
from sync.store.verify import verify_store
from tests.builders import Bench
from tests.core.gateway.failed import answer, failed, patients, speaks, state, told, until, wait
from tests.core.gateway.scenario import approved_phone, approved_problem, change, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# Throttled and not sent: wait, until a recorded time.


async def test_a_retry_after_is_never_undercut(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [answer(429, "throttled", retry_after=90.0)]
    await run(bench)
    row = failed(bench, id_)
    assert (row.failure, row.tries) == ("throttled", 1)
    assert timedelta(seconds=90) <= wait(bench, row) <= timedelta(seconds=95)
    bench.clock.advance(seconds=89)
    done = await run(bench)
    assert done.waiting == 1 and len(bench.ehr.sent) == 1
    until(bench, row)
    await run(bench)
    assert state(bench, id_) == "verified" and failed(bench, id_).ended
    assert said(bench.ledger, change(bench, id_)) is None


async def test_backoff_grows_and_is_spread(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    waits = []
    for _ in range(5):
        bench.ehr.faults = [429]
        await run(bench)
        row = failed(bench, id_)
        waits.append(wait(bench, row).total_seconds())
        until(bench, row)
    assert [one / 2 for one in (2, 4, 8, 16, 32)] <= waits <= [2, 4, 8, 16, 32]
    assert failed(bench, id_).tries == 5


async def test_control_without_the_guard_it_is_sent_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await approved_phone(bench)
    bench.ehr.faults = [answer(429, retry_after=90.0)]
    await run(bench)
    monkeypatch.setattr(guards, "is_due", lambda *_: True)
    await run(bench)
    assert [one.type for one in bench.ehr.sent][:2] == ["Patient", "Patient"]


@pytest.mark.parametrize(
    ("profile", "fault", "shortest", "longest"),
    [
        # The bench's clock begins at a full minute, nine hours into a UTC day.
        ("eclinicalworks", answer(429), timedelta(minutes=1), timedelta(seconds=65)),
        ("athenahealth", answer(429), timedelta(minutes=1), timedelta(seconds=65)),
        (
            "athenahealth", answer(403, "throttled"),
            timedelta(hours=15), timedelta(hours=15, seconds=5),
        ),
        (
            "epic", answer(400, "processing", codes=("4135",), failing=True),
            timedelta(days=1), timedelta(days=1, seconds=5),
        ),
    ],
)  # fmt: skip
async def test_a_vendor_window_is_waited_for_to_its_edge(
    bench: Bench, profile: str, fault: Response, shortest: timedelta, longest: timedelta
) -> None:
    id_ = await approved_phone(bench)
    speaks(bench, profile)
    bench.ehr.faults = [fault]
    await run(bench)
    assert state(bench, id_) == "ready-for-write"
    assert shortest <= wait(bench, failed(bench, id_)) <= longest
    assert told(bench, id_).lines()[1].startswith(("The EHR's code 4135: ", "This EHR: "))


async def test_an_ehr_that_never_takes_it_ends_in_a_dead_letter(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [429]
    await run(bench)
    since = moment(failed(bench, id_).since)
    change_ = change(bench, id_)
    with bench.ledger.transaction() as transaction:
        found = failing.weigh(
            bench.workspace, transaction, change_,
            failing.Outcome(guards.State.READY, "throttled", failing.replace(
                failing.NOT_SENT, failure=Failure.THROTTLED
            )),
            since + GIVE_UP,
        )  # fmt: skip
    assert found is not None and found.outcome.state == "dead-letter"


async def test_not_sent_waits_and_keeps_its_operation(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["not-sent"]
    done = await run(bench)
    assert done.unreachable and state(bench, id_) == "ready-for-write"
    row, operation = failed(bench, id_), change(bench, id_).operation
    assert row.failure == "not-sent" and wait(bench, row) <= timedelta(seconds=2)
    until(bench, row)
    await run(bench)
    assert state(bench, id_) == "verified" and change(bench, id_).operation == operation


# Authentication: refresh once, then stop.


async def test_a_refused_token_is_refreshed_once_with_all_guards_again(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    grants: list[str] = []
    grant = bench.ehr.grant

    async def counted(scope: str) -> Any:
        grants.append(scope)
        return await grant(scope)

    bench.ehr.grant = counted
    bench.ehr.faults = [401]
    await run(bench)
    assert state(bench, id_) == "verified" and patients(bench) == 2
    assert [one for one in grants if "Patient" in one] == ["system/Patient.u"] * 2


async def test_a_fresh_token_that_is_refused_too_stops_the_write(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [401, 401, 401]
    await run(bench)
    await run(bench)
    assert state(bench, id_) == "dead-letter" and len(bench.ehr.sent) == 2
    (item,) = bench.ledger.exceptions(id_, 0)
    assert (item.kind, item.class_) == ("dead-letter", "authentication")
    assert "registration" in told(bench, id_).remedy


async def test_a_freeze_between_the_two_tokens_stops_the_second(bench: Bench) -> None:
    from core.incident.freeze import declare

    id_ = await approved_phone(bench)
    send = bench.ehr.send

    async def then_frozen(*args: Any) -> Response:
        found = await send(*args)
        declare(bench.workspace, {"type": "Patient"}, "wrong numbers")
        return found

    bench.ehr.send, bench.ehr.faults = then_frozen, [401]
    await run(bench)
    assert state(bench, id_) == "ready-for-write" and len(bench.ehr.sent) == 1


async def test_a_token_endpoint_that_refuses_is_asked_again_later(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    asked = 0

    async def refuse(_scope: str) -> Any:
        nonlocal asked
        asked += 1
        raise Refused("the token endpoint does not accept this client's proof of its key")

    bench.ehr.grant, grant = refuse, bench.ehr.grant
    for _ in range(3):
        done = await run(bench)
    assert asked == 1 and not bench.ehr.sent and done.waiting == 1
    assert failed(bench, id_).failure == "authentication"
    bench.ehr.grant = grant
    until(bench, failed(bench, id_))
    await run(bench)
    assert state(bench, id_) == "verified"


# What cannot be understood is not sent; what is recorded is the ledger's.


async def test_nothing_is_sent_by_a_profile_that_cannot_be_read(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.connection.execute(
        "UPDATE config SET document = '[failures]\nrows = 3' WHERE kind = 'profile.sandbox'"
    )
    await run(bench)
    assert state(bench, id_) == "ready-for-write" and not bench.ehr.sent


async def test_nothing_is_sent_by_a_profile_that_nobody_signed(bench: Bench) -> None:
    """A forged dialect could call a failure a success."""
    id_ = await approved_phone(bench)
    bench.connection.execute(
        "UPDATE config SET document = '[failures]\nsuccess = [1]' WHERE kind = 'profile.sandbox'"
    )
    await run(bench)
    assert state(bench, id_) == "ready-for-write" and not bench.ehr.sent
    with pytest.raises(BadInput, match=r"failures\.rows"):
        adopt(bench.workspace, "profile.sandbox", "[failures]\nrows = 3")


async def test_control_a_forged_profile_would_be_believed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "check_documents", lambda *_: None)
    id_ = await approved_problem(bench)
    bench.connection.execute(
        "UPDATE config SET document = '[failures]\nsuccess = [1]' WHERE kind = 'profile.sandbox'"
    )
    await run(bench)
    assert bench.ehr.sent and failed(bench, id_).failure == "outcome-unknown"


async def test_the_failures_are_those_of_the_ledger(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [429, 401, 503, 422]
    for _ in range(5):
        await run(bench)
        bench.clock.advance(minutes=1)
    assert state(bench, id_) == "refused"
    assert verify_store(bench.connection).ok


def test_chance_comes_from_the_port_of_identifiers(bench: Bench) -> None:
    from core.failure.due import backoff, roll_of

    assert roll_of("00000000") == 0.0 and roll_of("ffffffff") < 1.0
    now = bench.clock.now()
    assert backoff(now, 40, 0.999) <= now + timedelta(minutes=15)
    assert replace(FailureRow("o", "p", 0, "x", None, "s", 1)).due is None
    assert round_.is_due is failing.is_due
