"""Every snippet of the guides runs, in order, and says what the guide promises."""

import re
from pathlib import Path

import pytest

from tests.docs.shell import GUIDES, ROOT, run_snippets, snippets
from tests.scale import slowest


@slowest
@pytest.mark.parametrize("name", ["first-write.md"])
def test_guide_runs(name: str, tmp_path: Path) -> None:
    done = run_snippets(tmp_path, snippets(GUIDES / name))
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
