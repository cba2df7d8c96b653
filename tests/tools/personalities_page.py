"""The reference page of what works with which personality, from the loop itself."""

from __future__ import annotations

from collections.abc import Iterable

from sync.sandbox.personality.hostile import FLOWS, HABITS
from sync.sandbox.personality.tricks import TRICKS
from tests.personalities.hostility import TRIED, tried
from tests.personalities.table import PLAYED, table

_INTRO = """\
# What works with which EHR

`countersign sandbox --personality NAME` plays an EHR product by its profile (see
[what is known of EHRs](profiles.md) and [the guide](../guides/personalities.md)). Each cell is the
outcome of one change that went through the whole loop in a workspace of that profile: proposed,
approved, sent, read back, compared. The policy is the sample policy with creates that nothing
fences (`unfenced`), because most products offer no conditional one. No product took part: this is
what their own words amount to, and what nobody knows is played in the way that is harder for a
client.

- *verified* is followed by the class of the comparison; *unfenced* means that the create was
  searched for before and after, and that nothing at the EHR itself kept it from standing twice.
- *exception* is followed by its class, and by what it is where it is no difference.
- *by hand*: this EHR has no API write for it, so that a person typed what was approved into its
  screens, and reading found it.
- *denied*: intake let nobody decide it, for these reasons.
- A state and a failure class (see [when a write fails](failures.md)), with the EHR's own number.
"""
_HOSTILE = """\
## hostile

It advertises everything and is not to be trusted with anything. One trick a write; the answer to a
write echoes what was sent, whatever was stored. Nothing that leaves the chart wrong is called
verified; where a trick has nothing to bite on, the write is as it should be.
"""


def personalities_page() -> str:
    """Return the page as Markdown."""
    parts = [_INTRO, "## What works", *_products(), _HOSTILE, _tricks()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _products() -> Iterable[str]:
    found = table()
    lines = _head(["change", *PLAYED])
    lines += [_row([deed, *(row[name].said for name in PLAYED)]) for deed, row in found.items()]
    yield "\n".join(lines)


def _tricks() -> str:
    lines = _head(["trick", "what it does", *TRIED])
    for habit in HABITS:
        words = TRICKS[habit].words if habit in TRICKS else FLOWS[habit]
        cells = (tried(habit)[deed].cell.said for deed in TRIED)
        lines.append(_row([f"`{habit}`", words, *cells]))
    return "\n".join(lines)


def _head(names: list[str]) -> list[str]:
    return [_row(names), "|" + "---|" * len(names)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
