"""The comparison of two resources: against DeepDiff, of many pairs in one process, of long ones.

The pairs are those of the tests: samples of a clinic, each transformed harmlessly and each altered.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from deepdiff import DeepDiff

from core.canonical import JsonObject, Number, encode, plain
from core.discrepancy import compare
from tests.core.discrepancy.forms import FORMS, composed
from tests.core.discrepancy.hazards import mutants
from tests.core.discrepancy.hazards_of_types import MUTATORS
from tests.core.discrepancy.samples import BASE, SAMPLES

ROUNDS = 5
PAIRS = 2_000
MOST_S = 15.0
ELEMENTS = 2_000
DOUBLED = 2.6
Pair = tuple[JsonObject, JsonObject]


def pairs(count: int) -> list[Pair]:
    """Return so many pairs, every other one harmless."""
    found: list[Pair] = []
    rnd = Random(7)
    while len(found) < count:
        for resource in SAMPLES.values():
            steps = rnd.sample(sorted(FORMS), 3)
            found.append((resource, composed(resource, steps, len(found))))
            names = [rnd.choice(sorted(MUTATORS))]
            found.extend((resource, one) for _, _, one in mutants(resource, rnd, 1, names))
    return found[:count]


def ratios() -> list[float]:
    """Return our seconds over DeepDiff's for the same pairs, round by round."""
    held = pairs(200)
    same = [(plain(one), plain(other)) for one, other in held]
    for one, other in held:
        compare(one, other, base_url=BASE)
    return [
        _seconds(partial(_ours, held)) / _seconds(partial(_deepdiff, same)) for _ in range(ROUNDS)
    ]


def whole_command() -> float:
    """Return the seconds of one `diff --pairs -` over 2,000 pairs, with the process's start."""
    data = b"".join(
        encode({"id": str(number), "intended": one, "persisted": other, "base": BASE}) + b"\n"
        for number, (one, other) in enumerate(pairs(PAIRS))
    )
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "console", "diff", "--pairs", "-"],
        input=data,
        stdout=subprocess.PIPE,
        env=os.environ,
        check=True,
    )
    seconds = time.perf_counter() - begun
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["id"] for one in answers] == [str(number) for number in range(PAIRS)]
    assert all("class" in one for one in answers)
    return seconds


def doublings() -> list[float]:
    """Return the time at 2n over that at n, and at 4n over 2n, for items that all differ."""
    times = [
        min(_seconds(partial(_ours, [long(count)])) for _ in range(3))
        for count in (ELEMENTS, 2 * ELEMENTS, 4 * ELEMENTS)
    ]
    return [times[1] / times[0], times[2] / times[1]]


def long(count: int) -> Pair:
    """Return two observations of so many components, in other order and each with another value."""
    sides: list[JsonObject] = []
    for step in (1, -1):
        items = [
            {
                "code": {"coding": [{"system": "urn:a", "code": f"c{n}"}]},
                "valueQuantity": {"value": Number(f"{n}.{5 + step}"), "unit": "mg"},
            }
            for n in range(count)
        ]
        sides.append({"resourceType": "Observation", "status": "final", "component": items[::step]})
    return sides[0], sides[1]


def _ours(held: list[Pair]) -> None:
    for one, other in held:
        compare(one, other, base_url=BASE)


def _deepdiff(held: list[tuple[Any, Any]]) -> None:
    for one, other in held:
        DeepDiff(one, other, ignore_order=True)


def _seconds(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
