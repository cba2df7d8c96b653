"""The guide on urgent changes runs as it is written, in a workspace as the first guide makes it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.test_guides import ROOT, snippets


def test_the_guide_runs(tmp_path: Path) -> None:
    guides = ROOT / "docs" / "guides"
    made, _, _ = snippets(guides / "first-write.md").partition("cat > proposal.json")
    script = f'set -eu\n{made}\n{snippets(guides / "by-hand.md")}\nkill "$(cat sandbox.pid)"\n'
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "NOT in the chart, pending-human-review" in done.stdout
    assert "change  Patient.telecom[1].value: 555-0101 → 555-0199" in done.stdout
    assert "it was entered by hand already" in done.stdout
    assert '"category":"misrouted-communication"' in done.stdout
    assert "\nclosed " in done.stdout
