"""Each class of failure is followed by its one action, at a time that the ledger records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.errors import BadInput, Refused
from core.failure.due import GIVE_UP, HELD
from core.failure.say import Said, said
from core.gateway import failing, guards, held, readback
from core.gateway import run as round_
from core.ledger.event import moment
from core.ports import Response
from core.records_failure import FailureRow
from sync.profiles import load_profile
from sync.store.verify import verify_store
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, approved_problem, change, edit, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def answer(status: int, *issues: str, **more: Any) -> Response:
    return Response(status, None, None, None, issues, **more)


def speaks(bench: Bench, profile: str) -> None:
    """Let the EHR of the workspace speak the dialect of another profile."""
    adopt(bench.workspace, "profile.sandbox", load_profile(profile))


def failed(bench: Bench, id_: str) -> FailureRow:
    row = bench.ledger.failure(change(bench, id_).operation)
    assert row is not None
    return row


def state(bench: Bench, id_: str) -> str:
    return change(bench, id_).state


def told(bench: Bench, id_: str) -> Said:
    found = said(bench.ledger, change(bench, id_))
    assert found is not None
    return found


def patients(bench: Bench) -> int:
    return len(bench.ehr.versions["Patient/example"])


def until(bench: Bench, row: FailureRow) -> None:
    assert row.due is not None
    bench.clock.time = moment(row.due)


def wait(bench: Bench, row: FailureRow) -> timedelta:
    assert row.due is not None
    return moment(row.due) - bench.clock.time


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
                failing.NOT_SENT, failure=failing.Failure.THROTTLED
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


# Ambiguous: read back first, when the server says that it may be asked.


async def test_a_503_with_retry_after_is_read_back_and_only_then(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [answer(503, retry_after=30.0)]
    await run(bench)
    assert state(bench, id_) == "ambiguous" and failed(bench, id_).failure == "outcome-unknown"
    bench.clock.advance(seconds=29)
    await run(bench)
    assert state(bench, id_) == "ambiguous" and len(bench.ehr.sent) == 1
    bench.clock.advance(seconds=1)
    await run(bench)
    assert state(bench, id_) == "verified" and patients(bench) == 2


# A passing fault of the vendor: at most one retry, after reading.


def passing(code: str = "59177", status: int = 500) -> Response:
    return answer(status, "exception", codes=(code,), failing=True)


async def test_a_passing_fault_is_read_back_and_tried_once_more(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    speaks(bench, "epic")
    bench.ehr.faults = [passing()]
    await run(bench)
    row = failed(bench, id_)
    assert state(bench, id_) == "ambiguous" and (row.code, row.last_attempt) == ("59177", 2)
    until(bench, row)
    await run(bench)
    assert state(bench, id_) == "ambiguous" and len(bench.ehr.sent) == 1, "it may still land"
    bench.clock.advance(minutes=2)
    await run(bench)
    assert state(bench, id_) == "verified" and len(bench.ehr.sent) == 3


@pytest.mark.parametrize("second", [passing(), 500, "lost-request"])
async def test_a_second_failure_of_any_unknown_kind_ends_it(bench: Bench, second: Any) -> None:
    id_ = await approved_phone(bench)
    speaks(bench, "epic")
    bench.ehr.faults = [passing(), second, "lost-request"]
    for _ in range(6):
        await run(bench)
        bench.clock.advance(minutes=1)
    assert state(bench, id_) == "dead-letter" and patients(bench) == 1
    assert [one.type for one in bench.ehr.sent] == ["Patient", "Patient"]
    assert [one.kind for one in bench.ledger.exceptions(id_, 0)] == ["dead-letter"]


async def test_one_that_was_applied_after_all_is_found_and_not_sent_again(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    speaks(bench, "epic")
    commit = bench.ehr._commit

    def committed(request: Any) -> Response:
        commit(request)
        return passing()

    bench.ehr._commit = committed
    await run(bench)
    bench.ehr._commit = commit
    until(bench, failed(bench, id_))
    await run(bench)
    assert state(bench, id_) == "verified" and patients(bench) == 2
    assert [one.type for one in bench.ehr.sent if one.type == "Patient"] == ["Patient"]


async def test_control_without_the_limit_it_is_sent_a_third_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failing, "_last_attempt", lambda *_: None)
    await approved_phone(bench)
    speaks(bench, "epic")
    bench.ehr.faults = [passing(), passing(), passing()]
    for _ in range(6):
        await run(bench)
        bench.clock.advance(minutes=1)
    assert [one.type for one in bench.ehr.sent].count("Patient") > 2


async def test_an_unknown_error_of_a_post_goes_again_only_after_a_search(bench: Bench) -> None:
    bench.ehr.update_create = False
    id_ = await approved_problem(bench)
    speaks(bench, "eclinicalworks")
    unknown = answer(200, body_status="103")
    bench.ehr.faults = [unknown, unknown]
    await run(bench)
    assert bench.ehr.searched.count("Condition") >= 1
    await run(bench)
    assert state(bench, id_) == "dead-letter" and len(bench.ehr.sent) == 2


# Duplicate and already done: verify whether it is ours.


@pytest.mark.parametrize(
    ("profile", "fault", "how"),
    [
        ("epic", answer(400, codes=("59141",), failing=True), "already-there"),
        ("epic", answer(422, "duplicate"), "already-there"),
        ("eclinicalworks", answer(200, body_status="202"), "already-there"),
        ("eclinicalworks", answer(200, body_status="134"), "not-done"),
    ],
)
@pytest.mark.parametrize("by_put", [True, False])
async def test_what_is_there_and_not_ours_goes_to_a_person(
    bench: Bench, profile: str, fault: Response, how: str, by_put: bool
) -> None:
    bench.ehr.update_create = by_put
    id_ = await approved_problem(bench)
    speaks(bench, profile)
    bench.ehr.faults = [fault]
    await run(bench)
    await run(bench)
    assert state(bench, id_) == "exception" and len(bench.ehr.sent) == 1
    assert [one.class_ for one in bench.ledger.exceptions(id_, 0)] == [how]


@pytest.mark.parametrize("code", ["59141"])
async def test_what_is_there_and_ours_is_a_success(bench: Bench, code: str) -> None:
    id_ = await approved_problem(bench)
    speaks(bench, "epic")
    commit = bench.ehr._commit

    def there(request: Any) -> Response:
        commit(request)
        return answer(400, codes=(code,), failing=True)

    bench.ehr._commit = there
    await run(bench)
    bench.ehr._commit = commit
    await run(bench)
    assert state(bench, id_) == "verified" and len(bench.ehr.sent) <= 3


async def test_control_a_duplicate_called_not_applied_would_be_sent_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readback, "_SAID_DONE", {})
    await approved_problem(bench)
    speaks(bench, "epic")
    bench.ehr.faults = [answer(400, codes=("59141",), failing=True)]
    await run(bench)
    bench.clock.advance(minutes=2)
    await run(bench)
    assert [one.type for one in bench.ehr.sent].count("Condition") == 2


# Refusals: nothing is tried again.


@pytest.mark.parametrize(
    ("profile", "fault", "failure"),
    [
        ("epic", answer(403, codes=("4131",), failing=True), "authorization"),
        ("epic", answer(400, codes=("59187",), failing=True), "business-rule"),
        ("epic", answer(302, codes=("4107",), failing=True), "redirected"),
        ("eclinicalworks", answer(200, body_status="139"), "business-rule"),
        ("eclinicalworks", answer(200, body_status="109"), "validation"),
        ("athenahealth", answer(403), "authorization"),
    ],
)
async def test_a_refusal_is_never_tried_again_and_its_code_is_kept(
    bench: Bench, profile: str, fault: Response, failure: str
) -> None:
    id_ = await approved_problem(bench)
    speaks(bench, profile)
    bench.ehr.faults = [fault]
    await run(bench)
    bench.clock.advance(hours=2)
    await run(bench)
    assert state(bench, id_) == "refused" and len(bench.ehr.sent) == 1
    assert [(one.kind, one.class_) for one in bench.ledger.exceptions(id_, 0)] == [
        ("refused", failure)
    ]
    assert failed(bench, id_).code == next(iter((*fault.codes, fault.body_status)), None)


async def test_no_word_of_the_server_stands_in_a_leaf(bench: Bench) -> None:
    """A code that no row knows could be a room, a year or a record number."""
    id_ = await approved_phone(bench)
    bench.ehr.faults = [answer(422, "invalid", codes=("197001",), failing=True)]
    await run(bench)
    leaves = [str(entry.leaf) for entry in bench.ledger.trail(id_)]
    assert failed(bench, id_).code is None and not any("197001" in leaf for leaf in leaves)


# 202: held, looked for, never sent again.


async def test_what_the_ehr_holds_is_looked_for_until_it_shows(bench: Bench) -> None:
    id_ = await approved_problem(bench)
    commit = bench.ehr._commit
    kept: list[Any] = []

    def hold(request: Any) -> Response:
        kept.append(request)
        return answer(202)

    bench.ehr._commit = hold
    await run(bench)
    bench.ehr._commit = commit
    assert state(bench, id_) == "held-by-ehr"
    row = failed(bench, id_)
    assert row.deadline is not None and moment(row.deadline) == bench.clock.time + HELD
    for _ in range(3):
        until(bench, failed(bench, id_))
        await run(bench)
    assert state(bench, id_) == "held-by-ehr" and failed(bench, id_).tries == 4
    commit(kept[0])
    until(bench, failed(bench, id_))
    await run(bench)
    assert state(bench, id_) == "verified"
    assert [one.type for one in bench.ehr.sent].count("Condition") == 1


async def test_what_never_shows_goes_to_a_person_at_the_deadline(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [202]
    await run(bench)
    bench.clock.advance(hours=23, minutes=59)
    await run(bench)
    assert state(bench, id_) == "held-by-ehr"
    bench.clock.advance(minutes=1)
    await run(bench)
    assert state(bench, id_) == "exception" and len(bench.ehr.sent) == 1
    assert [one.class_ for one in bench.ledger.exceptions(id_, 0)] == ["not-visible"]


async def test_a_held_update_that_somebody_overtook_is_not_sent_again(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = [202]
    await run(bench)
    edit(bench, active=False)
    bench.clock.advance(hours=25)
    await run(bench)
    assert state(bench, id_) == "exception" and len(bench.ehr.sent) == 1


async def test_control_without_a_deadline_it_would_be_held_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "_over", lambda *_: False)
    id_ = await approved_phone(bench)
    bench.ehr.faults = [202]
    await run(bench)
    bench.clock.advance(days=30)
    await run(bench)
    assert state(bench, id_) == "held-by-ehr"


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
