"""To whom a message goes: it cannot be called back, so its recipients are proved and shown.

Recipients are the proposal's patient, a RelatedPerson of that patient whom the chart knows, or
somebody professional. Anybody else, a group that hides its members, and nobody are refused.
Source: design §7 (messages to patients cannot be undone at all), ADR 0018.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.beside import say
from core.canonical import JsonObject
from core.errors import BadInput
from core.grounding import belongs_to
from core.grounding.references import objects, string
from core.ports import Ehr, Fetched

TYPES = frozenset({"Communication", "CommunicationRequest"})
_PROFESSIONAL = frozenset(
    {"Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Device"}
)
_PLAIN = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class NotTheirs(Exception):
    """A recipient of a message is nobody that this patient's messages may go to."""

    field: str
    """Which one, such as `recipient[0]`."""
    problem: str
    remedy: str


async def message(ehr: Ehr, patient: str, resource: JsonObject) -> JsonObject | None:
    """Return to whom, how and what a message says, or None for any other type.

    Members: `to[] {kind, reference, version, says, addresses}`, `by[]`, `text[]`. Raises NotTheirs,
    or Unreachable and Refused where a recipient cannot be read.
    """
    if resource["resourceType"] not in TYPES:
        return None
    recipients = objects(resource.get("recipient"))
    if not recipients:
        raise NotTheirs("recipient", "is missing", "Name to whom the message goes")
    to = [await _to(ehr, patient, place, item) for place, item in enumerate(recipients)]
    return {"to": to, **words(resource)}


def words(resource: JsonObject) -> JsonObject:
    """Return by which medium a message goes and what it says."""
    return {
        "by": [say.concept(one) for one in objects(resource.get("medium"))],
        "text": list(_texts(resource)),
    }


async def proved(ehr: Ehr, patient: str, resource: JsonObject, field: str) -> JsonObject | None:
    """Return what `message` returns, at intake: a wrong recipient is BadInput naming the field."""
    try:
        return await message(ehr, patient, resource)
    except NotTheirs as error:
        raise BadInput(error.problem, field=f"{field}.{error.field}", remedy=error.remedy) from None


async def _to(ehr: Ehr, patient: str, place: int, item: JsonObject) -> JsonObject:
    field = f"recipient[{place}]"
    reference = string(item.get("reference"))
    found = _PLAIN.fullmatch(reference)
    kind = "" if found is None else found.group(1)
    if kind in _PROFESSIONAL:
        return {
            "kind": kind, "reference": reference, "version": None,
            "says": say.cut(string(item.get("display"))), "addresses": [],
        }  # fmt: skip
    if kind not in ("Patient", "RelatedPerson") or (kind == "Patient" and reference != patient):
        raise NotTheirs(
            field,
            "is not the proposal's patient, nor a related person of that patient",
            "Refer to the patient as Patient/id, or to a RelatedPerson of the patient",
        )
    read = await ehr.read(reference)
    if read is None or not _is_theirs(read, patient, ehr.base_url):
        # The same words for what is not there and what is another's: it tells nothing of a chart.
        raise NotTheirs(
            field,
            "is not the proposal's patient, nor a related person of that patient",
            "Refer to the patient as Patient/id, or to a RelatedPerson of the patient",
        )
    return {
        "kind": kind,
        "reference": read.reference,
        "version": read.version,
        "says": _name(read.resource),
        "addresses": list(_addresses(read.resource)),
    }


def _is_theirs(read: Fetched, patient: str, base: str) -> bool:
    is_ended = read.resource.get("active") is False and read.reference != patient
    return not read.redacted and not is_ended and belongs_to(read.resource, patient, base=base)


def _name(resource: JsonObject) -> str:
    names = [one for one in objects(resource.get("name")) if one.get("use") != "old"]
    names.sort(key=lambda one: one.get("use") != "official")
    found = ""
    for one in names[:1]:
        parts = [*(one.get("given") or []), one.get("family")]
        whole = " ".join(string(part) for part in parts if string(part))
        found = string(one.get("text")) or whole
    relations = ", ".join(filter(None, map(say.concept, objects(resource.get("relationship")))))
    return say.cut(f"{found} ({relations})" if relations else found)


def _addresses(resource: JsonObject) -> Iterator[str]:
    """Yield how the chart says that they are reached; not what ended."""
    for one in objects(resource.get("telecom")):
        if string(one.get("use")) != "old" and string(one.get("value")):
            words = (one.get("use"), one.get("system"), one.get("value"))
            yield say.cut(" ".join(string(word) for word in words if string(word)))


def _texts(resource: JsonObject) -> Iterator[str]:
    for item in objects(resource.get("payload")):
        if string(item.get("contentString")):
            yield string(item.get("contentString"))
        for one in objects(item.get("contentReference")):
            yield f"refers to {string(one.get('reference'))}"
        for one in objects(item.get("contentAttachment")):
            yield f"attaches {string(one.get('title')) or string(one.get('contentType'))}"
