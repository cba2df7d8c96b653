"""The shell snippets of a guide, run as a reader would paste them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "guides"


_STOP = "trap '[ -s sandbox.pid ] && kill \"$(cat sandbox.pid)\" 2>/dev/null || true' EXIT\n"
"""What a guide starts ends with it, also where a line of it fails."""


def snippets(page: Path) -> str:
    """Return every `sh` block of a page, in order."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.M | re.S))


def run_snippets(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in `folder` with this environment's programs first; it must end well."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"set -eu\n{_STOP}{script}"],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done
