"""Two hundred approved writes over a faulty wire, by a gateway that is killed again and again.

The server is HAPI; the wire between loses requests and answers, delivers some twice and says 503
after the work is done. Another process is the gateway, ended by SIGKILL at a write that the seed
picks, before or after the server has it. What counts is the server's own history.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.canonical import JsonObject
from core.gateway import guards, send
from sync.store.ledger import StoreLedger
from sync.store.verify import verify_store
from tests.builders import CONDITION
from tests.hapi.faults import MIX, Fault, Faults, none
from tests.hapi.front import Asked
from tests.hapi.scene import Hapi, operations
from tests.scale import FULL
from tests.scene import call

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).resolve().parents[2]
WRITES = 200 if FULL else 20
A_PROPOSAL = 10
SEED = 20261128
KILL_AFTER = (6, 40) if FULL else (2, 12)
"""A gateway lives for so many writes, drawn anew each time."""
MAX_LIVES = 200
LOOKS, LOOK_S = 60, 3
DUE = ("ready-for-write", "sending", "ambiguous", "persisted")


@dataclass
class Executioner:
    """Kills the process at the nth write that it sends."""

    rng: random.Random
    pid: int | None = None
    left: int = 0
    when: str = "before"
    kills: Counter[str] = field(default_factory=Counter)

    def aim(self, pid: int) -> None:
        """Choose when the process dies."""
        self.left, self.when = self.rng.randint(*KILL_AFTER), self.rng.choice(["before", "after"])
        self.pid = pid

    def __call__(self, asked: Asked, when: str) -> None:
        """Count one write; this is the front's `watch`."""
        if not asked.is_write or when != self.when or self.pid is None:
            return
        self.left -= 1
        if self.left <= 0:
            os.kill(self.pid, signal.SIGKILL)
            self.pid = None
            self.kills[when] += 1


def approved(hapi: Hapi, capsys: pytest.CaptureFixture[str], file: Path, count: int) -> list[str]:
    """Propose and approve `count` writes, half of them creates; return the proposals."""
    proposals = []
    for first in range(0, count, A_PROPOSAL):
        hapi.admit()
        numbers = range(first, min(first + A_PROPOSAL, count))
        changes = [written(hapi, number) for number in numbers]
        members = {"correlation_id": f"run-{first}", "evidence": []}
        proposals.append(json.dumps(hapi.proposal(*changes, **members)))
    file.write_text("\n".join(proposals))
    code, staged, said = call(capsys, "propose", str(file))
    assert code == 0, said
    for one in staged:
        shown = call(capsys, "show", one["id"])[1][0]
        chosen = [word for item in shown["changes"] for word in ("--change", str(item["index"]))]
        code, _, said = call(capsys, "approve", one["id"], "--hash", shown["hash"], *chosen)
        assert code == 0, said
    return [one["id"] for one in staged]


def written(hapi: Hapi, number: int) -> dict[str, Any]:
    """Return one change: a new problem, or a date on one that the chart has already."""
    coded = {"coding": [{"system": "http://snomed.info/sct", "code": str(9000000 + number)}]}
    if number % 2:
        return hapi.problem(str(9000000 + number))
    id_ = f"{hapi.patient.partition('/')[2]}-{number}"
    problem = {**CONDITION, "id": id_, "code": coded, "subject": {"reference": hapi.patient}}
    hapi.put(problem)
    patch = [{"op": "add", "path": "/recordedDate", "value": "2026-11-28"}]
    return {"op": "update", "target": f"Condition/{id_}", "base_version": "1", "patch": patch}


def effects(hapi: Hapi) -> Counter[str]:
    """Return, by the server's history, how often each create and each update took effect."""
    found: Counter[str] = Counter()
    for patient in hapi.admitted:
        bundle = hapi.get(f"Condition?subject={patient}&_count=50&_elements=id")
        for entry in bundle.get("entry", []):
            reference = f"Condition/{entry['resource']['id']}"
            versions = hapi.history(reference)
            made = operations(versions[-1])
            found[made[0] if made else reference] += len(versions) if made else len(versions) - 1
    return found


