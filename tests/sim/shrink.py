"""Making a failing run small: faults are muted and time is cut as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.sim.world import Durable, Outcome, Setting, simulate

MOST_RUNS = 400


def shrink(
    outcome: Outcome,
    setting: Setting,
    durable: Callable[[str], Durable] | None = None,
    most: int = MOST_RUNS,
) -> tuple[Setting, Outcome]:
    """Return the smallest setting found in which the seed still breaks the same invariant."""
    code = outcome.violations[0].code
    runs = 0

    def fails(tried: Setting) -> Outcome | None:
        nonlocal runs
        runs += 1
        found = simulate(outcome.seed, tried, durable)
        return found if any(item.code == code for item in found.violations) else None

    def without(labels: list[str]) -> bool:
        nonlocal setting, outcome
        tried = replace(setting, muted=setting.muted | frozenset(labels))
        found = fails(tried)
        if found is None:
            return False
        setting, outcome = tried, found
        return True

    kinds = sorted({label.partition(":")[2].partition("#")[0] for label in outcome.fired})
    for kind in kinds:
        if runs < most:
            without([kind])
    size = max(1, len(outcome.fired) // 2)
    while outcome.fired and runs < most:
        fired = list(outcome.fired)
        parts = [fired[start : start + size] for start in range(0, len(fired), size)]
        gone = any(without(part) for part in parts if runs < most)
        if size == 1 and not gone:
            break
        size = size if gone else max(1, size // 2)
    while runs < most and setting.stormy_s > 60:
        shorter = replace(setting, stormy_s=setting.stormy_s * 0.7)
        found = fails(shorter)
        if found is None:
            break
        setting, outcome = shorter, found
    return setting, outcome


def recipe(seed: int, setting: Setting) -> str:
    """Return the command line that repeats a run."""
    words = [f"python -m tests.sim --seed {seed}"]
    if setting.personality is not None:
        words.append(f"--personality {setting.personality}")
    if setting.muted:
        words.append(f"--mute '{','.join(sorted(setting.muted))}'")
    if setting.stormy_s != Setting().stormy_s:
        words.append(f"--stormy {setting.stormy_s:.0f}")
    words += [f"--{name}" for name in ("store", "http") if getattr(setting, name)]
    return " ".join(words)
