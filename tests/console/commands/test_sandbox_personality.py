"""`sandbox --personality`: what people type, what they are told, and nobody gets it unasked."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from console.__main__ import main
from console.bootstrap.sandboxing import manner_of, personalities
from sync.sandbox.manner import PLAIN

ROOT = Path(__file__).resolve().parents[3]
ISSUE = (
    "epic", "athenahealth", "eclinicalworks", "advancedmd", "veradigm", "oracle-health", "hostile",
)  # fmt: skip


def test_a_personality_says_who_it_is_and_behaves_so() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "sandbox", "--port", "0", "--no-auth", "--json",
         "--personality", "oracle-health"],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    base = json.loads(process.stdout.readline())["base_url"]
    statement = httpx.get(f"{base}/metadata").json()
    basic = httpx.put(f"{base}/Basic/b", json={"resourceType": "Basic", "id": "b"})
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in err
    assert "PERSONALITY oracle-health: Not the product" in err
    assert statement["software"]["name"] == "oracle-health, as the sandbox plays it"
    assert basic.status_code == 404


def test_help_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(personalities()) == {*ISSUE, "athenahealth-preview"}
    with pytest.raises(SystemExit):
        main(["sandbox", "--help"])
    said = capsys.readouterr().out
    assert all(name in said for name in ISSUE)


def test_an_unknown_one_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--port", "0", "--personality", "nobody"]) == 2
    assert "epic" in capsys.readouterr().err


def test_without_the_argument_the_sandbox_is_itself() -> None:
    assert manner_of(None) is PLAIN
    assert manner_of("hostile", 7).name == "hostile"
