"""`policy preset` lists what there is and prints a document that `policy check` takes."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

import pytest

from console.commands import policy_preset
from core.policy import parse_policy
from core.policy.presets import PRESETS


def _run(capsys: pytest.CaptureFixture[str], **given: Any) -> str:
    arguments = {"name": None, "ehr": "north", "json": False, **given}
    assert policy_preset.run(Namespace(**arguments)) == 0
    return capsys.readouterr().out


def test_without_a_name_it_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.partition(":")[0] for line in _run(capsys).splitlines()] == list(PRESETS)
    listed = [json.loads(line) for line in _run(capsys, json=True).splitlines()]
    assert [item["name"] for item in listed] == list(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_what_it_prints_is_a_valid_document(capsys: pytest.CaptureFixture[str], name: str) -> None:
    printed = _run(capsys, name=name)

    assert parse_policy(printed).name
    assert json.loads(_run(capsys, name=name, json=True))["document"] == printed
