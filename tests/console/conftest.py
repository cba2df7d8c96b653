"""A console over a true store, with a clock that stands and no timers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.console.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def desks(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Desk]:
    return lambda: Desk(tmp_path_factory.mktemp("desk"))
