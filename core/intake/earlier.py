"""The value before: what a rule compares a change with ("at most ten times the last dose").

An update is compared with its base. A create is compared with the newest resource of the same code
in the patient's chart, which is searched for only where a rule about its type asks; drafts and
withdrawn ones are no predecessors. Source: design §7 (typed conditions on values).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from core.canonical import JsonObject
from core.errors import CountersignError, Unreachable
from core.grounding import belongs_to, source_facts
from core.policy import Policy
from core.policy.moments import earliest
from core.ports import Ehr, Fetched

Earlier: TypeAlias = tuple[JsonObject, ...] | None
"""The newest of the same code (several of one moment), none surely, or None: not known."""

_STANDING = {
    "Observation": frozenset({"final", "amended", "corrected"}),
    "MedicationRequest": frozenset({"active"}),
    "MedicationStatement": frozenset({"active"}),
}
_DEAD = frozenset(
    {"entered-in-error", "draft", "cancelled", "stopped", "unknown", "revoked", "not-done"}
)
_CODED = ("code", "medicationCodeableConcept", "vaccineCode")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What makes two resources be of the same code: a token search and the codings themselves."""

    parameter: str
    value: str
    codes: frozenset[tuple[str, str]]
    reference: str = ""


async def earlier(ehr: Ehr, policy: Policy, patient: str, resource: JsonObject) -> Earlier:
    """Return what stood before a create; None where no rule asks, or nobody can tell.

    `patient` is `Patient/id`, `resource` the intended one. Raises Unreachable; an EHR that does
    not take the search, or answers with less than the whole, leaves it unknown.
    """
    type_ = str(resource.get("resourceType"))
    meaning = _meaning(resource)
    if meaning is None or not policy.asks_earlier(type_):
        return None
    try:
        found = await ehr.search(type_, {"patient": patient, meaning.parameter: meaning.value})
    except Unreachable:
        raise
    except CountersignError:
        return None
    same = [item for item in found if _is_same(meaning, item.resource)]
    if any(item.redacted for item in same):
        return None
    # Servers may ignore a parameter that they do not know.
    ours = [item for item in same if belongs_to(item.resource, patient, base=ehr.base_url)]
    return _newest([item for item in ours if _stands(type_, item.resource)])


async def earlier_or_unknown(
    ehr: Ehr, policy: Policy, patient: str, resource: JsonObject
) -> Earlier:
    """Return what `earlier` returns, or None where the EHR cannot be reached."""
    try:
        return await earlier(ehr, policy, patient, resource)
    except Unreachable:
        return None


def keeps_meaning(before: JsonObject, after: JsonObject) -> bool:
    """Return whether two creates would be compared with the same resources of the chart."""
    if before.get("resourceType") != after.get("resourceType"):
        return False
    return _meaning(before) == _meaning(after)


def _meaning(resource: JsonObject) -> _Meaning | None:
    codes = frozenset(_codings(resource))
    if codes:
        tokens = sorted(f"{_escaped(system)}|{_escaped(code)}" for system, code in codes)
        return _Meaning("code", ",".join(tokens), codes)
    held = resource.get("medicationReference")
    reference = held.get("reference") if isinstance(held, dict) else None
    if isinstance(reference, str) and not reference.startswith("#"):
        return _Meaning("medication", reference, frozenset(), reference)
    return None


def _is_same(meaning: _Meaning, resource: JsonObject) -> bool:
    if meaning.reference:
        held = resource.get("medicationReference")
        return isinstance(held, dict) and held.get("reference") == meaning.reference
    return not meaning.codes.isdisjoint(_codings(resource))


def _codings(resource: JsonObject) -> Iterator[tuple[str, str]]:
    for element in _CODED:
        concept = resource.get(element)
        codings: Any = concept.get("coding") if isinstance(concept, dict) else None
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                system = coding.get("system")
                if isinstance(system, str):
                    yield system, coding["code"]


def _escaped(text: str) -> str:
    """Return a search value in which FHIR's own separators are escaped (R4 search, Escaping)."""
    for mark in ("\\", ",", "|", "$"):
        text = text.replace(mark, f"\\{mark}")
    return text


def _stands(type_: str, resource: JsonObject) -> bool:
    status = resource.get("status")
    standing = _STANDING.get(type_)
    return status in standing if standing is not None else status not in _DEAD


def _newest(found: Sequence[Fetched]) -> Earlier:
    dated = [(earliest(source_facts(item.resource).date), item.resource) for item in found]
    if any(moment is None for moment, _ in dated):
        return None
    last = max((moment or _LONG_AGO for moment, _ in dated), default=None)
    return tuple(resource for moment, resource in dated if moment == last)
