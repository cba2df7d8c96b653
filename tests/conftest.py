"""Fixtures that every test may use."""

import asyncio
import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import settings

from tests.scale import examples

if TYPE_CHECKING:
    from tests.builders import Bench

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


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Bench"]:
    """Return a store with a whole story in it, for all tests of a process: nobody can write it."""
    # A run of a few tests need not wait for all that this imports.
    from tests.builders import Bench
    from tests.sync.store.story import live

    bench = Bench(tmp_path_factory.mktemp("story"))
    asyncio.run(live(bench))
    bench.connection.execute("PRAGMA query_only = ON")
    yield bench
    bench.connection.close()


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
