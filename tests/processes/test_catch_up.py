"""The server is gone, people decide, everything is restarted, the server comes back changed.

Agents' Tasks come in over HTTP; decisions are made with no server; then catching up is a separate
process that is killed by SIGKILL at its 1st, 2nd, … nth request, before the server acts or after it
acted. At its full size (`make soak`): 500 decisions, 10,000 other changes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from console.bootstrap.system import SystemClock, SystemIds
from core.canonical import exact
from core.hub.task import outputs
from core.statement import peek
from sync.sandbox import Sandbox, serving
from sync.sandbox.clients import IssuedClient
from sync.store.verify import verify_store
from sync.workspace.create import create
from tests.builders import CONDITION, NOTE, PATIENT
from tests.guillotine import Guillotine
from tests.hub import HubAgent
from tests.scale import in_ci, scaled, slowest
from tests.scene import CHEAP, PASSPHRASE, Scene

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = scaled(24, 120, 500)
OTHERS = scaled(400, 3_000, 10_000)
KILL_AT = scaled(
    (1, 3, 9, 40), (1, 2, 3, 5, 8, 13, 40, 150, 400), (1, 2, 3, 5, 8, 13, 40, 150, 600, 1500)
)
OVERALL_S = 900


@dataclass
class Clinic:
    """A sandbox on a file that can be stopped and started again on its port."""

    path: Path
    port: int = 0
    issued: list[IssuedClient] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[tuple[Sandbox, Guillotine, Any]]:
        with Sandbox(str(self.path)) as sandbox:
            if not self.issued:
                self.issued = sandbox.issue_clients()
            else:
                for client in self.issued:
                    public = {k: v for k, v in client.private_jwk.items() if k != "d"}
                    private = ("p", "q", "dp", "dq", "qi")
                    public = {k: v for k, v in public.items() if k not in private}
                    sandbox.add_client(client.client_id, public, client.scopes)
            guillotine = Guillotine(sandbox.app)
            with serving(guillotine, self.port) as place:
                self.port = int(place.base_url.rpartition(":")[2].partition("/")[0])
                yield sandbox, guillotine, place


def patients() -> list[dict[str, Any]]:
    return [{**PATIENT, "id": f"p{number}"} for number in range(DECISIONS)]


def notes() -> list[dict[str, Any]]:
    return [
        {**NOTE, "id": f"n{number}", "subject": {"reference": f"Patient/p{number}"}}
        for number in range(DECISIONS)
    ]


def asked(agent: HubAgent, number: int) -> dict[str, Any]:
    """Return a proposal: each second one a create, the others an update."""
    patient = f"Patient/p{number}"
    value = f"555 {number:04}"
    update = {
        "op": "update",
        "target": patient,
        "base_version": "1",
        "patch": [{"op": "replace", "path": "/telecom/1/value", "value": value}],
    }
    create = {"op": "create", "resource": {**CONDITION, "subject": {"reference": patient}}}
    return agent.document(patient=patient, changes=[create if number % 2 else update], evidence=[])


def others(number: int) -> dict[str, Any]:
    """Return somebody else's resource: mostly noise, some of it looking much like ours."""
    kind = number % 4
    if kind == 0:
        code = {"coding": [{"system": "urn:elsewhere", "code": "proposal"}]}
        return {
            "resourceType": "Task", "id": f"o{number}", "status": "requested",
            "intent": "order", "code": code,
        }  # fmt: skip
    if kind == 1:
        return {
            "resourceType": "Provenance", "id": f"o{number}", "recorded": "2026-11-23T09:00:00Z",
            "target": [{"reference": f"Observation/o{number}"}],
            "agent": [{"who": {"display": "somebody"}}],
        }  # fmt: skip
    if kind == 2:
        return {"resourceType": "Patient", "id": f"o{number}", "active": True}
    return {
        "resourceType": "Observation", "id": f"o{number}", "status": "final",
        "code": {"text": "noise"}, "valueString": "noise",
    }  # fmt: skip


def command(scene: Scene, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "console", *arguments],
        cwd=ROOT, env=scene.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(scene: Scene, *arguments: str) -> tuple[int, str, str]:
    process = command(scene, *arguments)
    out, err = process.communicate(timeout=OVERALL_S)
    return process.returncode, out, err


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path / "ehr.db")


