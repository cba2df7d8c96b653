"""Parts of resources: `_elements` and `_summary`, on the copies that are served.

A part is tagged SUBSETTED, so that nobody takes it for the resource and writes it back. Elements
that are mandatory or modify the meaning of others are always there. Included resources are
served whole.
Source: FHIR R4 search.html §3.1.1.5.8 (_summary), §3.1.1.5.9 (_elements).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.canonical import RESPONSE, JsonObject, encode, parse_object
from core.fhir.tables import Field, node
from sync.sandbox.outcome import refusal

SUMMARIES = ("count", "data", "text", "false")
SUBSETTED: JsonObject = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}
_ALWAYS = ("resourceType", "id", "meta")


@dataclass(frozen=True, slots=True)
class Subset:
    """The JSON properties to keep, or, where `drops` says so, to leave out."""

    properties: frozenset[str]
    drops: bool = False

    def of(self, body: bytes) -> bytes:
        """Return the part of a stored resource, tagged SUBSETTED."""
        resource = parse_object(body, RESPONSE)
        part = {
            name: value
            for name, value in resource.items()
            if (name.removeprefix("_") in self.properties) is not self.drops
        }
        part["meta"] = _tagged(resource.get("meta") or {})
        return encode(part)


def parse_subset(kind: str, summary: str | None, elements: str | None) -> Subset | None:
    """Return what `_summary` and `_elements` ask for; None is the whole resource."""
    if summary is not None and summary not in SUMMARIES:
        raise refusal(
            400,
            "not-supported" if summary == "true" else "value",
            f"_summary takes one of {', '.join(SUMMARIES)}",
        )
    if elements is not None:
        if summary not in (None, "false", "count"):
            raise refusal(400, "invalid", "_elements and _summary exclude each other")
        return Subset(frozenset({*_kept(kind), *_named(kind, elements)}))
    if summary == "data":
        return Subset(frozenset({"text"}), drops=True)
    if summary == "text":
        return Subset(frozenset({*_kept(kind, modifiers=False), "text"}))
    return None


def _kept(kind: str, *, modifiers: bool = True) -> Iterator[str]:
    yield from _ALWAYS
    for name, field in node(kind).fields.items():
        if field.element.min or (modifiers and field.element.is_modifier):
            yield name


def _named(kind: str, text: str) -> Iterator[str]:
    fields = node(kind).fields
    for wanted in text.split(","):
        found = [name for name, field in fields.items() if _base_name(field) == wanted]
        if not found:
            raise refusal(400, "value", f"_elements takes top-level elements of {kind}")
        yield from found


def _base_name(field: Field) -> str:
    return field.element.path.rpartition(".")[2].removesuffix("[x]")


def _tagged(meta: JsonObject) -> JsonObject:
    tags = meta.get("tag")
    others = [tag for tag in tags if not _is_subsetted(tag)] if isinstance(tags, list) else []
    return {**meta, "tag": [*others, SUBSETTED]}


def _is_subsetted(tag: object) -> bool:
    return isinstance(tag, dict) and all(tag.get(key) == SUBSETTED[key] for key in SUBSETTED)
