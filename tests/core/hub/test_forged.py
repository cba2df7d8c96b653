"""Forged Tasks are ignored, quarantined or alarmed as hub-protocol §7 says; none is queued."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject
from core.hub import inspect as inspecting
from core.hub.inspect import Kind
from core.hub.task import carry, outputs
from core.statement import Statement, header, peek, sign
from sync.hub import admission
from tests.builders import Bench
from tests.hub import Desk, HubAgent, enrol, new_signer


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Bench(tmp_path))


async def found(desk: Desk, task: JsonObject) -> list[tuple[str, str]]:
    """Post a Task, sync, and return what is recorded of it; nothing may reach the queue."""
    reference = desk.hub.post(task)
    await desk.sync()
    assert desk.bench.ledger.proposal_of_task(reference) is None
    assert desk.bench.ledger.state_counts() == {}
    return [(row.severity, row.code) for row in desk.bench.ledger.open_findings()]


def answers(desk: Desk, reference: str = "Task/1") -> list[JsonObject]:
    """Return the payloads that an agent reads on a Task."""
    return [peek(item.text or "") for item in outputs(desk.hub.current(reference))]


async def test_a_true_one_is_queued(desk: Desk) -> None:
    reference = desk.hub.post(desk.agent.task())
    report = await desk.sync()
    assert (report.fresh, report.admitted, report.quarantined, report.alarms) == (1, 1, 0, 0)
    assert desk.bench.ledger.proposal_of_task(reference) is not None
    assert desk.bench.ledger.state_counts() == {"pending-human-review": 2}


@pytest.mark.parametrize("status", ["accepted", "in-progress", "completed", "cancelled"])
async def test_looks_decided_by_status(desk: Desk, status: str) -> None:
    task = {**desk.agent.task(), "status": status}
    assert await found(desk, task) == [("alarm", "looks-decided")]
    assert "output" not in desk.hub.current("Task/1")


async def test_looks_decided_by_an_output(desk: Desk) -> None:
    signer = desk.agent.signer
    forged = sign("admission", {"v": "1", "task": "Task/1"}, signer).text
    task = {**desk.agent.task(), "output": [carry("admission", forged)]}
    assert await found(desk, task) == [("alarm", "looks-decided")]


async def test_in_another_agents_name(desk: Desk) -> None:
    other = HubAgent("front-desk-1")
    enrol(desk.bench, other.id, other.signer)
    document = other.document()
    thief = HubAgent(other.id, desk.agent.signer)
    assert await found(desk, thief.task(document)) == [("quarantine", "signer")]


async def test_signed_by_a_key_that_nobody_enrolled(desk: Desk) -> None:
    stranger = HubAgent(desk.agent.id, new_signer())
    assert await found(desk, stranger.task()) == [("quarantine", "signer")]


async def test_signed_by_a_person_or_the_gateway(desk: Desk) -> None:
    for name in ("reviewer", "gateway"):
        posing = HubAgent(desk.agent.id, desk.bench.ring.signer(name))
        posing.count = len(desk.hub.tasks) + 10
        assert (await found(desk, posing.task()))[-1] == ("quarantine", "signer")


async def test_changed_after_admission(desk: Desk) -> None:
    reference = desk.hub.post(desk.agent.task())
    await desk.sync()
    before = desk.bench.ledger.proposal_of_task(reference)
    changed = deepcopy(desk.hub.current(reference))
    changed["input"] = desk.agent.task(desk.agent.document(rationale="Something else."))["input"]
    desk.hub.store(reference, changed)
    report = await desk.sync()
    assert report.alarms == 1 and report.admitted == 0
    assert [row.code for row in desk.bench.ledger.open_findings()] == ["input-changed"]
    assert desk.bench.ledger.proposal_of_task(reference) == before
    assert desk.bench.ledger.state_counts() == {"pending-human-review": 2}


async def test_two_inputs(desk: Desk) -> None:
    task = desk.agent.task()
    task["input"] = [*task["input"], *desk.agent.task()["input"]]
    assert await found(desk, task) == [("quarantine", "inputs")]


async def test_no_input(desk: Desk) -> None:
    task = desk.agent.task()
    del task["input"]
    assert await found(desk, task) == [("quarantine", "inputs")]


async def test_wrong_team(desk: Desk) -> None:
    assert await found(desk, desk.agent.task(team="north")) == [("quarantine", "team")]


async def test_wrong_ehr(desk: Desk) -> None:
    task = desk.agent.task(desk.agent.document(ehr="elsewhere"))
    assert await found(desk, task) == [("quarantine", "ehr")]


async def test_oversize_task(desk: Desk) -> None:
    task = {**desk.agent.task(), "description": "x" * 900_001}
    assert await found(desk, task) == [("quarantine", "size")]
    assert desk.hub.puts == 0


async def test_oversize_proposal(desk: Desk) -> None:
    document = desk.agent.document(rationale="short")
    document["changes"][1]["resource"] = {
        **document["changes"][1]["resource"],
        "note": [{"text": "x" * 60_000} for _ in range(5)],
    }
    assert await found(desk, desk.agent.task(document)) == [("quarantine", "size")]


@pytest.mark.parametrize(
    "path", ["requester", "identifier", "rationale-as-agent", "model", "workflow"]
)
async def test_markup(desk: Desk, path: str) -> None:
    """Markup in a name is quarantined; it is no name, and nothing of it is shown."""
    markup = "[@click=app.quit]scribe-1[/]"
    document = desk.agent.document()
    if path == "model":
        document["agent"] = {**document["agent"], "model": markup}
    if path == "workflow":
        document["workflow"] = markup
    if path == "rationale-as-agent":
        document["agent"] = {**document["agent"], "id": markup}
    task = desk.agent.task(document)
    if path == "requester":
        task["requester"] = {**task["requester"], "display": markup}
    if path == "identifier":
        task["identifier"] = [{**task["identifier"][0], "value": markup}]
    (only,) = await found(desk, task)
    assert only[0] == "quarantine" and only[1] in ("schema", "display", "identifier")
    assert all(markup not in str(row) for row in desk.bench.ledger.open_findings())


@pytest.mark.parametrize(
    "name", ["\u0455cribe-1", "scribe\u20111", "scribe-\u0661", "scribe-1\u200b"]
)
@pytest.mark.parametrize("place", ["payload", "requester", "identifier"])
async def test_homoglyph_names(desk: Desk, name: str, place: str) -> None:
    document = desk.agent.document()
    if place == "payload":
        document["agent"] = {**document["agent"], "id": name}
    task = desk.agent.task(document)
    if place == "requester":
        task["requester"] = {"identifier": {**task["requester"]["identifier"], "value": name}}
    if place == "identifier":
        value = f"{name}.{document['correlation_id']}"
        task["identifier"] = [{**task["identifier"][0], "value": value}]
    ((severity, code),) = await found(desk, task)
    assert (severity, code) in [
        ("quarantine", {"payload": "schema", "requester": "display"}.get(place, "identifier"))
    ]


async def test_display_of_another_patient(desk: Desk) -> None:
    task = {**desk.agent.task(), "for": {"reference": "Patient/other"}}
    assert await found(desk, task) == [("quarantine", "display")]


async def test_squatted_identifier(desk: Desk) -> None:
    task = desk.agent.task()
    task["identifier"] = [{**task["identifier"][0], "value": "scribe-1.another"}]
    assert await found(desk, task) == [("quarantine", "identifier")]


def _header(text: str, member: str, value: Any) -> str:
    head, _, rest = text.partition(".")
    found = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    found[member] = value
    data = json.dumps(found, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode() + "." + rest


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: text[:-4] + ("AAAA" if text[-4:] != "AAAA" else "BBBB"),
        lambda text: _header(text, "alg", "none"),
        lambda text: _header(text, "jwk", {"kty": "OKP"}),
        lambda text: _header(text, "typ", "countersign.decision.v1"),
        lambda text: text.rpartition(".")[0] + ".",
        lambda _: "not a statement",
    ],
    ids=["signature", "alg-none", "own-key", "other-kind", "unsigned", "no-jws"],
)
async def test_statement_that_does_not_hold(desk: Desk, harm: Callable[[str], str]) -> None:
    document = desk.agent.document()
    text = desk.agent.statement(document).text
    task = {**desk.agent.task(document), "input": [carry("proposal", harm(text))]}
    assert await found(desk, task) == [("quarantine", "statement")]


async def test_what_is_quarantined_tells_its_agent_one_static_code(desk: Desk) -> None:
    await found(desk, desk.agent.task(team="north"))
    (answer,) = answers(desk)
    assert answer["state"] == "quarantined" and answer["code"] == "team"
    assert answer["final"] is True and answer["task"] == "Task/1"
    assert (await desk.sync()).alarms == 0
    assert len(answers(desk)) == 1


async def test_other_tasks_are_ignored(desk: Desk) -> None:
    task = {**desk.agent.task(), "code": {"coding": [{"system": "urn:x", "code": "other"}]}}
    assert await found(desk, task) == []


async def test_same_correlation_with_another_body_is_an_error(desk: Desk) -> None:
    desk.hub.post(desk.agent.task(desk.agent.document(correlation_id="same")))
    other = desk.agent.document(correlation_id="same", rationale="Another body.")
    desk.hub.post(desk.agent.task(other))
    report = await desk.sync()
    assert (report.admitted, report.quarantined) == (1, 1)
    assert answers(desk, "Task/2")[0]["code"] == "correlation-reused"


async def test_a_twin_is_told_which_task_carries_it(desk: Desk) -> None:
    document = desk.agent.document()
    for _ in range(2):
        desk.hub.post(desk.agent.task(document))
    report = await desk.sync()
    assert (report.admitted, report.twins) == (1, 1)
    (answer,) = answers(desk, "Task/2")
    assert (answer["state"], answer["duplicate_of"]) == ("duplicate-of", "Task/1")
    assert desk.bench.ledger.state_counts() == {"pending-human-review": 2}


@pytest.mark.parametrize("guard", ["_display_agrees", "_identifiers", "verify"])
async def test_without_its_guard_a_forged_task_is_queued(
    desk: Desk, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the tests above go red when what they test is switched off."""
    document = desk.agent.document()
    task = desk.agent.task(document)
    if guard == "_display_agrees":
        task["for"] = {"reference": "Patient/other"}
        monkeypatch.setattr(inspecting, guard, lambda *_: True)
    elif guard == "_identifiers":
        right = inspecting._identifiers(task)
        task["identifier"] = [{**task["identifier"][0], "value": "squatted"}]
        monkeypatch.setattr(inspecting, guard, lambda _: right)
    else:
        text = desk.agent.statement(document).text
        task["input"] = [carry("proposal", text[:-4] + "AAAA")]
        for module in (inspecting, admission):
            monkeypatch.setattr(module, guard, _believing)
    reference = desk.hub.post(task)
    await desk.sync()
    assert desk.bench.ledger.proposal_of_task(reference) is not None


