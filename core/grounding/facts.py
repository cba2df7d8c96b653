"""What a reviewer is told of a source: what it is, when, by whom, and whether a machine wrote it.

Source: hub-protocol §8 (source author, date, status and AI label shown; a source written by an
agent or the patient is marked); design §5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.canonical import Json, JsonObject
from core.grounding.references import contained, objects, string

AI_LABEL = "AIAST"

# Best first: when the observed thing was so, then when it was written, then when it was stored.
_DATE_KEYS = (
    "effectiveDateTime", "effectiveInstant", "effectivePeriod", "performedDateTime",
    "performedPeriod", "occurrenceDateTime", "occurrencePeriod", "authoredOn", "authored", "date",
    "recordedDate", "dateAsserted", "onsetDateTime", "sent", "received", "created", "issued",
    "period", "recorded",
)  # fmt: skip
_AUTHOR_KEYS = (
    "author", "performer", "recorder", "asserter", "sender", "informationSource", "source",
    "requester",
)  # fmt: skip
_KIND_KEYS = ("type", "code", "medicationCodeableConcept", "vaccineCode", "category")
_TYPE = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]+)?$")


@dataclass(frozen=True, slots=True)
class Author:
    """One author of a source: resource type, reference and display, each empty when unknown."""

    type: str
    reference: str
    display: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Facts of one source; texts are foreign and empty when the source does not say.

    `kind` is the resource type with its type or code text (`DocumentReference: Progress note`);
    `date` the best clinical date as written; `version` is `meta.versionId`. A source marked
    `patient_written` or `agent_written` cannot alone ground a high tier; several authors mark it
    when any one of them is a patient, related person or device.
    """

    kind: str
    date: str
    authors: tuple[Author, ...]
    status: str
    doc_status: str
    version: str
    ai_label: bool
    patient_written: bool
    agent_written: bool


def source_facts(resource: JsonObject) -> SourceFacts:
    """Read the facts of `resource`; missing or malformed elements give empty texts."""
    authors = tuple(_authors(resource))
    types = {author.type for author in authors}
    labelled = _is_labelled(resource)
    meta = resource.get("meta")
    return SourceFacts(
        kind=_kind(resource),
        date=_date(resource),
        authors=authors,
        status=string(resource.get("status")) or _concept(resource.get("clinicalStatus")),
        doc_status=string(resource.get("docStatus")),
        version=string(meta.get("versionId")) if isinstance(meta, dict) else "",
        ai_label=labelled,
        patient_written=bool(types & {"Patient", "RelatedPerson"}),
        agent_written=labelled or "Device" in types,
    )


def _kind(resource: JsonObject) -> str:
    name = string(resource.get("resourceType"))
    texts = (_concept(resource.get(key)) for key in _KIND_KEYS)
    text = next((found for found in texts if found), "")
    return f"{name}: {text}" if text else name


def _concept(value: Json) -> str:
    for concept in objects(value):
        codings = objects(concept.get("coding"))
        texts = [string(concept.get("text"))]
        texts += [string(coding.get("display")) for coding in codings]
        texts += [string(coding.get("code")) for coding in codings]
        found = next((text for text in texts if text), "")
        if found:
            return found
    return ""


def _date(resource: JsonObject) -> str:
    context, meta = resource.get("context"), resource.get("meta")
    candidates = [resource.get(key) for key in _DATE_KEYS]
    if isinstance(context, dict):
        candidates.append(context.get("period"))
    if isinstance(meta, dict):
        candidates.append(meta.get("lastUpdated"))
    return next((date for date in map(_moment, candidates) if date), "")


def _moment(value: Json) -> str:
    if isinstance(value, dict):
        return string(value.get("end")) or string(value.get("start"))
    return string(value)


def _authors(resource: JsonObject) -> Iterator[Author]:
    local = contained(resource)
    seen: set[Author] = set()
    for key in _AUTHOR_KEYS:
        for item in objects(resource.get(key)):
            actor = item.get("actor")
            author = _author(actor if isinstance(actor, dict) else item, local)
            if author and author not in seen:
                seen.add(author)
                yield author


def _author(item: JsonObject, local: dict[str, str]) -> Author | None:
    reference, display = string(item.get("reference")), string(item.get("display"))
    identifiers = objects(item.get("identifier"))
    if not reference and not display and not identifiers:
        return None
    if not display and not reference:
        display = string(identifiers[0].get("value"))
    found = _TYPE.search(reference)
    kind = local.get(reference) or (found.group(1) if found else string(item.get("type")))
    return Author(kind, reference, display)


def _is_labelled(resource: JsonObject) -> bool:
    meta = resource.get("meta")
    labels = objects(meta.get("security")) if isinstance(meta, dict) else []
    for label in objects(resource.get("securityLabel")):
        labels.extend(objects(label.get("coding")))
    # The code alone decides: a label under a mistyped system still says that AI was involved.
    return any(label.get("code") == AI_LABEL for label in labels)
