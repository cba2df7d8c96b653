"""Real processes on one workspace, killed at random or all at once.

The actors are separate processes that speak HTTP to a sandbox on loopback and are ended by SIGKILL;
nothing they said aloud may be lost, and nothing may be written twice.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.__main__ import main
from sync.store.verify import verify_store
from tests.scale import in_ci, scaled
from tests.scene import Scene, open_scene

ROOT = Path(__file__).resolve().parents[2]
KILLS = scaled(3, 15, 100)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with open_scene(tmp_path, monkeypatch) as found:
        yield found


def actor_process(scene: Scene, seed: str, rounds: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.processes.actor", seed, str(rounds)],
        cwd=ROOT, env=scene.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def operations(scene: Scene) -> list[str]:
    """Return the operation id of every version of every Condition that the sandbox holds."""
    return [
        item["value"]
        for body in scene.versions("Condition")
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
        actor = actor_process(scene, f"k{kill}", 50)
        assert actor.stdout is not None
        # So many acknowledgements later, and then at some point of the step that follows.
        said += [actor.stdout.readline().strip() for _ in range(rng.randint(0, 6))]
        with contextlib.suppress(subprocess.TimeoutExpired):
            actor.wait(rng.random() * 0.15)
        actor.send_signal(signal.SIGKILL)
        out, err = actor.communicate()
        assert actor.returncode == -signal.SIGKILL, err
        said += [line for line in out.split("\n")[:-1] if line]
    assert any(line == "ran" for line in said)
    check(scene, said)


@in_ci
def test_three_processes_at_once_lose_nothing_and_send_nothing_twice(scene: Scene) -> None:
    actors = [actor_process(scene, f"p{number}", 5) for number in range(3)]
    said: list[str] = []
    for actor in actors:
        out, err = actor.communicate(timeout=120)
        assert actor.returncode == 0, err
        said += out.split("\n")
    said = [line for line in said if line]
    assert sum(line.startswith("proposed") for line in said) == 15
    check(scene, said)
