"""`make bench`: performance as ratios against a named baseline, both measured in this run.

Each pair is measured in turn, A B A B …; the median and the spread of the ratios are printed, and
the whole fails when a median is on the wrong side of its bound.
"""

from __future__ import annotations

import statistics
import sys

from tests.bench import cold, commit, hub, queue, staging


def report(name: str, ratios: list[float], bound: str, *, holds: bool) -> bool:
    """Print one line and return whether the bound holds."""
    middle = statistics.median(ratios)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    word = f"{bound}: {'ok' if holds else 'NOT MET'}" if bound else "for information"
    sys.stdout.write(f"{name}: {middle:.2f} ({spread}, {len(ratios)} pairs), {word}\n")
    return holds


def main() -> int:
    """Run every measurement."""
    held = []
    ratios = cold.ratios()
    held.append(
        report(
            "cold start to painted queue / bare Textual and SQLModel app",
            ratios,
            "at most 1.0",
            holds=statistics.median(ratios) <= 1.0,
        )
    )
    times, memories = queue.ratios()
    for name, found, most in (
        ("first paint of the queue at 1,000,000 changes / at 1,000", times, 1.2),
        ("peak memory of that", memories, 1.3),
    ):
        holds = statistics.median(found) <= most
        held.append(report(name, found, f"at most {most}", holds=holds))
    commits, wholes = commit.ratios()
    held.append(
        report(
            "decision commits a second / plain sqlite3 FULL commits of the same rows a second",
            commits,
            "at least 0.8",
            holds=statistics.median(commits) >= 0.8,
        )
    )
    report("whole decisions a second / the same baseline", wholes, "", holds=True)
    pulls = hub.pull_ratios()
    held.append(
        report(
            "pull of 10,000 Tasks with validation / bare httpx paging and json.loads, 20 ms a page",
            pulls,
            "at least 0.75",
            holds=statistics.median(pulls) >= 0.75,
        )
    )
    idle = hub.idle_requests()
    most = max(idle.values())
    held.append(most <= 2)
    sys.stdout.write(
        f"requests of an idle pull: {idle}, at most 2 a type: {'ok' if most <= 2 else 'NOT MET'}\n"
    )
    sys.stdout.write(f"creates a second at the sandbox, one client: {hub.creates():.0f}\n")
    sys.stdout.write(f"proposals staged a second: {staging.rate():.0f}\n")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
