"""Copies of the store with a whole story in it, to do harm to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from sync.store.connection import Connection
from tests.builders import Bench
from tests.sync.store.story import copied


@pytest.fixture
def copy(story: Bench, tmp_path: Path) -> Iterator[Callable[[], Connection]]:
    """Make copies of the story's store, closed when the test ends."""
    with ExitStack() as stack:
        count = iter(range(1_000_000))

        def make() -> Connection:
            found = copied(story, tmp_path / f"copy-{next(count)}.db")
            return stack.enter_context(closing(found))

        yield make
