"""Real processes on one store: they share it, and killing one loses nothing that it said."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.adoption import opening
from core.ledger.event import read_leaf
from sync.keys.ring import KeyRing, generate
from sync.store.connection import Connection, connect, migrate
from sync.store.ledger import StoreLedger
from sync.store.verify import rebuild, verify_store
from tests.fakes import FakeClock
from tests.processes.appender import ROUND
from tests.scale import scaled

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 3
APPENDS = 60
KILLS = scaled(5, 25)
ROUNDS_AHEAD = 10_000
PATIENCE_S = 60


@dataclass
class Shared:
    path: Path
    ring: KeyRing
    connection: Connection

    def start(self, name: str, count: int, *words: str) -> subprocess.Popen[str]:
        key = self.ring.signer("checkpoint").secret().hex()
        return subprocess.Popen(
            [
                sys.executable, "-m", "tests.processes.appender",
                str(self.path), key, name, str(count), *words,
            ],
            cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def names(self) -> dict[int, str]:
        """Return what was appended at which seq, the opening left out."""
        found = self.connection.execute("SELECT seq, leaf FROM leaf WHERE seq > 0 ORDER BY seq")
        return {seq: read_leaf(leaf)["data"]["id"] for seq, leaf in found}

    def check(self, said: dict[int, str]) -> None:
        """Hold every acknowledgement against the store, and the store against itself."""
        there = self.names()
        assert {seq: there.get(seq) for seq in said} == said
        assert list(there) == list(range(1, len(there) + 1))
        report = verify_store(self.connection)
        assert report.ok, report.problems


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    ring = generate()
    connection = connect(tmp_path / "store.db", None)
    migrate(connection)
    StoreLedger(connection, FakeClock(), ring.checkpoint_key).create(opening(ring, "dr-lee"))
    yield Shared(tmp_path / "store.db", ring, connection)
    connection.close()


def acknowledged(out: str) -> dict[int, str]:
    """Return seq → name of each whole line; a kill may cut the last."""
    lines = [line.split() for line in out.split("\n")[:-1]]
    return {int(seq): name for seq, name in lines}


def one_round(process: subprocess.Popen[str], number: int) -> str:
    """Return what the process says in the round that it was let into."""
    assert process.stdout is not None
    return "".join(process.stdout.readline() for _ in range(number))


def test_three_processes_append_at_once(shared: Shared) -> None:
    """In each round all three are let in at once, so none can work through alone."""
    running = [shared.start(f"p{number}", APPENDS) for number in range(PROCESSES)]
    said: dict[int, str] = {}
    for _ in range(APPENDS // ROUND):
        for process in running:
            let_in(process)
        for process in running:
            found = acknowledged(one_round(process, ROUND))
            assert len(found) == ROUND and not found.keys() & said.keys()
            said |= found
    for process in running:
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0 and not out, err
    assert sorted(said) == list(range(1, PROCESSES * APPENDS + 1))
    shared.check(said)
    before = shared.names()
    rebuild(shared.connection)
    assert shared.names() == before


def let_in(process: subprocess.Popen[str], rounds: int = 1) -> None:
    assert process.stdin is not None
    process.stdin.write("\n" * rounds)
    process.stdin.flush()


def killed_after(process: subprocess.Popen[str], lines: int, wait_s: float) -> str:
    """Kill the process some moment after it said so many lines; return all that it said."""
    heard = one_round(process, lines)
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    rest, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -signal.SIGKILL, err
    return heard + rest


def test_killed_at_random_moments_no_acknowledged_event_is_lost(shared: Shared) -> None:
    rng = random.Random(20261123)
    said: dict[int, str] = {}
    for kill in range(KILLS):
        process = shared.start(f"k{kill}", 100_000)
        let_in(process, ROUNDS_AHEAD)
        said |= acknowledged(killed_after(process, rng.randrange(1, 12), rng.random() * 0.01))
        shared.check(said)
    assert len(said) >= KILLS
    with StoreLedger(
        shared.connection, FakeClock(), shared.ring.checkpoint_key
    ).transaction() as transaction:
        assert transaction.size == len(shared.names()) + 1


def test_control_a_process_that_speaks_before_its_commit_is_found_out(shared: Shared) -> None:
    process = shared.start("early", 1, "unsaid")
    let_in(process)
    said = acknowledged(killed_after(process, 1, 0.01))
    assert said == {1: "early-0"}
    with pytest.raises(AssertionError):
        shared.check(said)


def test_killed_in_the_middle_of_a_transaction_leaves_none_of_it(shared: Shared) -> None:
    """The lock of the dead is free at once, and what it had written is gone."""
    dead = shared.start("dead", 1, "unsaid")
    let_in(dead)
    assert acknowledged(killed_after(dead, 1, 0.01)) == {1: "dead-0"}
    process = shared.start("next", 1)
    let_in(process)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert acknowledged(out) == {1: "next-0"}, err
    shared.check({1: "next-0"})
