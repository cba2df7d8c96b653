"""Every snippet of the guides runs, in order, and says what the guide promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def snippets(page: Path) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.M | re.S))


@pytest.mark.parametrize("name", ["first-write.md"])
def test_guide_runs(name: str, tmp_path: Path) -> None:
    script = "set -eu\n" + snippets(ROOT / "docs" / "guides" / name)
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
    assert "1 sent, 1 verified" in done.stdout
    assert "555-0101 → 555-0199" in done.stdout
    assert "reconciliation.recorded change 0" in done.stdout
    assert "ok: " in done.stdout and "compared with the EHR's copy of the head" in done.stdout


def test_every_link_of_the_docs_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} → {target}"