@slowest
@in_ci
def test_everything_catches_up_nothing_twice_nothing_lost(
    tmp_path: Path, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = HubAgent()
    with clinic.open() as (sandbox, _, place):
        sandbox.seed(exact([*patients(), *notes()]))
        scene = made(tmp_path, clinic, sandbox, place, monkeypatch, agent)
        tasks = [{**agent.task(asked(agent, number)), "id": f"t{number}"} for number in range(
            DECISIONS
        )]  # fmt: skip
        sandbox.seed(tasks)
        code, _, err = finish(scene, "sync", "--json")
        assert code == 0, err
    decide_all(scene)
    with clinic.open() as (sandbox, guillotine, _):
        sandbox.seed(exact([others(number) for number in range(OTHERS)]))
        killed = [catch_up(scene, guillotine, n, after) for n in KILL_AT for after in (False, True)]
        assert any(killed)
        for _ in range(3):
            guillotine.pid = None
            code, out, err = finish(scene, "run", "--once", "--json")
            assert code == 0, err
        idle = json.loads(out)
        assert (idle["sent"], idle["sync"]["pulled"], idle["sync"]["pushed"]) == (0, 0, 0)
        check(replace(scene, sandbox=sandbox))


def made(
    tmp_path: Path,
    clinic: Clinic,
    sandbox: Sandbox,
    place: Any,
    monkeypatch: pytest.MonkeyPatch,
    agent: HubAgent,
) -> Scene:
    """Make the workspace and enrol the agent by its command line."""
    folder, secret = tmp_path / "workspace", tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    create(
        folder,
        ehr_url=place.base_url,
        token_url=place.token_url,
        profile="sandbox",
        clients={item.plane: (item.client_id, item.private_jwk) for item in clinic.issued},
        passphrase=PASSPHRASE,
        reviewer="dr-lee",
        clock=SystemClock(),
        ids=SystemIds(),
        cost=CHEAP,
    )
    named = {"COUNTERSIGN_WORKSPACE": str(folder), "COUNTERSIGN_PASSPHRASE_FILE": str(secret)}
    for key, value in named.items():
        monkeypatch.setenv(key, value)
    scene = Scene(folder, sandbox, {**os.environ, **named})
    key = tmp_path / "agent.jwk"
    key.write_text(json.dumps({"kty": "OKP", "crv": "Ed25519", "x": agent.signer.x}))
    code, _, err = finish(scene, "roster", "enrol-agent", agent.id, "--key", str(key))
    assert code == 0, err
    return scene


def decide_all(scene: Scene) -> None:
    """Decide everything that waits, with no server there; the decisions are a process's."""
    script = (
        "from pathlib import Path\n"
        "from console.bootstrap import open_here\n"
        "from core.review.decide import Answer, decide\n"
        "import argparse\n"
        "with open_here(argparse.Namespace(workspace=None)) as opened:\n"
        "    for row in opened.ledger.changes_in('pending-human-review'):\n"
        "        answer = Answer('approve', seen=row.change_digest)\n"
        "        decide(opened.offline(), row.proposal, row.idx, answer)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, env=scene.env, text=True, capture_output=True, timeout=OVERALL_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    code, out, err = finish(scene, "queue", "--all", "--json")
    assert code == 0, err
    rows = [json.loads(line) for line in out.splitlines()]
    assert Counter(row["state"] for row in rows) == {"ready-for-write": DECISIONS}
    code, _, err = finish(scene, "run", "--once", "--json")
    assert code == 6, err


def catch_up(scene: Scene, guillotine: Guillotine, n: int, after: bool) -> bool:
    """Run once and kill it at its nth request; return whether it lived that long."""
    guillotine.count, guillotine.at, guillotine.after = 0, n, after
    process = command(scene, "run", "--once", "--json")
    guillotine.pid = process.pid
    process.communicate(timeout=OVERALL_S)
    struck = guillotine.pid is None
    guillotine.pid = None
    assert process.returncode == (-signal.SIGKILL if struck else 0)
    return struck


def check(scene: Scene) -> None:
    with scene.opened() as opened:
        report = verify_store(opened.connection)
        assert report.ok, report.problems
        assert opened.ledger.state_counts() == {"verified": DECISIONS}
        assert opened.ledger.open_exceptions() == [] and opened.ledger.open_findings() == []
        assert len(opened.ledger.hub_proposals()) == DECISIONS
    check_chart(scene)
    newest = {task["id"]: task for task in scene.versions("Task") if task["id"].startswith("t")}
    assert len(newest) == DECISIONS
    for task in newest.values():
        told = [(item.kind, peek(item.text or "")) for item in outputs(task)]
        assert Counter(kind for kind, _ in told) == {"admission": 1, "outcome": 1}
        assert told[-1][1]["state"] == "verified" and task["status"] == "completed"


def check_chart(scene: Scene) -> None:
    """Every change stands in the chart exactly once."""
    conditions = list(scene.versions("Condition"))
    subjects = Counter(found["subject"]["reference"] for found in conditions)
    assert subjects == {f"Patient/p{number}": 1 for number in range(DECISIONS) if number % 2}
    versions = Counter(
        found["id"] for found in scene.versions("Patient") if found["id"].startswith("p")
    )
    assert versions == {f"p{number}": 1 if number % 2 else 2 for number in range(DECISIONS)}
    newest = {found["id"]: found for found in scene.versions("Patient")}
    for number in range(0, DECISIONS, 2):
        assert newest[f"p{number}"]["telecom"][1]["value"] == f"555 {number:04}"
