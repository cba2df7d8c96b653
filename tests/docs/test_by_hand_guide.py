"""The guide on urgent changes runs as it is written, in a workspace as the first guide makes it."""

from pathlib import Path

from tests.docs.shell import GUIDES, run_snippets, snippets
from tests.scale import in_ci, slowest


@slowest
@in_ci
def test_the_guide_runs(tmp_path: Path) -> None:
    made, _, _ = snippets(GUIDES / "first-write.md").partition("cat > proposal.json")
    by_hand = snippets(GUIDES / "by-hand.md")
    done = run_snippets(tmp_path, f'{made}\n{by_hand}\nkill "$(cat sandbox.pid)"\n')
    assert "NOT in the chart, pending-human-review" in done.stdout
    assert "change  Patient.telecom[1].value: 555-0101 → 555-0199" in done.stdout
    assert "it was entered by hand already" in done.stdout
    assert '"category":"misrouted-communication"' in done.stdout
    assert "\nclosed " in done.stdout
