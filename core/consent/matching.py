"""Whether one provision of a Consent is about what is asked: yes, no, or it cannot be told.

Every criterion that a provision has must be met. Where one cannot be judged the answer is MAYBE: a
denial then counts, a permission does not. Source: FHIR R4 §6.2.7 (Consent.provision).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum

from core.canonical import Json, JsonObject
from core.consent.asked import Asked
from core.consent.period import Unreadable, holds
from core.consent.purposes import covering, is_known, perhaps_covering

_TYPES = "http://hl7.org/fhir/resource-types"
_WRITING = {
    "create": frozenset({"collect", "correct"}),
    "update": frozenset({"correct"}),
}
"""Codes of consentaction that are a write; `use` and `access` come before one and are read."""
_PERSONS = ("Organization/", "Practitioner/", "PractitionerRole/", "CareTeam/", "Group/")


class Match(Enum):
    """Whether a provision applies."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


def applies(provision: JsonObject, asked: Asked) -> Match:
    """Return whether every criterion of a provision is met, its period apart for the root."""
    found = [
        criterion(provision[name], asked) for name, criterion in _CRITERIA if name in provision
    ]
    if Match.NO in found:
        return Match.NO
    return Match.MAYBE if Match.MAYBE in found else Match.YES


def narrows(provision: JsonObject) -> bool:
    """Tell whether a provision names more than a period."""
    return any(name in provision for name, _ in _CRITERIA if name != "period")


def codes(value: Json, where: str) -> list[str]:
    """Return the codes of codings and codeable concepts; raises Unreadable."""
    found = []
    for item in _list(value, where):
        codings = _list(item["coding"], where) if "coding" in item else [item]
        for coding in codings:
            code = coding.get("code")
            if not isinstance(code, str):
                raise Unreadable(where)
            found.append(code)
    return found


def _list(value: Json, where: str) -> list[JsonObject]:
    items = value if isinstance(value, list) else [value]
    objects = [item for item in items if isinstance(item, dict)]
    if not objects or len(objects) != len(items):
        raise Unreadable(where)
    return objects


def _any(found: Iterable[Match]) -> Match:
    matches = list(found)
    for best in (Match.YES, Match.MAYBE):
        if best in matches:
            return best
    return Match.NO


def _period(value: Json, asked: Asked) -> Match:
    return Match.YES if holds(value, asked.at) else Match.NO


def _actor(value: Json, asked: Asked) -> Match:
    return _any(_one_actor(item, asked) for item in _list(value, "actor"))


def _one_actor(actor: JsonObject, asked: Asked) -> Match:
    target = actor.get("reference")
    if not isinstance(target, dict):
        raise Unreadable("actor.reference")
    reference, identifier = target.get("reference"), target.get("identifier")
    if isinstance(identifier, dict) and identifier.get("value") == asked.agent:
        return Match.YES
    if not isinstance(reference, str):
        return Match.MAYBE
    if reference == f"Device/{asked.agent}" or reference in asked.actors:
        return Match.YES
    if reference.startswith(("Patient/", "RelatedPerson/", "Device/")):
        return Match.NO
    known = asked.actors and reference.startswith(_PERSONS)
    return Match.NO if known else Match.MAYBE


def _action(value: Json, asked: Asked) -> Match:
    found = _WRITING[asked.operation].intersection(codes(value, "action"))
    return Match.YES if found else Match.NO


def _purpose(value: Json, asked: Asked) -> Match:
    named = set(codes(value, "purpose"))
    if named & covering(asked.purpose):
        return Match.YES
    # What the table does not place might be about it; then a permission does not count.
    unsure = named & perhaps_covering(asked.purpose) or not all(map(is_known, named))
    return Match.MAYBE if unsure else Match.NO


def _label(value: Json, asked: Asked) -> Match:
    return Match.YES if asked.labels.intersection(codes(value, "securityLabel")) else Match.NO


def _class(value: Json, asked: Asked) -> Match:
    return _any(
        Match.MAYBE
        if item.get("system") != _TYPES
        else Match.YES
        if item.get("code") == asked.type
        else Match.NO
        for item in _list(value, "class")
    )


def _untold(_value: Json, _asked: Asked) -> Match:
    return Match.MAYBE


_CRITERIA: tuple[tuple[str, Callable[[Json, Asked], Match]], ...] = (
    ("period", _period),
    ("actor", _actor),
    ("action", _action),
    ("purpose", _purpose),
    ("securityLabel", _label),
    ("class", _class),
    ("code", _untold),
    ("dataPeriod", _untold),
    ("data", _untold),
)
