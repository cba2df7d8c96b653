from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import Bench
from tests.core.intake.scenario import ward


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return ward(tmp_path)[0]
