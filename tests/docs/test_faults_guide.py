"""The guide of the faults: its snippet runs, its plans are plans, its table is complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from sync.sandbox.faults.file import load_plan
from sync.sandbox.faults.plan import KINDS

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "faults.md"


def test_the_snippet_runs(tmp_path: Path) -> None:
    (script,) = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "set -eu\n" + script + 'wait "$(cat faulty.pid)"\n'],
        cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "10% lost-request" in done.stdout and "412 of PUT Basic #2; seed 7" in done.stdout
    assert "faults committed: none" in (tmp_path / "faulty.log").read_text()


def test_the_file_is_a_plan(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    path = tmp_path / "plan.toml"
    path.write_text(text)
    assert load_plan(path).told() == "20% lost-response, 412 of PUT Condition #3,5; seed 7"


def test_the_table_names_every_fault_once() -> None:
    table = GUIDE.read_text("utf-8").partition("## The faults")[2]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`([^`]+)`", " ".join(cells))) == sorted(KINDS)
