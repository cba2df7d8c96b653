"""A bench on a small chart."""

from pathlib import Path

import pytest

from tests.builders import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
