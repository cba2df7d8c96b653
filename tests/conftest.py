"""Fixtures that every test may use, and what is left to CI."""

import pytest
from _pytest.terminal import TerminalReporter

from tests.scale import FULL


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is marked `long` to CI."""
    if FULL:
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in set(long)]


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say that not everything ran."""
    if not FULL:
        terminalreporter.write_line(
            "Tests marked long are left to CI; COUNTERSIGN_FULL_SCALE=1 runs them."
        )
