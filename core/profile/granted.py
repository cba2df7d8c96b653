"""What the token endpoint last said of the scope of a write, on the axis *scope*.

Known from asking: `doctor`, and the gateway where a token is refused. Never asked, or asked before
the profile in force was adopted, is unknown. Source: docs/adr/0038.
"""

from __future__ import annotations

from datetime import date

from core.canonical import exact
from core.ledger.event import About, Actor, Event
from core.ledger.scope_events import ANSWERED, GRANTED, kind_of
from core.ports import Reads
from core.profile.facts import Basis
from core.profile.profile import Says
from core.profile.writes import Told
from core.workspace import Workspace

UNASKED = Told("scope", "unknown", Basis("its token endpoint was not asked", None, "unknown"))
SOURCE = "what its token endpoint answered here"


def granted_before(reads: Reads, ehr: str, type_: str, op: str) -> Told:
    """Return what is known; unknown where nothing is, or a person looked at the profile since."""
    row = reads.config(kind_of(ehr, type_, op))
    if row is None:
        return UNASKED
    adopted = reads.config(f"profile.{ehr}")
    if adopted is not None and adopted.seq > row.seq:
        return UNASKED
    said: Says = "yes" if row.document == GRANTED else "no"
    return Told("scope", said, Basis(SOURCE, date.fromisoformat(row.at[:10]), "measured"))


def remember(
    workspace: Workspace, actor: Actor, ehr: str, type_: str, op: str, *, granted: bool
) -> None:
    """Record what the token endpoint answered, where that is news."""
    said: Says = "yes" if granted else "no"
    with workspace.ledger.transaction() as transaction:
        if granted_before(transaction, ehr, type_, op).says == said:
            return
        before = transaction.config(kind_of(ehr, type_, op))
        number = 1 if before is None else before.number + 1
        transaction.append(
            Event(
                ANSWERED,
                actor,
                About(ehr=ehr),
                data={"type": type_, "op": op, "granted": granted, "number": exact(number)},
            )
        )
