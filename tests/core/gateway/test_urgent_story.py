"""Nobody decides an urgent change, in simulated time: alert, entry by hand, or an incident.

Every step stands in the trail, nothing is approved by time, and a crash after any step loses none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from core.audit.trail import UNTOLD, trail
from core.ledger.event import instant
from core.lifecycle import State
from core.review.byhand import Entry, enter, sheet
from core.review.downtime import downtime
from sync.store.connection import connect
from sync.store.ledger import StoreLedger
from tests.builders import PATIENT, Bench, exact_object, phone_change
from tests.core.gateway.scenario import change, run, staged


def again(bench: Bench) -> None:
    """Open the store anew, as after a kill; what was acknowledged is there."""
    bench.connection.close()
    bench.connection = connect(bench.path, None)
    bench.ledger = StoreLedger(bench.connection, bench.clock, bench.ring.checkpoint_key)
    bench.epoch = bench.take_lease()


def told(bench: Bench, id_: str) -> list[str]:
    lines = trail(bench.ledger.trail(id_))
    assert all(line.text and line.text != UNTOLD for line in lines)
    return [line.text for line in lines]


@pytest.mark.parametrize("crashes", [False, True])
async def test_alert_entry_by_hand_and_verified_by_reading(tmp_path: Path, crashes: bool) -> None:
    bench = Bench(tmp_path)
    step = (lambda: again(bench)) if crashes else (lambda: None)
    id_ = await staged(bench, phone_change(), urgency="stat")
    step()
    bench.clock.advance(minutes=25)
    await run(bench)
    step()
    assert [one.kind for one in bench.ledger.untold_notices()] == ["urgent-waiting"]
    (waiting,) = downtime(bench.ledger, bench.clock.now())
    assert not waiting.late and waiting.why_not is None
    found = sheet(bench.ledger, id_, 0)
    enter(bench.workspace, id_, 0, Entry(found.change.change_digest))
    step()
    telecom = [PATIENT["telecom"][0], {**PATIENT["telecom"][1], "value": found.lines[0].after}]
    bench.ehr.put(exact_object({**bench.ehr.current("Patient/example"), "telecom": telecom}))
    bench.clock.advance(minutes=30)
    await run(bench)
    step()
    assert change(bench, id_).state == State.VERIFIED
    assert not bench.ehr.sent and not bench.ledger.open_incidents()
    due = instant(bench.clock.now().replace(hour=9, minute=30))
    entered = "entered by hand by dr-lee as coordinator; never sent from here"
    assert told(bench, id_)[-3:] == [
        f"role coordinator and role on-call must be told: urgent-waiting, by {due}",
        f"{entered}; pending-human-review → manual-entry",
        "the entry by hand was read in the chart; manual-entry → verified",
    ]


async def test_nobody_acts_and_an_incident_opens(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    id_ = await staged(bench, phone_change(), urgency="stat")
    for _ in range(9 * 6):
        bench.clock.advance(minutes=10)
        await run(bench)
        again(bench)
    assert change(bench, id_).state == State.EXPIRED and not bench.ehr.sent
    (row,) = bench.ledger.open_incidents()
    assert (row.category, row.proposal) == ("delayed-critical-update", id_)
    words = " | ".join(told(bench, id_))
    assert words.count("urgent-waiting") == words.count("INCIDENT") == 1
    assert words.index("urgent-waiting") < words.index("INCIDENT") < words.index("→ expired")
    assert not bench.ledger.decisions(id_, 0)
    assert [item.late for item in downtime(bench.ledger, bench.clock.now())] == [True]
