"""The guide of the personalities: its snippets run, and it names every personality."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sync.sandbox.personality import NAMES
from sync.sandbox.personality.numbers import ASKED
from tests.docs.shell import GUIDES, run_snippets, snippets

GUIDE = GUIDES / "personalities.md"


def test_the_snippets_run(tmp_path: Path) -> None:
    done = run_snippets(tmp_path, snippets(GUIDE))
    assert "Condition versioned-update create update" in done.stdout
    assert "Patient versioned-update create patch" in done.stdout
    assert 'name = "oracle-health"' in (tmp_path / "ehr" / "profile.toml").read_text("utf-8")


def test_it_names_every_personality() -> None:
    text = GUIDE.read_text("utf-8")
    cells = [line.split("|")[1].strip(" `") for line in text.splitlines() if line.startswith("| `")]
    assert [*cells, "hostile"] == list(NAMES)
    assert all(f"`{name}`" in text.partition("```sh")[0] for name in NAMES)


def test_the_tag_is_the_one_that_is_looked_for() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    assert json.loads(block)["meta"]["tag"][0]["system"] == ASKED
