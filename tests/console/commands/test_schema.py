from __future__ import annotations

import json

import pytest

from console.__main__ import main
from core.hub_schema import SCHEMAS


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", name]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMAS[name]()


def test_another_name_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "chart"]) == 2