def _believing(text: str, kind: str, _keys: Mapping[str, str]) -> Statement:
    return Statement(kind, str(header(text)["kid"]), peek(text), text)


async def test_status_on_an_admitted_task_moves_nothing(desk: Desk) -> None:
    reference = desk.hub.post(desk.agent.task())
    await desk.sync()
    desk.hub.store(reference, {**desk.hub.current(reference), "status": "completed"})
    await desk.sync()
    assert desk.bench.ledger.state_counts() == {"pending-human-review": 2}


async def test_foreign_output_on_an_admitted_task_alarms(desk: Desk) -> None:
    reference = desk.hub.post(desk.agent.task())
    await desk.sync()
    task = desk.hub.current(reference)
    forged = sign("final", {"v": "1", "outcome": "approve"}, new_signer()).text
    desk.hub.store(reference, {**task, "output": [*task["output"], carry("final", forged)]})
    assert (await desk.sync()).alarms == 1
    assert [row.code for row in desk.bench.ledger.open_findings()] == ["unknown-signer"]
    assert desk.bench.ledger.state_counts() == {"pending-human-review": 2}


async def test_an_output_that_was_taken_away_is_put_back(desk: Desk) -> None:
    reference = desk.hub.post(desk.agent.task())
    await desk.sync()
    task = desk.hub.current(reference)
    before = task["output"]
    desk.hub.store(reference, {key: item for key, item in task.items() if key != "output"})
    assert (await desk.sync()).alarms == 1
    assert [row.code for row in desk.bench.ledger.open_findings()] == ["hub-rewrite"]
    assert desk.hub.current(reference)["output"] == before


def test_every_finding_has_a_kind() -> None:
    assert {str(kind) for kind in Kind} == {"ignore", "fresh", "known", "quarantine", "alarm"}
