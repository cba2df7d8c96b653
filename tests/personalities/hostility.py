"""The loop against the hostile server, and an eye of its own on what the chart then holds.

`wrong` looks into the sandbox's store and uses nothing of `core.discrepancy`: what the chart holds
is right where it is what was asked for, once, and nothing of others is lost.
"""

from __future__ import annotations

import asyncio
import functools
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.canonical import JsonObject, parse_object
from sync.sandbox.personality.hostile import Hostile
from tests.builders import CONDITION, NOTE, PATIENT
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART, DEEDS, HELD, VISIT_NOTE, WEIGHT
from tests.personalities.place import Place, opened
from tests.personalities.table import Cell, outcome

TRIED: Mapping[str, tuple[str, str]] = {
    "telephone": ("Patient", "telephone number (Patient update)"),
    "problem": ("Condition", "problem (Condition create)"),
    "weight": ("Observation", "weight (Observation create)"),
    "note": ("DocumentReference", "note (DocumentReference create)"),
}
_WANTED: Mapping[str, dict[str, Any]] = {
    "Condition": CONDITION, "Observation": WEIGHT, "DocumentReference": VISIT_NOTE,
}  # fmt: skip
_BEFORE = {"Condition": HELD["id"], "DocumentReference": NOTE["id"]}
_OUR_OWN = ("id", "meta", "identifier", "text")


@dataclass(frozen=True)
class Tried:
    """One deed under one trick: what the loop said, and what is wrong with the chart."""

    cell: Cell
    wrong: str | None


def wrong(place: Place, kind: str) -> str | None:
    """Return what is wrong with the chart after a deed; None where it is as was asked for."""
    found = place.current(kind)
    if kind == "Patient":
        return _wrong_patient(found)
    new = [one for one in found if one["id"] != _BEFORE.get(kind)]
    if len(new) != 1:
        return f"{len(new)} of it"
    return None if _bare(new[0]) == _bare(_exact(_WANTED[kind])) else "another content"


def _wrong_patient(found: Sequence[JsonObject]) -> str | None:
    telecom = [dict(one) for one in PATIENT["telecom"]]
    telecom[1]["value"] = "555 0199"
    wanted = _bare(_exact({**PATIENT, "telecom": telecom}))
    (held,) = [one for one in found if one["id"] == "example"]
    if "language" in held:
        return None if {**wanted, "language": held["language"]} == _bare(held) else "another's"
    return None if _bare(held) == wanted else "another content"


def _exact(resource: dict[str, Any]) -> JsonObject:
    return parse_object(json.dumps(resource).encode())


def _bare(resource: JsonObject) -> JsonObject:
    return {key: value for key, value in resource.items() if key not in _OUR_OWN}


def overwritten(place: Place) -> bool:
    """Tell whether somebody else's version of the patient came and is lost."""
    store = place.sandbox.store
    bodies = [one.body for one in store.history("Patient", "example", 20, None).matches]
    return any(b'"language"' in body for body in bodies) and b'"language"' not in bodies[0]


@functools.cache
def tried(habit: str) -> Mapping[str, Tried]:
    """Return one trick with every deed, each in a workspace of its own, by deed."""

    async def each() -> Mapping[str, Tried]:
        return {deed: await one(habit, deed) for deed in TRIED}

    return asyncio.run(each())


async def one(habit: str, deed: str) -> Tried:
    """Carry one deed through the loop, its write meeting one trick."""
    clock = FakeClock()
    kind, name = TRIED[deed]
    with tempfile.TemporaryDirectory() as folder:
        manner = Hostile(clock.now, tricks=(habit,))
        async with opened(Path(folder), "sandbox", manner, clock, CHART) as place:
            cell = await outcome(place, DEEDS[name])
            lost = "another's version is lost" if overwritten(place) else None
            return Tried(cell, wrong(place, kind) or lost)
