"""What this console keeps of a chart, for the proposals that rest on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.beside.medication import references

if TYPE_CHECKING:
    from core.view import ProposalView


def rests_on(view: ProposalView) -> list[str]:
    """Return the references that a proposal rests on, each once.

    Its patient, targets and sources, and the chart around its medicines.
    """
    found = [view.row.patient, *(change.row.target for change in view.changes)]
    found += [str(item.get("source")) for item in view.evidence]
    for change in view.changes:
        beside = {} if change.content is None else change.content.beside
        found += references(beside.get("medication"))
    return list(dict.fromkeys(reference for reference in found if reference))
