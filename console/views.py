"""Which changes the queue shows: everybody's, your roles', yours, or a view that was kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.errors import BadInput, CountersignError
from core.queue import Filter, View, parse_filter

if TYPE_CHECKING:
    from console.session import Session

BASES = {
    "all": "everybody's",
    "role": "my roles'",
    "mine": "mine to decide",
}
"""The views that are always there, with what the title says of each."""


MAX_NAME = 40


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose to see; `base` is one of BASES, `name` that of a kept view or ''."""

    base: str = "all"
    all_open: bool = False
    filter: Filter = field(default_factory=Filter)
    name: str = ""

    @property
    def words(self) -> str:
        """What the title says of it; nothing of the plain queue."""
        if self.name:
            return self.name
        return "" if self.base == "all" else BASES[self.base]


def view_of(session: Session, chosen: Chosen) -> View:
    """Return what is asked of the store; a reviewer who is not in the roster holds no role."""
    if chosen.base == "all":
        return View(chosen.all_open, filter=chosen.filter)
    roles = my_roles(session)
    voter = session.reviewer if chosen.base == "mine" else None
    return View(chosen.all_open, roles, voter, chosen.filter)


def my_roles(session: Session) -> frozenset[str]:
    """Return the roles of who sits here."""
    from core.workspace import roster_in_force

    try:
        return frozenset(roster_in_force(session.ledger).person(session.reviewer).roles)
    except CountersignError:
        return frozenset()


def choices(session: Session) -> list[Chosen]:
    """Return the views in the order in which a key goes through them; kept ones come last."""
    found = [Chosen(base) for base in BASES]
    for name, base, text in session.ledger.saved_views():
        try:
            found.append(Chosen(base if base in BASES else "all", filter=parse_filter(text),
                                name=name))  # fmt: skip
        except BadInput:
            continue
    return found


def following(session: Session, chosen: Chosen) -> Chosen:
    """Return the view after this one; whether all open states are shown stays."""
    every = choices(session)
    place = next(
        (number for number, one in enumerate(every)
         if (one.name, one.base) == (chosen.name, chosen.base)), -1,
    )  # fmt: skip
    return replace(every[(place + 1) % len(every)], all_open=chosen.all_open)


def keep(session: Session, chosen: Chosen, name: str) -> None:
    """Keep a filter under a name; BadInput for a name that is none, or one that is taken."""
    if not name.strip() or len(name) > MAX_NAME:
        raise BadInput(f"is not 1 to {MAX_NAME} characters long", field="name")
    if name in BASES:
        raise BadInput("is the name of a view that is always there", field="name")
    session.ledger.save_view(name, chosen.base, chosen.filter.text)
