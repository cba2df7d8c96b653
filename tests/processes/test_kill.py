"""Real processes on one workspace, killed at random or all at once.

The actors are separate processes that speak HTTP to a sandbox on loopback and are ended by SIGKILL;
nothing they said aloud may be lost, and nothing may be written twice.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from console.__main__ import main
from console.bootstrap.system import SystemClock, SystemIds
from core.canonical import exact, parse_object
from sync.keys.passphrase import Cost
from sync.sandbox import Sandbox, serving
from sync.store.verify import verify_store
from sync.workspace.create import create
from sync.workspace.folder import OpenWorkspace, open_workspace
from tests.builders import NOTE, PATIENT

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "only for this test"
KILLS = 100 if os.environ.get("CI") else 8
CHEAP = Cost(n=1024, r=8, p=1)


@dataclass
class Scene:
    folder: Path
    sandbox: Sandbox
    env: dict[str, str]

    def actor(self, seed: str, rounds: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.processes.actor", seed, str(rounds)],
            cwd=ROOT, env=self.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def opened(self) -> OpenWorkspace:
        return open_workspace(self.folder, lambda: PASSPHRASE, SystemClock())


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    with Sandbox() as sandbox, serving(sandbox.app) as place:
        sandbox.seed(exact([PATIENT, NOTE]))
        clients = {
            item.plane: (item.client_id, item.private_jwk) for item in sandbox.issue_clients()
        }
        folder = tmp_path / "workspace"
        create(
            folder, ehr_url=place.base_url, token_url=place.token_url, profile="sandbox",
            clients=clients, passphrase=PASSPHRASE, reviewer="dr-lee", clock=SystemClock(),
            ids=SystemIds(), cost=CHEAP,
        )  # fmt: skip
        named = {"COUNTERSIGN_WORKSPACE": str(folder), "COUNTERSIGN_PASSPHRASE_FILE": str(secret)}
        for key, value in named.items():
            monkeypatch.setenv(key, value)
        yield Scene(folder, sandbox, {**os.environ, **named})


def operations(scene: Scene) -> list[str]:
    """Return the operation id of every version of every Condition that the sandbox holds."""
    store = scene.sandbox.store
    with store._lock:
        rows = store._connection.execute("SELECT body FROM version WHERE type = 'Condition'")
        bodies = [parse_object(row[0]) for row in rows]
    return [
        item["value"]
        for body in bodies
        for item in body["identifier"]
        if item["system"] == "urn:countersign:operation"
    ]


def check(scene: Scene, said: list[str]) -> None:
    """Finish what is due, then hold every acknowledgement against ledger and sandbox."""
    assert main(["run", "--once"]) == 0
    assert main(["run", "--once"]) == 0
    with scene.opened() as opened:
        report = verify_store(opened.connection)
        assert report.ok, report.problems
        approved = 0
        for line in said:
            words = line.split()
            if words[0] == "proposed":
                assert opened.ledger.proposal(words[1]) is not None
            if words[0] == "approved":
                approved += 1
                decisions = opened.ledger.decisions(words[1], 0)
                assert [item.void for item in decisions if item.id == words[2]] == [None]
                change = opened.ledger.change(words[1], 0)
                assert change is not None and change.state == "verified", line
        states = opened.ledger.state_counts()
    written = operations(scene)
    assert len(written) == len(set(written)) == states.get("verified", 0) >= approved > 0
    assert set(states) <= {"verified", "pending-human-review"}


def test_killed_at_random_nothing_acknowledged_is_lost_or_written_twice(scene: Scene) -> None:
    rng = random.Random(20261123)
    said: list[str] = []
    for kill in range(KILLS):
        actor = scene.actor(f"k{kill}", 50)
        try:
            actor.wait(0.45 + rng.random() * 1.2)
        except subprocess.TimeoutExpired:
            actor.send_signal(signal.SIGKILL)
        out, err = actor.communicate()
        assert actor.returncode == -signal.SIGKILL, err
        said += [line for line in out.split("\n")[:-1] if line]
    assert any(line == "ran" for line in said)
    check(scene, said)


def test_three_processes_at_once_lose_nothing_and_send_nothing_twice(scene: Scene) -> None:
    actors = [scene.actor(f"p{number}", 5) for number in range(3)]
    said: list[str] = []
    for actor in actors:
        out, err = actor.communicate(timeout=120)
        assert actor.returncode == 0, err
        said += out.split("\n")
    said = [line for line in said if line]
    assert sum(line.startswith("proposed") for line in said) == 15
    check(scene, said)
