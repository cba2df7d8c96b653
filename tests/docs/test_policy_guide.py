"""The policy guide runs from top to bottom, and says what it promises."""

from pathlib import Path

from tests.docs.shell import GUIDES, run_snippets, snippets
from tests.scale import in_ci


@in_ci
def test_the_policy_guide_runs(tmp_path: Path) -> None:
    done = run_snippets(tmp_path, snippets(GUIDES / "policy.md"))
    assert "Sample policy: valid, 4 allow and 1 forbid" in done.stdout
    assert "6 cases, 0 failed; 5 rules, 0 that no case decides by" in done.stdout
    assert "+ forbid no-names" in done.stdout
    assert "0 changes examined" in done.stdout
    assert "policy 2 is in force" in done.stdout
    assert "no policy waits for a second owner" in done.stdout
    assert "new.toml:" in done.stderr and "the roster has 1: it is disabled" in done.stderr
