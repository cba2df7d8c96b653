"""`metrics --by label|prediction`: what writes taught of each EHR."""

from __future__ import annotations

from typing import Any

from console.commands.line import narrate
from console.commands.output import print_json, say, table
from core.metrics.ehrs import Counted, EhrReads, counted

LABEL, PREDICTION = "label", "prediction"
TAUGHT = (LABEL, PREDICTION)


def print_taught(reads: EhrReads, by: str, since: int, *, as_json: bool) -> None:
    """Print one line a label, or one a predicted fact and one an element that nobody foretold."""
    if by == LABEL:
        _print(by, counted(reads.label_fates(since=since)), as_json=as_json)
        return
    _print(by, counted(reads.fact_outcomes(since=since)), as_json=as_json)
    unexpected = counted(reads.unexpected(since=since))
    if unexpected and not as_json:
        narrate("not expected, by class:")
    _print("unexpected", unexpected, as_json=as_json)


def label_words(one: Counted) -> str:
    """Return `security of Condition: kept 3 of 4`."""
    unseen = one.times("unseen")
    more = f", {unseen} not found right after" if unseen else ""
    return f"{one.name} of {one.type}: kept {one.times('kept')} of {one.of}{more}"


def _print(by: str, found: list[Counted], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            told: dict[str, Any] = {"by": by, **one.as_json()}
            print_json(told)
    elif found:
        rows = [(one.ehr, one.type, one.name, str(one.of), _outcomes(one)) for one in found]
        table(rows, ("EHR", "TYPE", by.upper(), "OF", "HOW IT ENDED"))


def _outcomes(one: Counted) -> str:
    return ", ".join(f"{name.replace('-', ' ')} {count}" for name, count in one.outcomes)


def say_unconfirmed(since: str | None) -> None:
    """Say since when an EHR does not confirm our Provenance; nothing where it does."""
    if since is not None:
        say(f"label provenance: NOT CONFIRMED by this EHR since {since}; it is asked again at each "
            "look")  # fmt: skip
