"""Staging: the same proposal is one proposal, and what is signed is what was judged."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from core.canonical import Number, exact
from core.digests import Base
from core.errors import BadInput, Conflict
from core.intake import build
from core.intake import stage as staging
from core.intake.documents import documents
from core.intake.stage import Staged, stage
from core.statement import verify
from tests.builders import Bench, phone_change, problem_change, proposal
from tests.core.intake.scenario import (
    Ward,
    content,
    row,
    size,
    submit,
    submit_changes,
)


def other_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: other_order(value[key]) for key in reversed(value)}
    return [other_order(item) for item in value] if isinstance(value, list) else value


async def test_the_same_body_in_another_key_order_is_the_same_proposal(bench: Bench) -> None:
    first = await submit(bench, proposal())
    before = size(bench)
    again = await submit(bench, json.dumps(other_order(proposal()), indent=3))
    assert again.repeated and not first.repeated
    assert again == replace(first, repeated=True)
    assert size(bench) == before


@pytest.mark.parametrize(
    "other",
    [
        {"rationale": "Something else."},
        {"confidence": 0.91},
        {"changes": [phone_change()]},
        {"urgency": "routine"},
        {"evidence": []},
    ],
)
async def test_another_body_under_the_same_id_is_a_conflict(
    bench: Bench, other: dict[str, Any]
) -> None:
    await submit(bench, proposal())
    before = size(bench)
    with pytest.raises(Conflict) as caught:
        await submit(bench, proposal(**other))
    assert caught.value.field == "correlation_id" and caught.value.remedy
    assert size(bench) == before


async def test_the_text_of_a_number_is_part_of_the_body(bench: Bench) -> None:
    await submit(bench, proposal())
    with pytest.raises(Conflict):
        await submit(bench, json.dumps(proposal()).replace("0.9", "0.90"))


async def test_another_agent_may_use_the_same_id(bench: Bench) -> None:
    first = await submit_changes(bench, phone_change())
    agent = {"id": "front-desk-1", "model": "m", "prompt": "p"}
    second = await submit_changes(bench, phone_change(), agent=agent)
    assert second.proposal.id != first.proposal.id


async def test_a_denied_proposal_is_repeated_too(bench: Bench) -> None:
    bench.consents.answer = "deny"
    first = await submit_changes(bench, phone_change())
    bench.consents.answer = "permit"
    again = await submit_changes(bench, phone_change())
    assert again.repeated and again.outcome == "denied" and again.proposal == first.proposal


async def race(bench: Bench, *values: dict[str, Any]) -> list[Staged | BaseException]:
    given = [documents(json.dumps(value).encode())[0] for value in values]
    found = await asyncio.gather(
        *(stage(bench.workspace, item) for item in given), return_exceptions=True
    )
    assert isinstance(bench.ehr, Ward)
    # Both were past the first look for a known proposal when they met.
    assert bench.ehr.calls.count("Patient/example") >= 2 * len(values)
    return found


async def test_two_racing_stages_make_one_proposal(bench: Bench) -> None:
    first, second = await race(bench, proposal(), other_order(proposal()))
    assert isinstance(first, Staged) and isinstance(second, Staged)
    assert first.proposal == second.proposal
    assert sorted([first.repeated, second.repeated]) == [False, True]
    assert len(bench.ledger.changes_in("pending-human-review")) == 2


async def test_of_two_racing_bodies_one_is_a_conflict(bench: Bench) -> None:
    found = await race(bench, proposal(), proposal(rationale="Another."))
    assert sorted(type(item).__name__ for item in found) == ["Conflict", "Staged"]


async def test_control_without_the_comparison_another_body_passes_for_the_first(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_same", lambda *_: "same")
    await submit(bench, proposal())
    assert (await submit(bench, proposal(rationale="Another."))).repeated


async def test_the_proposal_is_signed_by_the_submitter_over_its_exact_members(
    bench: Bench,
) -> None:
    staged = await submit(bench, json.dumps(proposal()).replace("0.9", "0.90"))
    entry = bench.ledger.entry(staged.proposal.body_seq)
    assert entry is not None and entry.body is not None
    signer = bench.ring.signer("submitter")
    found = verify(
        entry.body["statement"], "proposal", {signer.kid: bench.ring.public("submitter")}
    )
    assert found.payload["confidence"] == Number("0.90")
    assert found.payload["changes"] == exact(proposal()["changes"])
    assert found.digest == staged.proposal.digest


async def test_what_is_admitted_carries_its_digests(bench: Bench) -> None:
    staged = await submit(bench, proposal())
    change, body = row(bench, staged), content(bench, staged)
    assert change.verdict_digest is not None
    found = body.digests(staged.proposal, change, bench.ehr.base_url, change.verdict_digest, "solo")
    assert found == (change.change_digest, change.bytes_digest)


async def test_digests_change_with_every_signed_part(bench: Bench) -> None:
    staged = await submit(bench, proposal())
    owner, change, body = staged.proposal, row(bench, staged), content(bench, staged)
    verdict = change.verdict_digest
    assert verdict is not None and body.held is not None
    url = bench.ehr.base_url
    one = body.digests(owner, change, url, verdict, "solo")
    asked = {
        "proposal": body.digests(replace(owner, digest="0" * 64), change, url, verdict, "solo"),
        "task": body.digests(replace(owner, id="x"), change, url, verdict, "solo"),
        "index": body.digests(owner, replace(change, idx=5), url, verdict, "solo"),
        "revision": body.digests(owner, replace(change, revision=5), url, verdict, "solo"),
        "op": body.digests(owner, replace(change, op="create"), url, verdict, "solo"),
        "ehr": body.digests(owner, replace(change, ehr="x"), url, verdict, "solo"),
        "operation": body.digests(owner, replace(change, operation="x"), url, verdict, "solo"),
        "url": body.digests(owner, change, url + "/x", verdict, "solo"),
        "verdict": body.digests(owner, change, url, "0" * 64, "solo"),
        "team": body.digests(owner, change, url, verdict, "north"),
    }
    for name, parts in {
        "target": {"target": "Patient/x"},
        "delta": {"delta": (replace(body.delta[0], after="555 0198"),)},
        "before": {"delta": (replace(body.delta[0], before="555 0198"),)},
        "no delta": {"delta": ()},
        "quote": {"evidence": ({**body.evidence[0], "quote": "x"},)},
        "badge": {"evidence": ({**body.evidence[0], "grounding": "weak"},)},
        "source version": {"evidence": ({**body.evidence[0], "version": "9"},)},
        "no evidence": {"evidence": ()},
    }.items():
        changed = replace(body, **parts)  # type: ignore[arg-type]
        asked[name] = changed.digests(owner, change, url, verdict, "solo")
    assert all(found[0] != one[0] and found[1] == one[1] for found in asked.values())
    assert len({found[0] for found in asked.values()}) == len(asked)
    exact_bytes = [
        replace(body, held=Base("9", body.held.fingerprint)),
        replace(body, held=Base(body.held.version, "0" * 64)),
        replace(body, held=None),
        replace(body, resource={**body.resource, "gender": "male"}),
        replace(body, resource={**body.resource, "meta": {}}),
        replace(body, nonce="0" * 32),
    ]
    sent = [item.digests(owner, change, url, verdict, "solo")[1] for item in exact_bytes]
    assert len({*sent, one[1]}) == len(sent) + 1


CANARY = "zqcanaryzq"


def with_canaries(value: Any) -> Any:
    """Return the value with a canary in every text that may be free."""
    if isinstance(value, dict):
        return {key: with_canaries(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_canaries(item) for item in value]
    return f"{CANARY} {value}" if isinstance(value, str) else value


def texts(error: BaseException) -> str:
    """Return all that an error and every error behind it would show."""
    seen: list[str] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None:
            seen += [str(one), repr(one), repr(one.args)]
            waiting += [one.__cause__, one.__context__]
    return " ".join(seen)


RESOURCE = problem_change()["resource"]
LEAKS: dict[str, dict[str, Any]] = {
    "every member of the agent": proposal(agent=with_canaries(proposal()["agent"])),
    **{
        f"{name} of the proposal": proposal(**{name: f"{CANARY} {CANARY}"})
        for name in ("ehr", "patient", "encounter", "purpose", "workflow", "urgency", "needed_by",
                     "confidence", "correlation_id", "changes", "evidence")
    },
    **{
        f"{name} of the resource": proposal(problem_change(resource={**RESOURCE, name: CANARY}))
        for name in ("resourceType", "id", "meta", "text", "subject", "code", "note",
                     "recordedDate", "implicitRules", "contained", "clinicalStatus")
    },
    "a code": proposal(
        problem_change(resource={**RESOURCE, "identifier": [{"use": CANARY, "value": CANARY}]})
    ),
    "a coding": proposal(
        problem_change(resource={**RESOURCE, "clinicalStatus": with_canaries(RESOURCE["code"])})
    ),
    "an instant": proposal(problem_change(resource={**RESOURCE, "recordedDate": CANARY})),
    "a reference": proposal(
        problem_change(resource={**RESOURCE, "subject": {"reference": f"Patient/{CANARY}"}})
    ),
    "a markup": proposal(
        problem_change(
            resource={**RESOURCE, "text": {"status": "generated", "div": f"<p>{CANARY}<p>"}}
        )
    ),
    **{
        f"patch {path}": proposal(
            phone_change(patch=[{"op": op, "path": path, "value": CANARY, "from": f"/{CANARY}"}])
        )
        for op, path in (
            ("add", "/gender"), ("test", "/name/0/given"), ("test", "/telecom"),
            ("move", "/gender"), ("add", f"/name/{CANARY}/x"), ("replace", "/telecom/7"),
            ("add", "/birthDate"), ("add", "/name/0/family/x"), ("frob", "/gender"),
        )
    },
    "a target": proposal(phone_change(target=f"Patient/{CANARY}")),
    "a version": proposal(phone_change(base_version=CANARY)),
    "a source": proposal(
        evidence=[{"source": "Observation/n2", "quote": CANARY, "supports": [0]}]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAKS)
async def test_no_error_tells_what_a_chart_or_a_proposal_holds(bench: Bench, name: str) -> None:
    patient = bench.ehr.current("Patient/example")
    names = [{"family": CANARY, "given": [CANARY]}]
    bench.ehr.versions["Patient/example"][0] = {**patient, "name": names}
    with pytest.raises(BadInput) as caught:
        await submit(bench, LEAKS[name])
    assert CANARY not in texts(caught.value)


def test_control_an_error_behind_an_error_would_be_seen() -> None:
    error = BadInput("x")
    error.__context__ = ValueError(CANARY)
    assert CANARY in texts(error)


async def test_control_a_step_that_quotes_would_be_seen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_applied", quoting_apply)
    with pytest.raises(BadInput) as caught:
        await submit(bench, LEAKS["patch /telecom"])
    assert CANARY in texts(caught.value)


def quoting_apply(document: Any, operation: Any) -> Any:
    raise BadInput(f"does not apply: {operation['value']}")
