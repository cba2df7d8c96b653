"""Fixtures that every test may use."""

import gc
from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import settings

from tests.scale import examples

settings.register_profile("scaled", max_examples=examples())
settings.load_profile("scaled")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say what did not run, and how it does."""
    if config.getoption("markexpr") == "not long":
        terminalreporter.write_line(
            "What is marked long was left to CI: make test COUNTERSIGN_FULL_SCALE=1 runs it too."
        )


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Leave the collector to the next test as it was: a command that runs on sets its own."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, or one of four workers ends long after the others."""
    items.sort(key=lambda item: item.get_closest_marker("slowest") is None)


def pytest_collection_finish() -> None:
    """Take what was imported and collected out of the reach of every later collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
