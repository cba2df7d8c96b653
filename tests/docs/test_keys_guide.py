"""The commands of the guide about keys, as it gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.__main__ import main
from tests.scene import open_scene

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/keys.md"


def test_every_command_of_the_guide_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = GUIDE.read_text().splitlines()
    commands = [line.split()[2:] for line in lines if line.startswith("$ countersign ")]
    assert commands == [["login"], ["status"], ["logout"]]
    with open_scene(tmp_path, monkeypatch):
        for command in commands:
            assert main(command) == 0
            capsys.readouterr()
        assert main(["status", "--json"]) == 0
        planes = json.loads(capsys.readouterr().out)["credentials"]["planes"]
        assert len(planes) == 4 and all(plane["tokens"] == [] for plane in planes)
