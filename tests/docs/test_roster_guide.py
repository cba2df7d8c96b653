"""What the guide about the roster shows is valid, works, and is what leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from console.__main__ import main
from core.notice import Kind
from core.notify.deliver import message_of
from core.records import NoticeRow
from core.roster import parse_roster
from sync.keys.ring import generate
from sync.notify.settings import NotifyConfig
from tests.scene import open_scene

GUIDE = (Path(__file__).resolve().parents[2] / "docs/guides/roster.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.M | re.S)


def test_every_command_works_on_the_roster_of_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = [line.split()[2:] for line in blocks("console")[0].splitlines()]
    assert len(commands) == 4
    key = {"kty": "OKP", "crv": "Ed25519", "x": generate().public("checkpoint")}
    with open_scene(tmp_path, monkeypatch) as scene:
        monkeypatch.chdir(scene.folder)
        (scene.folder / "dr-noor.json").write_text(json.dumps(key))
        roster = scene.folder / "roster.toml"
        shown = blocks("toml")[0]
        roster.write_text(f"{roster.read_text()}\n{shown}")
        for command in commands:
            assert main(command) == 0, capsys.readouterr().err
        found = parse_roster(roster.read_text())
        assert found.person("dr-noor").roles == ["physician"]
        assert found.person("dr-kim").shifts[0].zone == "Europe/Berlin"


def test_the_message_is_as_shown() -> None:
    shown = json.loads(blocks("json")[0])
    row = NoticeRow("6f0c…", 1, "", shown["kind"], json.dumps(shown["to"]), shown["deadline"],
                    shown["proposal"], 0)  # fmt: skip
    sent = message_of("north", row)
    assert json.dumps(shown) == json.dumps({**sent, "change": int(sent["change"].text)})
    for kind in Kind.__args__:  # type: ignore[attr-defined]
        assert f"`{kind}`" in GUIDE


def test_both_ways_of_telling_are_valid() -> None:
    assert NotifyConfig(command=["/usr/local/bin/page-on-call"]).kind == "command"
    assert NotifyConfig(webhook="https://pager.example.org/hook").kind == "webhook"
    assert 'command = ["/usr/local/bin/page-on-call"]' in blocks("toml")[1]
