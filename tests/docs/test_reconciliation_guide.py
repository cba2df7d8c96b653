"""The guide on reading back runs as it is written, after the first guide's write."""

from pathlib import Path

from tests.docs.shell import GUIDES, run_snippets, snippets
from tests.scale import in_ci, slowest


@slowest
@in_ci
def test_the_guide_runs(tmp_path: Path) -> None:
    made, _, _ = snippets(GUIDES / "first-write.md").partition('kill "$(cat sandbox.pid)"')
    guide = snippets(GUIDES / "reconciliation.md")
    done = run_snippets(tmp_path, f'{made}\n{guide}\nkill "$(cat sandbox.pid)"\n')
    assert "examined 1 of 1 writes" in done.stdout
    assert '"outcome":"same"' in done.stdout
    assert "reconciliation: 0 open" in done.stderr
