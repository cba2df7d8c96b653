"""What a screen says of a change that is needed by a time, and of entering one by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from textual.content import Content

from console.commands.output import value_text
from console.presenters.queue import what
from console.presenters.texts import foreign, hour, joined, own, span
from core.gateway.urgent import UNDECIDED, UNSENT
from core.needed import due
from core.records import ChangeRow, ProposalRow
from core.review.byhand import Line, Sheet

KNOWN_FREEZE = "I know that a freeze is in force for this"


def needed_text(
    proposal: ProposalRow, row: ChangeRow, now: datetime, zone: tzinfo | None
) -> Content | None:
    """Return `due in 12m`, loud near its end; None where nobody waits for it."""
    times = due(row, proposal)
    if times is None or row.state not in (*UNDECIDED, *UNSENT):
        return None
    if now >= times.needed:
        late = f" LATE, needed by {hour(times.needed, zone)}: NOT in the chart "
        return own(late, "bold reverse $error")
    left = f" due in {span(times.needed, now)}"
    return own(f" ALERT{left} ", "bold reverse $error") if now >= times.alert else own(left)


def sheet_parts(found: Sheet, patient: str) -> Iterator[Content]:
    """Yield everything to type at the EHR, and what is said by confirming."""
    row = found.change
    yield own(" BY HAND ", "bold reverse")
    yield foreign(patient, "bold")
    target = row.target or f"a new {row.type}"
    yield joined(foreign(what(row), "bold"), " in ", foreign(row.ehr), ", ", foreign(target))
    if found.frozen is not None:
        yield own(f" FROZEN by {found.frozen.by} ", "bold reverse $error")
    if found.no_api is not None:
        yield joined(own("no API write: ", "bold"), foreign(found.no_api))
    for line in found.lines:
        yield _line(line)
    yield own("Type exactly this at the EHR first. Confirming says, signed, that you did;")
    yield own("it is never sent from here then, and the chart is read to find it.")


def _line(line: Line) -> Content:
    if line.effect == "removed":
        return joined("remove  ", foreign(f"{line.path}: {value_text(line.before)}"))
    if line.effect == "changed":
        before, after = value_text(line.before), value_text(line.after)
        return joined("change  ", foreign(f"{line.path}: {before} → "), foreign(after, "bold"))
    return joined("enter   ", foreign(f"{line.path}: "), foreign(value_text(line.after), "bold"))