def gateway(hapi: Hapi) -> subprocess.Popen[bytes]:
    """Start the gateway as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "console", "run"],
        cwd=ROOT, env={**os.environ, **hapi.env},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def due(hapi: Hapi) -> int:
    """Return how many writes have not ended."""
    with hapi.opened() as opened:
        states = opened.ledger.state_counts()
    return sum(states.get(name, 0) for name in DUE)


def live_and_die(hapi: Hapi, executioner: Executioner) -> None:
    """Start gateways and kill each, until every write has ended."""
    for _ in range(MAX_LIVES):
        if not due(hapi):
            return
        process = gateway(hapi)
        executioner.aim(process.pid)
        for _ in range(LOOKS):
            try:
                process.wait(LOOK_S)
                break
            except subprocess.TimeoutExpired:
                # It may have done its work and wait, with too little left to die of.
                if not due(hapi):
                    executioner.pid = None
                    process.kill()
        stuck = process.poll() is None
        if stuck:
            process.kill()
        _, err = process.communicate(timeout=LOOK_S)
        assert not stuck, f"nothing ended it in {LOOKS * LOOK_S} s: {err.decode()}"
        assert process.returncode == -signal.SIGKILL, err.decode()
    raise AssertionError("still not ended")


def unlike(ledger: StoreLedger, proposals: list[str]) -> list[tuple[str, ...]]:
    """Return the story of each change that is not verified, for the failure."""
    return [
        tuple(f"{e.leaf['type']} {e.leaf.get('to')} {e.leaf.get('data')}" for e in trail)
        for proposal in proposals
        for change in ledger.changes(proposal)
        if change.state != "verified"
        for trail in [[e for e in ledger.trail(proposal) if _about(e.leaf, change.idx)]]
    ]


def _about(leaf: JsonObject, index: int) -> bool:
    return "index" in leaf and leaf["index"].text == str(index)


def test_every_write_takes_effect_once_whatever_dies(
    hapi: Hapi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, "doctor", "--probe", "--yes", "--rounds", "3")[0] == 0
    proposals = approved(hapi, capsys, tmp_path / "all.ndjson", WRITES)
    executioner = Executioner(random.Random(SEED))
    hapi.front.faults, hapi.front.watch = Faults(SEED), executioner
    begun = time.monotonic()
    live_and_die(hapi, executioner)
    spent = time.monotonic() - begun
    struck = hapi.front.faults.struck
    hapi.front.faults, hapi.front.watch = none(), lambda *_: None
    code, _, said = call(capsys, "run", "--once")
    assert code == 0, said

    found = effects(hapi)
    assert set(found.values()) == {1}, {key: n for key, n in found.items() if n != 1}
    assert len(found) == WRITES
    with hapi.opened() as opened:
        states = opened.ledger.state_counts()
        assert states == {"verified": WRITES}, "\n".join(map(str, unlike(opened.ledger, proposals)))
        assert opened.ledger.open_exceptions() == []
        carriers = {
            entry.leaf["data"].get("carrier")
            for proposal in proposals
            for entry in opened.ledger.trail(proposal)
            if entry.leaf["type"] == "write.intended"
        }
        # Creates go by POST here, alone; updates with their Provenance.
        assert carriers == {None, "transaction"}
        report = verify_store(opened.connection)
        assert report.ok, report.problems
        for proposal in proposals:
            types = Counter(
                (str(entry.leaf["index"].text), entry.leaf["type"])
                for entry in opened.ledger.trail(proposal)
                if "index" in entry.leaf
            )
            for change in opened.ledger.changes(proposal):
                for needed in ("decision.recorded", "write.intended", "reconciliation.recorded"):
                    assert types[str(change.idx), needed] >= 1, (change.idx, needed)
    assert call(capsys, "audit", "trail", proposals[0])[0] == 0
    kinds = {key for key in struck if key.startswith("write:")}
    assert not FULL or kinds == {f"write:{fault}" for fault in MIX}
    assert executioner.kills.total() >= (8 if FULL else 1)
    with capsys.disabled():
        print(  # noqa: T201 - the measure of this run, for the log of CI
            f"\nHAPI: {WRITES} writes, each once by the server's history; "
            f"{executioner.kills.total()} kills in {spent:.0f} s; {dict(struck)}"
        )


def test_control_a_server_that_overlooks_the_condition_shows_more_effects(
    hapi: Hapi,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The count above can see a second effect: here every request comes twice, unconditionally."""
    # The first that is found twice would hold up the others.
    for module in (guards, send):
        monkeypatch.setattr(module, "check_paused", lambda *_: None)
    approved(hapi, capsys, tmp_path / "few.ndjson", 4)
    hapi.front.overlook = frozenset({"if-none-exist", "if-match"})
    hapi.front.faults = Faults(SEED, {Fault.DUPLICATE: 1.0}, {})
    call(capsys, "run", "--once")
    # Of a repeated PUT that changes nothing HAPI makes no version; of a repeated POST a resource.
    assert sorted(effects(hapi).values()) == [1, 1, 2, 2]
