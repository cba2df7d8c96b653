"""Rosters of a few people, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from core.roster import Roster, parse_roster
from sync.keys.ring import Ed25519Signer, generate

Extra = tuple[str, Sequence[str], str]
"""Id, roles, and what else stands in the person's table."""


@lru_cache(maxsize=16)
def signer(name: str) -> Ed25519Signer:
    return generate().signers["checkpoint"]


def person(name: str, roles: Sequence[str], rest: str = "") -> str:
    key = signer(name)
    listed = ", ".join(f'"{role}"' for role in roles)
    keys = f'keys = [{{ kid = "{key.kid}", x = "{key.x}" }}]'
    return f'\n[[people]]\nid = "{name}"\nroles = [{listed}]\n{keys}\n{rest}\n'


def text(*people: Extra, sites: str = "") -> str:
    return "version = 1\n" + sites + "".join(person(*one) for one in people)


def roster(*people: Extra, sites: str = "") -> Roster:
    return parse_roster(text(*people, sites=sites))


def shift(
    begins: str, ends: str, days: str = "mon tue wed thu fri sat sun", zone: str = "UTC"
) -> str:
    listed = ", ".join(f'"{day}"' for day in days.split())
    return (
        f'[[people.shifts]]\ndays = [{listed}]\nfrom = "{begins}"\nto = "{ends}"\nzone = "{zone}"\n'
    )


def absent(begins: str, ends: str) -> str:
    return f"[[people.absent]]\nfrom = {begins}\nto = {ends}\n"
