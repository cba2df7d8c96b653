"""What a verdict rests on is asked again in the send step: each change of it voids or stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.adoption import adopt
from core.gateway import refresh
from core.intake.quota import Throttled
from core.intake.stage import stage
from core.review.replay import replay
from tests.builders import Bench, document, exact_object, proposal
from tests.core.gateway.scenario import approve, change, edit, run, staged

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
WEIGHT_CHECK = """[[allow.check]]
path = "Observation.value[x]"
max_factor = 10
otherwise = "{otherwise}"
"""


def weight(value: int, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
        "subject": {"reference": "Patient/example"},
        "effectiveDateTime": "2026-11-23T08:30:00Z",
        "valueQuantity": {"value": value, "system": UCUM, "code": "kg", "unit": "kg"},
        **members,
    }


def before(bench: Bench, value: int, id_: str = "w1", **members: Any) -> None:
    when = {"effectiveDateTime": "2026-11-01T08:00:00Z"}
    bench.ehr.put(exact_object({**weight(value, **{**when, **members}), "id": id_}))


def creation(value: int) -> dict[str, Any]:
    return {"op": "create", "resource": weight(value)}


def ruled(bench: Bench, *tables: str, more: str = "") -> None:
    """Adopt the starting policy with tables added to the rule for visit documentation."""
    held = bench.ledger.config("policy")
    assert held is not None
    head, rule, tail = held.document.partition('id = "visit-documentation"')
    body, line, rest = tail.partition('route = "clinician"\n')
    adopt(bench.workspace, "policy", head + rule + body + line + "".join(tables) + rest + more)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    found = Bench(tmp_path)
    searched = found.ehr.search

    async def search(type_: str, parameters: Any) -> Any:
        # The fake does not search by code: as a server that ignores the parameter.
        return (
            [
                item
                for item in await searched(type_, {})
                if type_ == "Consent" or "subject" in item.resource
            ]
            if "code" in parameters
            else await searched(type_, parameters)
        )

    monkeypatch.setattr(found.ehr, "search", search)
    return found


async def propose(bench: Bench, value: int, **overrides: Any) -> str:
    return await staged(bench, creation(value), **{"evidence": [], **overrides})


@pytest.mark.parametrize(
    ("earlier", "outcome"),
    [(70, "review"), (7, "review"), (701, "denied"), (6, "denied"), (None, "denied")],
)
async def test_a_weight_is_compared_with_the_last_one_in_the_chart(
    bench: Bench, earlier: int | None, outcome: str
) -> None:
    ruled(bench, WEIGHT_CHECK.format(otherwise="no-match"))
    if earlier is not None:
        before(bench, earlier)
        before(bench, 9999, "w2", status="entered-in-error")
        before(bench, 9999, "w3", effectiveDateTime="2026-10-01")
        before(bench, 9999, "w4", code={"coding": [{"system": LOINC, "code": "8302-2"}]})
        before(bench, 9999, "w5", subject={"reference": "Patient/other"})

    found = await stage(bench.workspace, document(proposal(creation(70), evidence=[])))

    assert found.outcome == outcome


async def test_a_new_value_between_approval_and_sending_voids_the_approval(bench: Bench) -> None:
    ruled(bench, WEIGHT_CHECK.format(otherwise="no-match"))
    before(bench, 70)
    id_ = await propose(bench, 70)
    approve(bench, id_)
    before(bench, 701, "w9", effectiveDateTime="2026-11-23T08:45:00Z")

    await run(bench)

    assert not bench.ehr.sent and change(bench, id_).state == "denied"


async def test_a_new_value_may_send_it_to_the_strictest_route_instead(bench: Bench) -> None:
    ruled(bench, WEIGHT_CHECK.format(otherwise="deny"))
    before(bench, 70)
    id_ = await propose(bench, 70)
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == "verified"


async def test_control_without_the_fresh_search_the_write_would_leave(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def as_it_was(_workspace: Any, _change: Any, content: Any, _patient: str) -> Any:
        return content

    monkeypatch.setattr(refresh, "_fresh_earlier", as_it_was)
    with pytest.raises(AssertionError):
        await test_a_new_value_between_approval_and_sending_voids_the_approval(bench)


async def test_a_chart_that_cannot_be_searched_any_more_stops_the_write(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.errors import Refused, Unreachable

    ruled(bench, WEIGHT_CHECK.format(otherwise="no-match"))
    before(bench, 70)
    id_ = await propose(bench, 70)
    approve(bench, id_)

    async def lost(*_: Any) -> Any:
        raise Unreachable("away")

    async def refused(*_: Any) -> Any:
        raise Refused("no search by code")

    monkeypatch.setattr(bench.ehr, "search", lost)
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == "ready-for-write"
    monkeypatch.setattr(bench.ehr, "search", refused)
    await run(bench)
    assert not bench.ehr.sent and change(bench, id_).state == "denied"


async def test_no_rule_that_compares_no_search(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    search = bench.ehr.search

    async def counted(type_: str, parameters: Any) -> Any:
        asked.append(type_)
        return await search(type_, parameters)

    monkeypatch.setattr(bench.ehr, "search", counted)
    found = await stage(bench.workspace, document(proposal(creation(70), evidence=[])))
    assert found.outcome == "review"
    # The only search is the one for the same fact in the chart.
    assert asked == ["Observation"]


async def test_a_date_that_grows_too_old_before_sending_voids(bench: Bench) -> None:
    ruled(bench, '[[allow.check]]\npath = "Observation.effective[x]"\nmax_age = "1h"\n')
    id_ = await propose(bench, 70)
    approve(bench, id_)
    bench.clock.advance(minutes=31)

    await run(bench)

    assert not bench.ehr.sent and change(bench, id_).state == "denied"


async def test_a_source_that_grows_too_old_before_sending_voids(bench: Bench) -> None:
    ruled(bench, '[allow.quotes]\nmax_age = "71h"\n')
    quoted = {"evidence": [{"source": "DocumentReference/n1", "supports": [0],
                            "quote": "a new mobile number 555 0199"}]}  # fmt: skip
    id_ = await propose(bench, 70, **quoted)
    approve(bench, id_)
    bench.clock.advance(hours=1)

    await run(bench)

    assert not bench.ehr.sent and change(bench, id_).state == "denied"


QUOTED = {"evidence": [{"source": "DocumentReference/n1", "supports": [0],
                        "quote": "a new mobile number 555 0199"}]}  # fmt: skip


async def test_a_young_source_is_still_young_when_consent_could_be_read(bench: Bench) -> None:
    ruled(bench, '[allow.quotes]\nmax_age = "90h"\n')
    bench.consents.answer = "unreadable x"
    found = await stage(bench.workspace, document(proposal(creation(70), **QUOTED)))
    assert found.state == "proposed"
    bench.consents.answer = "permit Consent/c1"
    bench.clock.advance(minutes=1)

    await run(bench)

    row = change(bench, found.proposal.id)
    assert (row.state, row.reason_list) == ("pending-human-review", [])


async def test_a_source_is_as_old_in_a_replay_as_it_was_when_it_was_proposed(bench: Bench) -> None:
    ruled(bench, '[allow.quotes]\nmax_age = "90h"\n')
    id_ = await propose(bench, 70, **QUOTED)
    text = bench.ledger.config("policy").document
    bench.clock.advance(days=30)

    found = replay(bench.ledger, text, text.replace('max_age = "90h"', 'max_age = "1h"'))

    (one,) = found.moved
    assert (one.proposal, one.before.outcome, one.after.outcome) == (id_, "review", "denied")
    assert one.before.digest() == change(bench, id_).verdict_digest


@pytest.mark.parametrize(
    "agent", ['models = ["other"]', 'prompts = ["other"]'], ids=["model", "prompt"]
)
async def test_a_model_or_prompt_no_longer_registered_stops(bench: Bench, agent: str) -> None:
    id_ = await propose(bench, 70)
    approve(bench, id_)
    ruled(bench, more=f'\n[[agent]]\nid = "scribe-1"\n{agent}\n')

    await run(bench)

    assert not bench.ehr.sent and change(bench, id_).state == "denied"


async def test_a_lowered_phase_stops_what_was_approved_before(bench: Bench) -> None:
    id_ = await propose(bench, 70)
    approve(bench, id_)
    adopt(bench.workspace, "phase", "1")

    await run(bench)

    assert not bench.ehr.sent and change(bench, id_).state == "denied"


async def test_a_phase_forged_in_the_database_sends_nothing(bench: Bench) -> None:
    id_ = await propose(bench, 70)
    approve(bench, id_)
    adopt(bench.workspace, "phase", "1")
    bench.connection.execute("UPDATE config SET document = '3' WHERE kind = 'phase'")

    await run(bench)

    assert not bench.ehr.sent and change(bench, id_).state == "ready-for-write"


async def test_a_workspace_without_a_phase_is_in_the_first(bench: Bench) -> None:
    bench.connection.execute("DELETE FROM config WHERE kind = 'phase'")

    found = await stage(bench.workspace, document(proposal(creation(70), evidence=[])))

    assert found.outcome == "denied"
    assert found.reasons[0]["code"] == "phase-not-reached"


async def test_a_capped_urgency_is_what_the_queue_shows(bench: Bench) -> None:
    ruled(bench, more='\n[[agent]]\nid = "scribe-1"\nmax_urgency = "routine"\n')

    id_ = await propose(bench, 70, urgency="stat")

    row = bench.ledger.proposal(id_)
    assert row is not None and (row.urgency, row.claimed_urgency) == ("routine", "stat")
    assert change(bench, id_).urgency == "routine"
    assert [reason["code"] for reason in change(bench, id_).reason_list] == ["urgency-capped"]
    approve(bench, id_)
    await run(bench)
    assert change(bench, id_).state == "verified"


@pytest.mark.parametrize(
    ("limit", "code", "seconds"),
    [("max_open = 1", "quota-open", 600), ("max_per_hour = 1", "quota-hour", 3600),
     ("max_repeats = 1", "quota-repeats", 86400)],
)  # fmt: skip
async def test_a_quota_refuses_with_a_code_and_when_to_come_back(
    bench: Bench, limit: str, code: str, seconds: int
) -> None:
    ruled(bench, more=f'\n[[agent]]\nid = "scribe-1"\n{limit}\n')
    await propose(bench, 70)

    again = document(proposal(creation(70), evidence=[], correlation_id="c-2"))
    with pytest.raises(Throttled) as caught:
        await stage(bench.workspace, again)

    assert (caught.value.quota, caught.value.retry_after_s) == (code, seconds)
    assert bench.ledger.same_proposal("scribe-1", "c-2") is None
    if code != "quota-open":
        bench.clock.advance(seconds=seconds)
        assert (await stage(bench.workspace, again)).outcome == "review"


async def test_an_update_is_compared_with_its_base_as_it_is_now(bench: Bench) -> None:
    found = exact_object({**weight(70), "id": "w1"})
    bench.ehr.put(found)
    limits = 'path = "Observation.value[x]"\nmax_factor = 2\n'
    ruled(bench, "[[allow.check]]\n" + limits)
    held = bench.ledger.config("policy")
    assert held is not None
    text = held.document.replace('operations = ["create"]', 'operations = ["create", "update"]', 1)
    adopt(bench.workspace, "policy", text)
    patch = [{"op": "replace", "path": "/valueQuantity/value", "value": 130}]
    target = {"op": "update", "target": "Observation/w1", "base_version": "1", "patch": patch}
    id_ = await staged(bench, target, evidence=[])
    approve(bench, id_)
    lower = exact_object({"valueQuantity": weight(60)["valueQuantity"]})
    edit(bench, "Observation/w1", **lower)

    await run(bench)

    assert not [request for request in bench.ehr.sent if request.type == "Observation"]
    assert change(bench, id_).state == "denied"
