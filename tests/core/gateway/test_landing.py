"""What a slow, a rewriting and a moving server do to a write whose outcome is unknown."""

from pathlib import Path

import pytest

from core.adoption import adopt
from core.errors import Conflict, Moved
from core.gateway import readback
from core.gateway.landing import USUAL_S
from core.review.decide import Answer, decide
from core.review.recall import recall
from sync.profiles import load_profile
from tests.builders import Bench
from tests.core.gateway.scenario import approved_phone, change, edit, run


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def far_away(bench: Bench) -> None:
    """Adopt what is known of any server, where a write may be stored late."""
    adopt(bench.workspace, "profile.sandbox", load_profile("generic-r4"))


def phone(bench: Bench) -> str:
    return str(bench.ehr.current("Patient/example")["telecom"][1]["value"])


async def test_a_write_stored_late_is_found_and_not_sent_again(bench: Bench) -> None:
    far_away(bench)
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-request"]
    await run(bench)
    assert change(bench, id_).state == "ambiguous"
    bench.clock.advance(seconds=USUAL_S - 1)
    bench.ehr._commit(bench.ehr.sent[0])
    await run(bench)
    assert change(bench, id_).state == "verified" and phone(bench) == "555 0199"
    assert len(bench.ehr.versions["Patient/example"]) == 2


async def test_what_cannot_land_any_more_is_sent_again(bench: Bench) -> None:
    far_away(bench)
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-request"]
    await run(bench)
    bench.clock.advance(seconds=USUAL_S)
    await run(bench)
    assert change(bench, id_).state == "verified" and phone(bench) == "555 0199"


async def test_control_without_waiting_a_rejected_change_is_in_the_chart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    far_away(bench)
    monkeypatch.setattr(readback, "may_still_land", lambda *_: False)
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-request"]
    await run(bench)
    assert change(bench, id_).state == "ready-for-write"
    recall(bench.workspace, id_, 0)
    decide(bench.workspace, id_, 0, Answer("reject", reason="not-needed"))
    bench.ehr._commit(bench.ehr.sent[0])
    assert change(bench, id_).state == "rejected" and phone(bench) == "555 0199"


async def test_what_may_still_land_cannot_be_recalled(bench: Bench) -> None:
    far_away(bench)
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-request"]
    await run(bench)
    with pytest.raises(Conflict):
        recall(bench.workspace, id_, 0)


@pytest.mark.parametrize("meta", [{"source": "#1"}, {"profile": ["http://example.org/p"]}])
async def test_a_server_that_adds_to_meta_has_applied_it_nevertheless(
    bench: Bench, meta: dict
) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-response"]
    bench.ehr.transform = lambda sent: {**sent, "meta": {**sent.get("meta", {}), **meta}}
    await run(bench)
    assert change(bench, id_).state == "verified" and phone(bench) == "555 0199"
    assert len(bench.ehr.versions["Patient/example"]) == 2


async def test_another_value_by_another_hand_is_not_ours(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-request"]
    telecom = [dict(one) for one in bench.ehr.current("Patient/example")["telecom"]]
    telecom[1]["value"] = "555 0666"
    bench.ehr.before_bytes = lambda: edit(bench, telecom=telecom) and None
    await run(bench)
    assert change(bench, id_).void == "base-moved"


async def test_a_record_that_was_moved_after_the_write_is_critical(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    send, read = bench.ehr.send, bench.ehr.read

    async def then_merged(*args):
        answer = await send(*args)
        if args[0].type == "Patient":
            bench.ehr.read = moved
        return answer

    async def moved(*_):
        raise Moved("the server answered with a redirect")

    bench.ehr.send = then_merged
    await run(bench)
    found = bench.ledger.exceptions(id_, 0)
    assert change(bench, id_).state == "exception"
    assert [(item.kind, item.class_) for item in found] == [("moved", "critical")]
    bench.ehr.read = read


async def test_a_record_that_was_moved_while_the_outcome_is_unknown(bench: Bench) -> None:
    id_ = await approved_phone(bench)
    bench.ehr.faults = ["lost-response"]
    send = bench.ehr.send

    async def moved(*_):
        raise Moved("the server answered with a redirect")

    async def then_merged(*args):
        bench.ehr.read = moved
        return await send(*args)

    bench.ehr.send = then_merged
    await run(bench)
    assert change(bench, id_).state == "exception"
    assert [item.class_ for item in bench.ledger.exceptions(id_, 0)] == ["moved"]
