"""`make bench`: performance as ratios against a named baseline, both measured in this run.

Each pair is measured in turn, A B A B …; the median and the spread of the ratios are printed, and
the whole fails when a median is on the wrong side of its bound.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator

from tests.bench import (
    cold,
    commit,
    comparison,
    completer,
    gateway,
    hub,
    keys,
    loop,
    queue,
    staging,
    tasks,
    verdicts,
)  # fmt: skip


def report(name: str, ratios: list[float], bound: str, *, holds: bool) -> bool:
    """Print one line and return whether the bound holds."""
    middle = statistics.median(ratios)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    word = f"{bound}: {'ok' if holds else 'NOT MET'}" if bound else "for information"
    sys.stdout.write(f"{name}: {middle:.2f} ({spread}, {len(ratios)} pairs), {word}\n")
    return holds


def at_most(name: str, ratios: list[float], most: float) -> bool:
    """Print one line of a ratio that should be small."""
    return report(name, ratios, f"at most {most}", holds=statistics.median(ratios) <= most)


def at_least(name: str, ratios: list[float], least: float) -> bool:
    """Print one line of a ratio that should be great."""
    return report(name, ratios, f"at least {least}", holds=statistics.median(ratios) >= least)


def screen() -> Iterator[bool]:
    """Measure what a person at the console waits for."""
    yield at_most("cold start to painted queue / bare Textual and SQLModel app", cold.ratios(), 1.0)
    times, memories = queue.ratios()
    yield at_most("first paint of the queue at 1,000,000 changes / at 1,000", times, 1.2)
    yield at_most("peak memory of that", memories, 1.3)
    yield at_most(
        "p95 from a key to its frame's last byte / bare DataTable of 1,000 rows",
        keys.key_ratios(),
        1.0,
    )
    seconds, over = keys.opening_ratios()
    report("p95 of opening a review, in seconds", seconds, "", holds=True)
    report("the same / pushing two panes of text onto the table", over, "", holds=True)
    gaps, taken = loop.gaps()
    holds = gaps[-1] <= loop.MOST_S and taken == tasks.TASKS
    sys.stdout.write(
        f"event-loop gap while {taken:,} Tasks sync: worst {gaps[-1] * 1000:.0f} ms, p99 "
        f"{gaps[len(gaps) * 99 // 100] * 1000:.0f} ms of {len(gaps):,} beats, "
        f"at most {loop.MOST_S * 1000:.0f} ms: {'ok' if holds else 'NOT MET'}\n"
    )
    yield holds


def store() -> Iterator[bool]:
    """Measure what is written and pulled."""
    commits, wholes = commit.ratios()
    yield at_least(
        "decision commits a second / plain sqlite3 FULL commits of the same rows a second",
        commits,
        0.8,
    )
    report("whole decisions a second / the same baseline", wholes, "", holds=True)
    yield at_least(
        "pull of 10,000 Tasks with validation / bare httpx paging and json.loads, 20 ms a page",
        hub.pull_ratios(),
        0.75,
    )
    yield at_most(
        "seconds a verdict under 200 rules, unexplained / parsed Cedar", verdicts.ratios(), 0.1
    )
    yield at_most(
        f"seconds to clear {completer.COUNT:,} ambiguous writes / as many bare GETs, 20 ms each",
        completer.ratios(),
        1.2,
    )
    idle = hub.idle_requests()
    most = max(idle.values())
    sys.stdout.write(
        f"requests of an idle pull: {idle}, at most 2 a type: {'ok' if most <= 2 else 'NOT MET'}\n"
    )
    yield most <= 2
    sys.stdout.write(f"creates a second at the sandbox, one client: {hub.creates():.0f}\n")
    sys.stdout.write(f"proposals staged a second: {staging.rate():.0f}\n")


def writes() -> Iterator[bool]:
    """Measure what is sent to an EHR."""
    for concurrency, least in gateway.LEAST.items():
        yield at_least(
            f"requests a second of the gateway, {concurrency} at once, 20 ms each"
            " / a bare httpx loop sending the same",
            gateway.ratios(concurrency),
            least,
        )


def meaning() -> Iterator[bool]:
    """Measure the comparison of what was intended with what is persisted."""
    yield at_most(
        "seconds of our comparison / DeepDiff(ignore_order=True) on the same pairs",
        comparison.ratios(),
        0.1,
    )
    seconds = comparison.whole_command()
    holds = seconds <= comparison.MOST_S
    sys.stdout.write(
        f"{comparison.PAIRS:,} pairs through `diff --pairs` in one process: {seconds:.1f} s, "
        f"at most {comparison.MOST_S:.0f} s: {'ok' if holds else 'NOT MET'}\n"
    )
    yield holds
    yield at_most(
        f"seconds of comparing twice as many elements, from {comparison.ELEMENTS:,} components",
        comparison.doublings(),
        comparison.DOUBLED,
    )


def main() -> int:
    """Run every measurement."""
    return 0 if all([*screen(), *store(), *writes(), *meaning()]) else 1


if __name__ == "__main__":
    sys.exit(main())
