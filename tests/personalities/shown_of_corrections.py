"""How each product lets a wrong write be put right, shown by putting one right."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from core.canonical import parse_object
from core.ledger.event import moment
from core.lifecycle import State
from core.reconcile.steps import ask_correction
from core.reconcile.ways import way_back
from core.records import BY_HAND
from sync.sandbox.personality import play
from tests.fakes import FakeClock
from tests.personalities.deeds import CHART, DEEDS
from tests.personalities.place import Place, opened
from tests.personalities.registry import fact
from tests.personalities.table import typed_in

_PROBLEM = "problem (Condition create)"
_E1 = "fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4/metadata"
_D3 = "fhir.advancedmd.com/faq-s"
_V2 = "developer.veradigm.com/Fhir/ProcessOverview"
_O4 = (
    "github.com/cerner/fhir.cerner.com content/millennium/r4/** and docs.oracle.com/en/industries/"
    "health/millennium-platform-apis/mfrap/op-medicationrequest-id-patch.html, "
    "op-encounter-id-patch.html"
)
_OTHER = {"coding": [{"system": "http://snomed.info/sct", "code": "73211009"}]}


async def written(place: Place) -> str:
    """Return a problem that stands in the chart, by the API or by hand."""
    staged = await place.propose(DEEDS[_PROBLEM])
    id_ = str(staged.proposal.id)
    await through(place, id_)
    return id_


async def through(place: Place, id_: str) -> None:
    """Approve a change and carry it to its end, by hand where the EHR has no API for it."""
    place.approve(id_)
    await place.run()
    if place.change(id_).rung == BY_HAND:
        assert place.change(id_).state == State.READY
        typed_in(place, id_)
        await place.run()
    assert place.change(id_).state == State.VERIFIED


async def overwritten(place: Place, id_: str) -> None:
    """Have somebody else change what was written, and find that."""
    (mine,) = [one for one in place.current("Condition") if one["id"] != "held"]
    place.sandbox.store.put("Condition", str(mine["id"]), {**mine, "code": _OTHER}, "PUT")
    due = place.ledger.recheck(place.change(id_).operation)
    assert due is not None and due.due is not None
    place.clock.time = max(place.clock.time, moment(due.due))
    await place.run(rounds=1)
    assert place.change(id_).state == State.EXCEPTION


async def _put_right(name: str, by: str, source: str) -> None:
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), name, play(name, clock.now), clock, CHART) as place:
            id_ = await written(place)
            await overwritten(place, id_)
            way = way_back(place.ledger, place.change(id_))
            assert (way.by, way.basis.source) == (by, source)
            ask_correction(place.workspace, id_, 0, "somebody changed the code")
            await place.run(rounds=1)
            (asked,) = place.ledger.corrections(id_, 0)
            assert asked.proposed is not None, asked
            row = place.change(asked.proposed)
            assert (row.rung == BY_HAND) == (by == "hand") and row.op == "update"
            await through(place, asked.proposed)
            assert place.change(id_).state == State.CORRECTED
            assert not place.ledger.exceptions(id_, 0)
            (now,) = [one for one in place.current("Condition") if one["id"] != "held"]
            assert now["code"] == parse_object(_encoded(place, id_))["code"]


def _encoded(place: Place, id_: str) -> bytes:
    from core.canonical import encode
    from core.review.content import read_content

    return encode(read_content(place.ledger, place.change(id_)).resource)


async def _raises_the_tier(name: str) -> None:
    """What cannot be undone through the API gets more care before it is written."""
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), name, play(name, clock.now), clock, CHART) as place:
            staged = await place.propose(DEEDS[_PROBLEM])
            assert "not-correctable" in {one["code"] for one in staged.reasons}


for _name, _by, _source in (
    ("epic", "hand", _E1),
    ("advancedmd", "hand", _D3),
    ("veradigm", "hand", _V2),
    ("oracle-health", "api", _O4),
):
    fact(_name, "correction", _source)(partial(_put_right, _name, _by, _source))
for _name, _source in (("epic", _E1), ("advancedmd", _D3), ("veradigm", _V2)):
    fact(_name, "correctable", _source)(partial(_raises_the_tier, _name))
