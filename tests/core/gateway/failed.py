"""What the tests of failed writes share: answers of an EHR, and what is recorded of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.adoption import adopt
from core.failure.say import Said, said
from core.ledger.event import moment
from core.ports import Response
from core.records_failure import FailureRow
from sync.profiles import load_profile
from tests.builders import Bench
from tests.core.gateway.scenario import change


def answer(status: int, *issues: str, **more: Any) -> Response:
    return Response(status, None, None, None, issues, **more)


def speaks(bench: Bench, profile: str) -> None:
    """Let the EHR of the workspace speak the dialect of another profile, all else unknown of it."""
    text = load_profile(profile)
    own = text[text.index("[failures]" if "[failures]" in text else "[[failures.rows]]") :]
    adopt(bench.workspace, "profile.sandbox", f"version = 1\n{own}")


def is_a(bench: Bench, profile: str) -> None:
    """Let the EHR of the workspace have another profile."""
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
