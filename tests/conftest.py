"""Fixtures that every test may use."""

import pytest
from _pytest.terminal import TerminalReporter


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say what did not run, and how it does."""
    if config.getoption("markexpr") == "not long":
        terminalreporter.write_line(
            "What is marked long was left to CI: make test COUNTERSIGN_FULL_SCALE=1 runs it too."
        )
