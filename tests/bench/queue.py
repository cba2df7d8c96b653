"""The queue at a million waiting changes against a thousand: the first paint, and the memory.

Both are whole processes over an encrypted workspace. The changes are put into the read tables
directly, since what is measured is only the reading.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from core.records import ChangeRow
from tests.bench import ours

FEW, MANY = 1_000, 1_000_000
PAIRS = 7
_NAMES = [field.name for field in fields(ChangeRow)]


def ratios() -> tuple[list[float], list[float]]:
    """Return seconds and peak memory at MANY over those at FEW, pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        places = {count: Path(folder) / str(count) for count in (FEW, MANY)}
        for count, place in places.items():
            place.mkdir()
            env = ours.make(place / "clinic")
            with ours.opened(place / "clinic") as opened:
                fill(opened.folder.connection, count)
            _measured(place, env)
        pairs = [
            (_measured(places[MANY], _env(places[MANY])), _measured(places[FEW], _env(places[FEW])))
            for _ in range(PAIRS)
        ]
    times = [many[0] / few[0] for many, few in pairs]
    return times, [many[1] / few[1] for many, few in pairs]


def _env(place: Path) -> dict[str, str]:
    return {"COUNTERSIGN_PASSPHRASE_FILE": str(place / "passphrase")}


def _measured(place: Path, env: dict[str, str]) -> tuple[float, float]:
    begun = time.perf_counter()
    command = [sys.executable, "-m", "tests.bench.ours", str(place / "clinic")]
    process = subprocess.Popen(command, env={**os.environ, **env})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the console ended with {process.returncode}")
    return time.perf_counter() - begun, float(usage.ru_maxrss)


def fill(connection: Any, count: int) -> None:
    marks = ", ".join("?" * len(_NAMES))
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        f"INSERT INTO change ({', '.join(_NAMES)}) VALUES ({marks})",  # noqa: S608
        _rows(count),
    )
    connection.execute("UPDATE tree SET size = ?", (count + 100,))
    connection.execute("COMMIT")


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    given: dict[str, Any] = dict.fromkeys(_NAMES) | {
        "idx": 0, "revision": 0, "state": "pending-human-review", "since": "2026-11-23T09:00:00Z",
        "agent": "scribe-1", "ehr": "sandbox", "patient_tag": "t", "op": "update",
        "type": "Patient", "paths": '[["Patient.telecom.value","changed"]]', "depends": "[]",
        "operation": "o", "rung": "if-match", "change_digest": "c", "bytes_digest": "b",
        "outcome": "review", "tier": "low", "patient_label": "Synthetic, Ada",
        "route": '{"id":"coordinator","roles":["coordinator"],"quorum":1}', "body_seq": 0,
    }  # fmt: skip
    for number in range(count):
        urgency = ("routine", "routine", "urgent", "routine", "stat")[number % 5]
        expires = f"2099-11-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:00.000Z"
        row = given | {"proposal": f"{number * 7919 % 10**9:032x}", "state_seq": number,
                       "urgency": urgency, "expires": expires}  # fmt: skip
        yield tuple(row[name] for name in _NAMES)
