"""Fetching the sources that an agent quotes and finding the quotes in them.

Source: design §5 (grounding), hub-protocol §8. Each source is read once, at the version the agent
names, with the read credential; a source of another patient is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.beside.newer import newer
from core.canonical import JsonObject, exact
from core.errors import BadInput, Refused, Unreachable
from core.grounding import belongs_to, ground, source_facts
from core.intake.sensitive import groups_of
from core.ports import Ehr, Fetched
from core.proposal import Evidence, Proposal


async def gather(ehr: Ehr, proposal: Proposal) -> list[JsonObject]:
    """Return each quote with its grounding, hits and source facts, in the proposal's order.

    Members: `source, version, quote, supports, grounding, hits, facts, newer` and, where it was
    read, `labels` (groups of sensitive labels). Raises BadInput for a source of another patient.
    """
    fetched: dict[tuple[str, str | None], Fetched | None] = {}
    later: dict[tuple[str, str | None], JsonObject | None] = {}
    found: list[JsonObject] = []
    for place, quote in enumerate(proposal.evidence):
        key = (quote.source, quote.version)
        if key not in fetched:
            fetched[key] = await _fetch(ehr, *key)
        item = _grounded(proposal, quote, fetched[key], place, ehr.base_url)
        if key not in later:
            later[key] = await _newer(ehr, proposal.patient, key, fetched)
        found.append({**item, "newer": later[key]})
    return found


def badges(evidence: Sequence[JsonObject]) -> tuple[Any, ...]:
    """Return the grounding badges."""
    return tuple(item["grounding"] for item in evidence)


async def _newer(
    ehr: Ehr,
    patient: str,
    key: tuple[str, str | None],
    fetched: dict[tuple[str, str | None], Fetched | None],
) -> JsonObject | None:
    """Return what became of a source since; None where it could not be read at all."""
    source, now = fetched[key], (key[0], None)
    if source is None:
        return None
    if now not in fetched:
        fetched[now] = await _fetch(ehr, *now)
    return await newer(ehr, patient, source, fetched[now])


async def _fetch(ehr: Ehr, source: str, version: str | None) -> Fetched | None:
    try:
        return await ehr.read(source, version)
    except (Unreachable, Refused):
        return None


def _grounded(
    proposal: Proposal, quote: Evidence, source: Fetched | None, place: int, base_url: str
) -> JsonObject:
    known: JsonObject = {
        "source": quote.source,
        "version": quote.version if source is None else source.version,
        "quote": quote.quote,
        "supports": [exact(index) for index in quote.supports],
    }
    if source is None:
        return {**known, "grounding": "unavailable", "hits": [], "facts": None}
    if not belongs_to(source.resource, proposal.patient, base=base_url):
        raise BadInput(
            "does not belong to the proposal's patient",
            field=f"evidence[{place}].source",
            remedy="Quote only the chart of the patient that the proposal is about",
        )
    grounding = ground(quote.quote, source.resource)
    return {
        **known,
        "grounding": grounding.badge,
        "hits": [exact(asdict(hit)) for hit in grounding.hits],
        "facts": exact(asdict(source_facts(source.resource))),
        "labels": sorted(groups_of(source.resource)),
    }
