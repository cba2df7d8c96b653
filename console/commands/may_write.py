"""How the answer to "may we write?" is printed, and what an EHR was seen to do beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.commands.output import say, table
from core.profile.observed import Observed
from core.profile.writes import Answer, Told


def told_json(told: Told) -> dict[str, Any]:
    """Return what one axis says, with its source, day and grade."""
    basis = told.basis
    return {
        "axis": told.axis,
        "says": told.says,
        "source": basis.source,
        "second_hand": basis.second_hand,
        "captured_on": None if basis.captured_on is None else str(basis.captured_on),
        "grade": basis.grade,
        "words": basis.words,
    }


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return `may_write`, the axis that refuses, and every axis."""
    refusing = answer.refusing
    return {
        "may_write": answer.says,
        "refused_by": None if refusing is None else refusing.axis,
        "axes": [told_json(one) for one in answer.told],
    }


def refusal_words(answer: Answer | None) -> str:
    """Return which axis refuses and who says so, on one line; empty where none does."""
    refusing = None if answer is None else answer.refusing
    if refusing is None:
        return ""
    basis = refusing.basis
    day = "" if basis.captured_on is None else f", {basis.captured_on}"
    return f"{refusing.axis}: {basis.source}{day}, {basis.grade}"


def print_observed(seen: Sequence[Observed]) -> None:
    """Print what an EHR was seen to do with our writes; nothing where nothing was sent."""
    rows = [
        [one.type, one.op, str(one.taken), _counts(one.refusals), _counts(one.rungs),
         _counts(one.classes), one.last[:10]]
        for one in seen
    ]  # fmt: skip
    if rows:
        say("observed, in writes of this workspace")
        table(rows, ["TYPE", "WRITE", "TAKEN", "REFUSED", "RUNG", "RECONCILED", "LAST"])


def _counts(found: Any) -> str:
    return ", ".join(f"{count} {name}" for name, count in (found or {}).items()) or "—"
