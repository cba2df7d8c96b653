"""`sandbox --faults`: what people type, what they are told, and that nobody gets it by accident."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from console.__main__ import main
from tests.scale import in_ci

ROOT = Path(__file__).resolve().parents[3]
PLAN = """
[[fault]]
kind = "503"
method = "PUT"
type = "Basic"
nth = 2
seconds = 9
"""


@in_ci
def test_a_server_with_faults_says_so_commits_them_and_counts_them(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "sandbox", "--port", "0", "--no-auth", "--json",
         "--faults", str(plan), "--seed", "7"],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    base = json.loads(process.stdout.readline())["base_url"]
    basic = {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}
    answers = [httpx.put(f"{base}/Basic/b", json=basic) for _ in range(3)]
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert [answer.status_code for answer in answers] == [201, 503, 200]
    assert answers[1].headers["Retry-After"] == "9"
    assert process.returncode == 0
    assert "FAULTS ON PURPOSE: 503 9 s of PUT Basic #2; seed 7\n" in err
    assert err.endswith("faults committed: 1 503\n")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--faults", "lost-reply=0.1"], "is no fault"),
        (["--faults", "plan-that-is-not-there.toml"], "cannot be read"),
        (["--seed", "7"], "--seed: is for --faults"),
    ],
)
def test_a_bad_plan_is_bad_input_before_anything_is_served(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", "--port", "0", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_the_demo_offers_no_faults_and_loads_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--faults", "lost-request=1"]) == 2
    assert "--faults" in capsys.readouterr().err
    script = (
        "import sys\n"
        "from console.bootstrap.demo import open_clinic\n"
        "with open_clinic():\n"
        "    print(sorted(name for name in sys.modules if name.endswith('faults.faulty')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert done.stdout == "[]\n"
