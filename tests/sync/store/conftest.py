"""A store with a whole story in it, made once for a file of tests; harm is done to copies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from sync.store.connection import Connection
from tests.builders import Bench
from tests.sync.store.story import copied, live


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("story"))
    asyncio.run(live(bench))
    yield bench
    bench.connection.close()


@pytest.fixture
def copy(story: Bench, tmp_path: Path) -> Iterator[Callable[[], Connection]]:
    """Make copies of the story's store, closed when the test ends."""
    with ExitStack() as stack:
        count = iter(range(1_000_000))

        def make() -> Connection:
            found = copied(story, tmp_path / f"copy-{next(count)}.db")
            return stack.enter_context(closing(found))

        yield make
