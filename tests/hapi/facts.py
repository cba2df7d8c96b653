"""What HAPI does otherwise than tests/server asks: measured, listed, and looked at in every run.

A pytest plugin (`-p tests.hapi.facts`). A listed test may fail, and is reported as such; but as
many of each as facts.toml says must fail, and nothing else: a fact that changed ends the run with
an error, for better or worse.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

FACTS = Path(__file__).with_name("facts.toml")
PREFIX = "tests/server/"


class Facts:
    """The listed tests of one run, and how many of each failed."""

    def __init__(self, listed: dict[str, dict[str, Any]]) -> None:
        self.listed = listed
        self.collected: set[str] = set()
        self.failed: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Let the listed tests fail."""
        for item in items:
            name = base_name(item.nodeid)
            if name in self.listed:
                self.collected.add(name)
                item.add_marker(pytest.mark.xfail(reason=self.listed[name]["why"], strict=False))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the listed tests that failed."""
        name = base_name(report.nodeid)
        if name in self.listed and hasattr(report, "wasxfail") and report.skipped:
            self.failed[name] += 1

    def wrong(self) -> list[str]:
        """Return each fact that this run did not bear out."""
        found = {name: self.failed[name] for name in sorted(self.collected)}
        return [
            f"{name}: {failed} failed, {self.listed[name]['fails']} are on record"
            for name, failed in found.items()
            if failed != self.listed[name]["fails"]
        ]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End with an error where a fact has changed."""
        if self.wrong() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what changed."""
        for line in self.wrong():
            terminalreporter.write_line(f"FACT CHANGED {line}", red=True)


def base_name(nodeid: str) -> str:
    """Return `file::test` of a test, without its parameters."""
    return nodeid.removeprefix(PREFIX).partition("[")[0]


def read() -> dict[str, dict[str, Any]]:
    """Return the facts on record."""
    found: dict[str, dict[str, Any]] = tomllib.loads(FACTS.read_text(encoding="utf-8"))["facts"]
    return found


def pytest_configure(config: pytest.Config) -> None:
    """Put the facts to work."""
    config.pluginmanager.register(Facts(read()), "hapi-facts")
