"""Approved writes to a server with faults, by a gateway that is killed again and again.

The gateway is a process that SIGKILL ends at requests counted by the server, before the server acts
or after it acted; the server loses requests and answers, is sent things twice and commits behind a
503. What counts is the server's own history. CI runs it with 1,000 writes.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.__main__ import main
from console.bootstrap.system import SystemClock, SystemIds
from sync.fhir import TokenSource
from sync.sandbox.faults.faulty import Faulty
from sync.sandbox.faults.text import parse_plan
from sync.store.verify import verify_store
from tests.builders import PATIENT
from tests.guillotine import Guillotine
from tests.scale import FULL, in_ci, scaled, slowest
from tests.scene import Scene, open_scene

ROOT = Path(__file__).resolve().parents[2]
WRITES = int(os.environ.get("COUNTERSIGN_WRITES", "0")) or scaled(8, 100, 1000)
KILL_WITHIN = (WRITES // 4, WRITES) if FULL else (9, 40)
KILLS = 1000 if FULL else 2
WRITES_OF_CONTROLS = 6
ROUNDS = 300 if FULL else 60
MIX = "lost-request=0.1,lost-response=0.2,duplicate=0.05,503-after-commit=0.05"
# A lost read costs a round; the mix is about writes.
READS = "GET: lost-request=0.02,lost-response=0.03;" if FULL else ""
# Few writes meet each fault by its number, whatever the draws are.
EACH = (
    "PUT #2: lost-request; PUT #3: lost-response; PUT #4: 503-after-commit; PUT #5: duplicate;"
    " POST Provenance #2: 503-after-commit; POST Provenance #3: duplicate;"
)
PLAN = f"POST: {MIX}; PUT: {MIX}; {EACH} {READS} seed=7"
OVERALL_S = 600


@dataclass
class Clinic:
    scene: Scene
    faulty: Faulty
    guillotine: Guillotine
    base: str = ""


@contextmanager
def open_clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int) -> Iterator[Clinic]:
    """Open a workspace with so many approved writes, at a server that is well so far."""
    made: list[Any] = []

    def wrap(app: Any) -> Any:
        faulty = Faulty(app, parse_plan(PLAN))
        faulty.on = False
        made.append(Clinic(None, faulty, Guillotine(faulty)))  # type: ignore[arg-type]
        # The server dates its answers by this state's clock.
        made[0].guillotine.state = app.state
        return made[0].guillotine

    chart = [{**PATIENT, "id": f"p{number}"} for number in range(writes)]
    with open_scene(tmp_path, monkeypatch, chart, wrap) as scene:
        clinic: Clinic = made[0]
        clinic.scene = scene
        with scene.opened() as opened:
            clinic.base = opened.config.ehr["sandbox"].base_url
        done = process(scene, "tests.processes.approver", str(writes))
        _, err = done.communicate(timeout=OVERALL_S)
        assert done.returncode == 0, err
        yield clinic


def process(scene: Scene, module: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT, env=scene.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run_until_done(clinic: Clinic, guard: str = "none", rounds: int = ROUNDS) -> tuple[int, int]:
    """Run the gateway again and again; return how often it was killed and how often it ended."""
    rng = random.Random(20261123)
    killed = ended = 0
    clinic.faulty.on = True
    for _ in range(rounds):
        if finished(clinic.scene):
            break
        guillotine = clinic.guillotine
        guillotine.count, guillotine.after = 0, rng.random() < 0.5
        guillotine.at = rng.randint(*KILL_WITHIN) if killed < KILLS else 0
        gateway = process(clinic.scene, "tests.processes.unguarded", guard)
        guillotine.pid = gateway.pid
        _, err = gateway.communicate(timeout=OVERALL_S)
        struck, guillotine.pid = guillotine.pid is None, None
        assert gateway.returncode in ((-signal.SIGKILL,) if struck else (0, 6)), err
        killed, ended = killed + struck, ended + (not struck)
    clinic.faulty.on = False
    return killed, ended


def finished(scene: Scene) -> bool:
    with scene.opened() as opened:
        counts = opened.ledger.state_counts()
    return not set(counts) & {"ready-for-write", "sending", "ambiguous", "persisted"}


async def history(clinic: Clinic, kind: str) -> list[dict[str, Any]]:
    """Return the server's own history of a type, newest first, as it tells it over HTTP."""
    reader = next(one for one in clinic.scene.clients if one.plane == "read")
    url: str | None = f"{clinic.base}/{kind}/_history?_count=500"
    source = TokenSource(
        reader.client_id, reader.private_jwk, clinic.base.removesuffix("/fhir") + "/token",
        clock=SystemClock(), new_id=SystemIds().uuid,
    )  # fmt: skip
    found: list[dict[str, Any]] = []
    async with httpx.AsyncClient(headers=(await source.token("system/*.rs")).headers()) as http:
        while url is not None:
            bundle = (await http.get(url)).json()
            found += bundle.get("entry", [])
            url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    await source.aclose()
    return found


