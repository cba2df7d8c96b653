"""Every snippet of the agent builder's guide runs, in order, and ends with the agent's answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.forms import FORMS
from core.hub.outcome import QUARANTINED
from core.hub_schema import QUARANTINE_CODES
from tests.scale import in_ci
from tests.tools.make_examples import EXAMPLES, pages

GUIDE = EXAMPLES.parent / "guides" / "agents.md"
TIMEOUT_S = 120


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which all snippets ran."""
    found = tmp_path_factory.mktemp("guide")
    stop = "trap '[ -s sandbox.pid ] && kill \"$(cat sandbox.pid)\" 2>/dev/null || true' EXIT\n"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + stop + "\n".join(blocks("sh"))],
        cwd=found,
        env={**os.environ, "PATH": path, "EXAMPLES": str(EXAMPLES)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    (found / "stdout").write_text(done.stdout)
    return found


@in_ci
def test_the_agent_hears_that_its_change_is_in_the_chart(folder: Path) -> None:
    said = json.loads((folder / "outcome.json").read_text())
    assert (said["state"], said["final"]) == ("verified", True)
    assert [change["state"] for change in said["changes"]] == ["verified"]


@in_ci
def test_what_the_guide_says_on_the_way_is_so(folder: Path) -> None:
    told = (folder / "stdout").read_text()
    assert "not decided yet" in told
    enrolled = json.loads((folder / "enrolled.json").read_text())
    public = json.loads((folder / "agent-signing.public.json").read_text())
    assert enrolled == {"agent": "scribe-1", "kid": public["kid"]}
    assert enrolled["kid"] in told


@in_ci
def test_a_form_is_shown_as_what_it_made(folder: Path) -> None:
    shown = json.loads((folder / "pulse.shown.json").read_text())
    (change,) = shown["changes"]
    assert (change["form"], change["type"]) == ("vital-sign@1", "Observation")
    assert change["resource"]["code"]["coding"][0]["code"] == "8867-4"
    assert "written by the form vital-sign@1" in (folder / "stdout").read_text()
    assert json.loads((folder / "vital-sign.schema.json").read_text())["title"] == "vital-sign@1"


def test_the_guide_names_every_form_and_what_it_makes() -> None:
    rows = re.findall(r"^\| `([a-z-]+@\d+)` \| (\w+) \| (\w+) \|", GUIDE.read_text("utf-8"), re.M)
    assert {name: (op, type_) for name, op, type_ in rows} == {
        name: (form.op, form.makes) for name, form in FORMS.items()
    }


def test_the_answer_in_the_guide_is_the_example() -> None:
    (shown,) = blocks("json")
    assert json.loads(shown) == json.loads(pages()["outcome.json"])


def test_the_guide_explains_every_code_of_a_quarantine() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", GUIDE.read_text("utf-8"), re.M))
    for code, why in QUARANTINE_CODES.items():
        assert rows[code].startswith(why), code
    assert QUARANTINED in GUIDE.read_text("utf-8")
