"""Service levels: by when somebody must have seen to an exception, and who is told when not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.adoption import adopt
from core.errors import BadInput
from core.ledger.event import moment
from core.policy import parse_policy, sample_policy
from core.policy.service import SCHEDULE, Level
from core.reconcile.clocks import standings
from core.reconcile.levels import MONDAY_TO_FRIDAY, after_working_days, due_at, queue_of
from core.reconcile.trouble import troubles
from core.records import ChangeRow, ExceptionRow, FindingRow
from tests.builders import Bench, problem_of
from tests.core.gateway.scenario import approve, approved_problem, run, staged
from tests.core.reconcile.again import the_exception, told
from tests.core.reconcile.test_settle import discrepant


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def policy(more: str) -> str:
    return sample_policy("sandbox") + f"\n[reconcile]\n{more}\n"


def test_the_usual_levels_are_those_of_the_design() -> None:
    service = parse_policy(sample_policy("sandbox")).service
    assert (service.critical, service.changed) == (Level(15 * 60), Level(4 * 3600))
    assert service.lossy == Level(working_days=2) and service.schedule == SCHEDULE


def test_a_policy_sets_its_own() -> None:
    service = parse_policy(
        policy('critical = "5m"\nchanged = "1h"\nlossy = "1d"\nschedule = ["2m", "1h"]')
    ).service
    assert [str(one) for one in (service.critical, service.changed, service.lossy)] == [
        "5m", "1h", "1d",
    ]  # fmt: skip
    assert service.schedule == (120, 3600)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ('critical = "0m"', "reconcile.critical"),
        ('critical = "-5m"', "reconcile.critical"),
        ('critical = "soon"', "reconcile.critical"),
        ("critical = 15", "reconcile.critical"),
        ('lossy = "0wd"', "reconcile.lossy"),
        ('critical = "5h"', "reconcile"),
        ('lossy = "1h"', "reconcile"),
        ("schedule = []", "reconcile.schedule"),
        ('schedule = ["1h", "10m"]', "reconcile.schedule"),
        ('schedule = ["30s"]', "reconcile.schedule"),
        ('schedule = ["1h", "1h"]', "reconcile.schedule"),
        ('visible = "10s"', "reconcile.visible"),
        ('unread = "90d"', "reconcile.unread"),
        ('grave = "1h"', "reconcile.grave"),
    ],
)
def test_nonsense_is_refused_by_name(more: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_policy(policy(more))
    assert caught.value.field is not None and caught.value.field.startswith(field)
    assert caught.value.remedy


FRIDAY = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "count", "due"),
    [
        (FRIDAY, 2, datetime(2026, 12, 1, 15, 0, tzinfo=UTC)),
        (FRIDAY - timedelta(days=4), 2, datetime(2026, 11, 25, 15, 0, tzinfo=UTC)),
        (FRIDAY + timedelta(days=1), 1, datetime(2026, 12, 1, 0, 0, tzinfo=UTC)),
    ],
)
def test_working_days_leave_the_weekend_out(at: datetime, count: int, due: datetime) -> None:
    assert after_working_days(at, count, MONDAY_TO_FRIDAY, UTC) == due


def test_the_hour_of_the_day_stays_over_a_change_of_the_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    friday = datetime(2026, 10, 23, 14, 0, tzinfo=UTC)
    found = after_working_days(friday, 1, MONDAY_TO_FRIDAY, berlin)
    assert found.astimezone(berlin).hour == friday.astimezone(berlin).hour == 16


def test_the_rosters_shifts_say_which_days_are_worked(bench: Bench) -> None:
    config = bench.ledger.config("roster")
    assert config is not None
    assert due_at(bench.ledger, "lossy", FRIDAY) == FRIDAY + timedelta(days=4)
    shift = '[[people.shifts]]\ndays = ["sat", "sun"]\nfrom = "08:00"\nto = "16:00"\nzone = "UTC"\n'
    text = config.document
    place = text.index("[[people]]")
    after = text.find("\n[[", text.index("[[people.keys]]", place) + 1)
    after = len(text) if after < 0 else after
    adopt(bench.workspace, "roster", text[:after] + "\n" + shift + text[after:])
    # Friday is no day of work there: it counts from Saturday on.
    assert due_at(bench.ledger, "lossy", FRIDAY) == datetime(2026, 12, 5, 0, 0, tzinfo=UTC)


def test_only_what_the_chart_lost_goes_to_the_reconciliation_queue() -> None:
    assert queue_of("lossy") == "reconciliation"
    assert {queue_of(one) for one in ("changed", "critical", "redacted", None)} == {"review"}


async def test_an_exception_has_its_due_time_and_overdue_is_told_once(bench: Bench) -> None:
    id_ = await discrepant(bench)
    row = the_exception(bench, id_)
    assert row.class_ == "changed"
    assert moment(str(row.due)) == moment(row.opened_at) + timedelta(hours=4)
    bench.clock.time = moment(str(row.due)) - timedelta(seconds=1)
    assert (await run(bench)).overdue == 0
    bench.clock.advance(seconds=1)
    assert (await run(bench)).overdue == 1
    assert (await run(bench)).overdue == 0
    (notice,) = [one for one in bench.ledger.notices(id_, 0) if one.kind == "exception-overdue"]
    assert "dr-lee" in notice.to and notice.deadline == row.due
    assert len(told(bench, "exception.overdue")) == 1
    assert the_exception(bench, id_).overdue_at is not None


async def test_both_queues_stand_against_their_clocks(bench: Bench) -> None:
    await discrepant(bench)
    now = bench.clock.now()
    found = standings(troubles(bench.ledger), now)
    assert (found["review"].open, found["review"].overdue) == (1, 0)
    assert found["review"].next_due is not None and found["reconciliation"].open == 0
    late = standings(troubles(bench.ledger), now + timedelta(hours=5))
    assert (late["review"].overdue, late["review"].next_due) == (1, None)


async def test_a_policy_in_force_sets_the_due_time(bench: Bench) -> None:
    adopt(bench.workspace, "policy", policy('changed = "30m"'))
    id_ = await discrepant(bench)
    row = the_exception(bench, id_)
    assert moment(str(row.due)) == moment(row.opened_at) + timedelta(minutes=30)


class Open:
    """Open exceptions, in the order in which they were opened, and nothing else."""

    def __init__(self, *rows: tuple[str, str]) -> None:
        self.rows = [
            ExceptionRow(number, f"p{number}", 0, None, "drift", class_,
                         f"2027-03-01T0{number}:00:00.000Z", None, None, due)
            for number, (class_, due) in enumerate(rows)
        ]  # fmt: skip

    def open_exceptions(self) -> list[ExceptionRow]:
        return self.rows

    def open_findings(self) -> list[FindingRow]:
        return []

    def voided(self, limit: int) -> list[ChangeRow]:
        return []

    def changes_in(self, *states: str) -> list[ChangeRow]:
        return []

    def changes_named(self, keys: Sequence[tuple[str, int]]) -> list[ChangeRow]:
        return []


def test_what_may_harm_stands_first_and_then_what_is_due_first() -> None:
    opened = Open(
        ("lossy", "2027-03-03T17:00:00.000Z"),
        ("changed", "2027-03-01T09:00:00.000Z"),
        ("lossy", "2027-03-01T08:00:00.000Z"),
        ("critical", "2027-03-05T00:00:00.000Z"),
    )
    assert [item.number for item in troubles(opened)] == [3, 2, 1, 0]


async def incident_ids(bench: Bench, count: int, **overrides: Any) -> list[str | None]:
    """Write some changes that are all gone at once; return the incident of each exception."""
    read, ids = bench.ehr.read, []
    for number in range(count):
        id_ = await staged(
            bench, problem_of(f"70{number}"), correlation_id=f"i-{number}", evidence=[], **overrides
        )
        approve(bench, id_)
        ids.append(id_)
    await run(bench)
    for reference in [ref for ref in bench.ehr.versions if ref.startswith("Condition/")]:
        del bench.ehr.versions[reference]
    bench.ehr.read = read  # type: ignore[method-assign]
    bench.clock.advance(minutes=12)
    await run(bench)
    return [the_exception(bench, id_).incident for id_ in ids]


async def test_one_incident_stands_for_all_of_one_agent_at_one_ehr(bench: Bench) -> None:
    found = await incident_ids(bench, 3)
    (incident,) = bench.ledger.open_incidents()
    assert found == [incident.id] * 3
    assert (incident.category, incident.severity) == ("data-corruption", "critical")
    notices = [one for one in bench.ledger.untold_notices() if one.kind == "incident"]
    assert len(notices) == 1 and notices[0].deadline is not None


async def test_changed_and_lossy_open_no_incident(bench: Bench) -> None:
    await discrepant(bench)
    assert not bench.ledger.open_incidents()


async def test_a_duplicate_is_an_incident_of_its_own_kind(bench: Bench) -> None:
    commit = bench.ehr._commit

    def twice(request: Any) -> Any:
        answer = commit(request)
        if request.type == "Condition":
            bench.ehr.put({**bench.ehr.current(f"Condition/{request.id}"), "id": "twin"})
        return answer

    bench.ehr._commit = twice  # type: ignore[method-assign]
    await approved_problem(bench)
    await run(bench)
    assert [one.category for one in bench.ledger.open_incidents()] == ["duplicate-write-back"]
