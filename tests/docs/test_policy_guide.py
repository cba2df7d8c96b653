"""The policy guide runs from top to bottom, and says what it promises."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.test_guides import ROOT, snippets


def test_the_policy_guide_runs(tmp_path: Path) -> None:
    script = "set -eu\n" + snippets(ROOT / "docs" / "guides" / "policy.md")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Sample policy: valid, 4 allow and 1 forbid" in done.stdout
    assert "6 cases, 0 failed; 5 rules, 0 that no case decides by" in done.stdout
    assert "+ forbid no-names" in done.stdout
    assert "0 changes examined" in done.stdout
    assert "policy 2 is in force" in done.stdout
    assert "no policy waits for a second owner" in done.stdout
    assert "new.toml:" in done.stderr and "the roster has 1: it is disabled" in done.stderr
