"""What shifts, absences, sites and deputies of a roster may not say.

Source: design §8; every refusal names the field and the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from core.duty.shifts import zone_of
from core.errors import BadInput

if TYPE_CHECKING:
    from core.roster import Person, Roster


def check_duty(roster: Roster) -> None:
    """Raise BadInput for the first contradiction among sites, shifts, absences and deputies."""
    sites = [site.id for site in roster.sites]
    if len(set(sites)) != len(sites):
        raise BadInput("two sites share an id", field="roster.sites", remedy="Rename one")
    known = {person.id: person for person in roster.people}
    for index, person in enumerate(roster.people):
        field = f"roster.people.{index}"
        for name in person.sites:
            if name not in sites:
                raise BadInput(
                    f"the roster has no site {name}",
                    field=f"{field}.sites",
                    remedy="Add a table [[sites]] or correct the spelling",
                )
        _check_shifts(person, field)
        _check_absent(person, field)
        _check_deputies(person, known, f"{field}.deputies")
    _check_circles(known)


def check_zones(roster: Roster) -> None:
    """Raise BadInput for a time zone that this machine does not know.

    Only a roster that is being adopted is asked: one in force must stay readable everywhere.
    """
    for index, person in enumerate(roster.people):
        for place, shift in enumerate(person.shifts):
            if zone_of(shift.zone) is None:
                raise BadInput(
                    f"no time zone {shift.zone} is known here",
                    field=f"roster.people.{index}.shifts.{place}.zone",
                    remedy="Write an IANA name such as Europe/Berlin, or an offset such as +01:00",
                )


def _check_shifts(person: Person, field: str) -> None:
    for place, shift in enumerate(person.shifts):
        if shift.begins == shift.ends:
            raise BadInput(
                "a shift that ends when it begins",
                field=f"{field}.shifts.{place}.to",
                remedy='For a whole day write from = "00:00" and to = "24:00"',
            )


def _check_absent(person: Person, field: str) -> None:
    for place, one in enumerate(person.absent):
        if one.ends <= one.begins:
            raise BadInput(
                "an absence that ends before it begins",
                field=f"{field}.absent.{place}.to",
                remedy="Write a later time",
            )
    ordered = sorted(person.absent, key=lambda one: one.begins)
    for earlier, later in pairwise(ordered):
        if later.begins < earlier.ends:
            raise BadInput(
                "two absences overlap",
                field=f"{field}.absent",
                remedy="Make one of them, from the first day to the last",
            )


def _check_deputies(person: Person, known: Mapping[str, Person], field: str) -> None:
    if len(set(person.deputies)) != len(person.deputies):
        raise BadInput("a deputy stands twice", field=field, remedy="Keep one of them")
    for name in person.deputies:
        if name == person.id:
            raise BadInput(
                f"{name} cannot be their own deputy", field=field, remedy="Name a colleague"
            )
        deputy = known.get(name)
        if deputy is None:
            raise BadInput(
                f"{name} is not in the roster", field=field, remedy="Name somebody listed in it"
            )
        if not set(deputy.roles) & set(person.roles):
            raise BadInput(
                f"{name} holds none of the roles of {person.id}, and standing in gives none",
                field=field,
                remedy="Name a colleague who shares a role",
            )


def _check_circles(known: Mapping[str, Person]) -> None:
    done: set[str] = set()
    for start in known:
        path: list[str] = []
        if _leads_back(start, known, path, done):
            raise BadInput(
                f"deputies go round in a circle: {' → '.join(path)}",
                field="roster.people",
                remedy="Let one of them have another deputy or none",
            )


def _leads_back(name: str, known: Mapping[str, Person], path: list[str], done: set[str]) -> bool:
    if name in path:
        del path[: path.index(name)]
        path.append(name)
        return True
    if name in done:
        return False
    path.append(name)
    if any(_leads_back(deputy, known, path, done) for deputy in known[name].deputies):
        return True
    path.pop()
    done.add(name)
    return False