def effects(clinic: Clinic) -> Counter[str]:
    """Return how often each patient's approved change was made, by the server's own history."""
    made: Counter[str] = Counter()
    for entry in asyncio.run(history(clinic, "Condition")):
        made[entry["resource"]["subject"]["reference"]] += 1
    for entry in asyncio.run(history(clinic, "Patient")):
        number = int(entry["resource"]["id"][1:])
        value = entry["resource"]["telecom"][1]["value"]
        made[f"Patient/p{number}"] += value == f"555 {number:04}" and not number % 2
    return made


def wrong(clinic: Clinic, writes: int) -> list[str]:
    """Return all that is not as it must be: effects, states, trails, Provenance, ledger."""
    problems = []
    made = effects(clinic)
    if sum(made.values()) != writes:
        problems.append(f"{sum(made.values())} effects")
    if {made[f"Patient/p{number}"] for number in range(writes)} != {1}:
        problems.append("a change was made twice or never")
    with clinic.scene.opened() as opened:
        ledger = opened.ledger
        if ledger.state_counts() != {"verified": writes}:
            problems.append(f"states {ledger.state_counts()}")
        if ledger.open_exceptions():
            problems.append("exceptions")
        problems += [
            f"trail {row.id}: {problem}"
            for row in ledger.changes_in("verified")
            for problem in untold([str(entry.leaf["type"]) for entry in ledger.trail(row.proposal)])
        ]
        report = verify_store(opened.connection)
        problems += report.problems if not report.ok else []
    signed = Counter(
        entry["resource"]["target"][-1]["reference"]
        for entry in asyncio.run(history(clinic, "Provenance"))
    )
    if sorted(signed.values()) != [1] * writes:
        problems.append(f"Provenance {Counter(signed.values())}")
    return problems


def untold(types: list[str]) -> list[str]:
    """Return what is missing in the story of one write: each attempt has its end, in order."""
    counts = Counter(types)
    found = [
        f"{counts[name]} {name}"
        for name in ("proposal.submitted", "decision.recorded", "reconciliation.recorded")
        if counts[name] != 1
    ]
    if not 1 <= counts["write.intended"] == counts["write.receipt"]:
        found.append("an attempt without its receipt")
    if counts["provenance.recorded"] != 1 or types[-1] != "reconciliation.recorded":
        found.append("no end")
    return found


@slowest
def test_every_approved_write_is_made_exactly_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    with open_clinic(tmp_path, monkeypatch, WRITES) as clinic:
        staged = time.monotonic()
        killed, ended = run_until_done(clinic)
        done = time.monotonic()
        struck = dict(clinic.faulty.struck)
        assert wrong(clinic, WRITES) == []
        assert killed >= min(3, KILLS) and ended >= 1
        assert set(struck) == {"lost-request", "lost-response", "duplicate", "503-after-commit"}
        assert main(["run", "--once"]) == 0
        assert main(["audit", "verify"]) == 0
        assert wrong(clinic, WRITES) == []
    with capsys.disabled():
        sys.stdout.write(
            f"\n{WRITES} writes: staged in {staged - begun:.0f} s, sent in {done - staged:.0f} s;"
            f" killed {killed} times, ended {ended} times; {struck}\n"
        )


@in_ci
@pytest.mark.parametrize("guard", ["read-back", "operation-id"])
def test_control_without_the_guard_the_count_is_wrong(
    guard: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_clinic(tmp_path, monkeypatch, WRITES_OF_CONTROLS) as clinic:
        run_until_done(clinic, guard, rounds=5)
        problems = wrong(clinic, WRITES_OF_CONTROLS)
        assert any(problem.endswith(" effects") for problem in problems), problems
        assert "a change was made twice or never" in problems
